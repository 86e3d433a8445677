"""Logistic regression on features, its penalty chosen on the validation samples: what several lines end in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from minas.lines import scikit_learn

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WEIGHTS = tuple(10.0**power for power in range(-5, 3))
"""Inverses of the penalty on the weights; of equals the smallest, which is the strongest penalty, is taken."""


def fitted(
    train: NDArray[Any],
    targets: NDArray[np.int64],
    validation: NDArray[Any],
    wanted: NDArray[np.int64],
    *,
    weights: Sequence[float] = WEIGHTS,
    standardised: bool = True,
) -> Any:
    """Return a fitted scikit-learn pipeline that ends in logistic regression.

    Args:
        train: features, (samples, features).
        targets: right classes, (samples,).
        validation: likewise, of the samples that choose the penalty.
        wanted: likewise.
        weights: inverses of the penalty, ascending.
        standardised: bring every feature to a mean of 0 and a deviation of 1 over the training samples first.
    """
    scaler, regression = scikit_learn("preprocessing").StandardScaler, scikit_learn("linear_model").LogisticRegression
    join = scikit_learn("pipeline").make_pipeline
    before = [scaler()] if standardised else []
    machines = [join(*before, regression(C=weight, max_iter=2000)).fit(train, targets) for weight in weights]
    return max(machines, key=lambda machine: float(machine.score(validation, wanted)))
