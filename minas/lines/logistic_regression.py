"""Logistic regression on the values of a signal: the plainest line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minas.lines import Line

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from minas.data.task import Task
    from minas.lines import Predict


def _fit(task: Task) -> Predict:
    from minas.lines._logistic import fitted

    train, validation = (part.inputs.reshape(len(part), -1) for part in (task.train, task.validation))
    machine = fitted(train, task.train.targets, validation, task.validation.targets)

    def predict(inputs: NDArray[Any]) -> NDArray[np.int64]:
        answers: NDArray[np.int64] = machine.predict(inputs.reshape(len(inputs), -1))
        return answers

    return predict


LINE = Line(
    name="logistic regression",
    domain="physiological",
    source="logistic regression on every value of a signal, its penalty chosen on validation",
    fit=_fit,
)
