"""A linear readout of binned events: what neither depth nor neurons are needed for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minas.lines import Line

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from minas.data.task import Task
    from minas.lines import Predict

WEIGHTS = (1e-3, 1e-2, 1e-1)
"""Inverses of the penalty on the weights, from which the validation samples choose."""


def _fit(task: Task) -> Predict:
    from minas.lines._logistic import fitted

    train, validation = (part.inputs.reshape(len(part), -1) for part in (task.train, task.validation))
    machine = fitted(train, task.train.targets, validation, task.validation.targets, weights=WEIGHTS, standardised=False)

    def predict(inputs: NDArray[Any]) -> NDArray[np.int64]:
        answers: NDArray[np.int64] = machine.predict(inputs.reshape(len(inputs), -1))
        return answers

    return predict


LINE = Line(
    name="linear readout",
    domain="neuromorphic",
    source="logistic regression on every bin of every pixel and polarity, its penalty chosen on validation",
    fit=_fit,
)
