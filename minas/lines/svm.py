"""A support vector machine on the pixels: the line of small images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minas.lines import Line, scikit_learn

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from minas.data.task import Task
    from minas.lines import Predict

PENALTIES = (1.0, 10.0, 100.0)
"""What a sample on the wrong side may cost; the validation samples decide which, the smallest of equals."""


def _fit(task: Task) -> Predict:
    svm = scikit_learn("svm")
    train, validation = (part.inputs.reshape(len(part), -1) for part in (task.train, task.validation))
    machines = [svm.SVC(C=penalty, kernel="rbf", gamma="scale").fit(train, task.train.targets) for penalty in PENALTIES]
    best = max(machines, key=lambda machine: float(machine.score(validation, task.validation.targets)))

    def predict(inputs: NDArray[Any]) -> NDArray[np.int64]:
        answers: NDArray[np.int64] = best.predict(inputs.reshape(len(inputs), -1))
        return answers

    return predict


LINE = Line(
    name="SVM",
    domain="vision",
    source="Cortes and Vapnik 1995: support vector machine, radial kernel on the pixels, its penalty chosen on validation",
    fit=_fit,
)
