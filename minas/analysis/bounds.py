"""Bounds of the hypervolume for data that no objective set knows, worked out before the search and stored with the run."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from minas.objectives import Bounds

CHANCE_AUC = 0.5
"""Area under the ROC curve of scores that know nothing."""
ACTION_BELOW = 10.0
"""How far below the least action at initialisation the ideal bound lies: training with the action in the loss lowers it."""
ACTION_ABOVE = 2.0
"""How far above the greatest action at initialisation the reference lies: training without it in the loss may raise it."""


def worked_out_bounds(
    majority_error: float, flops_limits: tuple[float, float], random_actions: Sequence[float]
) -> dict[str, Bounds]:
    """Return bounds for the measures error, action and flops of a task.

    Args:
        majority_error: error, in [0, 1], of always answering with the most frequent class: the reference of the error,
            whose ideal is 0.
        flops_limits: the least and the greatest FLOPs that the search space can give, for one sample.
        random_actions: the actions of seeded random architectures at initialisation (32 in a search). What is not finite
            or not positive is left out.

    Returns:
        Measure to bounds, in the measure's units.

    Raises:
        ValueError: a bound would be empty: one class only, limits that do not ascend, or no finite action.
    """
    actions = [action for action in random_actions if math.isfinite(action) and action > 0.0]
    if not 0.0 < majority_error <= 1.0:
        raise ValueError(f"the majority class's error must lie in (0, 1], not at {majority_error}: are there two classes?")
    if not actions:
        raise ValueError("none of the random architectures has a finite, positive action")
    least, most = max(1.0, flops_limits[0]), flops_limits[1]
    if not least < most:
        raise ValueError(f"the limits of FLOPs must ascend, not {flops_limits[0]} to {flops_limits[1]}")
    return {
        "error": Bounds(ideal=0.0, reference=majority_error),
        "action": Bounds(ideal=min(actions) / ACTION_BELOW, reference=max(actions) * ACTION_ABOVE),
        "flops": Bounds(ideal=least, reference=most),
    }


def score_bounds(majority_error: float, classes: int) -> dict[str, Bounds]:
    """Return bounds for 1 - x of the scores x whose value is known for answering always with the most frequent class.

    Args:
        majority_error: error, in [0, 1], of that answer.
        classes: how many classes the task has.

    Returns:
        Measure to bounds: the ideal is 0, the reference what that answer gives.
    """
    right = 1.0 - majority_error
    answered = {
        "balanced_accuracy": 1.0 / classes,
        "kappa": 0.0,
        "macro_f1": 2.0 * right / (1.0 + right) / classes,
        "roc_auc": CHANCE_AUC,
    }
    return {name: Bounds(ideal=0.0, reference=1.0 - value) for name, value in answered.items()}


def table_bounds(values: NDArray[np.float64]) -> list[Bounds]:
    """Return bounds for the objectives of a table of architectures, all of whose figures are known.

    Half of the table decides what is of use: the reference of the first objective, the error, is its median, and the ideal of
    each objective is the least among the architectures with no more error than that. The reference of every other objective is
    the greatest on the table's true front.

    Args:
        values: shape (architectures, objectives), minimised. Rows with NaN are left out.

    Returns:
        Bounds in the objectives' units, in their order. Where such bounds would be empty the reference is the table's greatest
        value.

    Raises:
        ValueError: no row is complete, or an objective is the same in every row; the text names its place, from 0.
    """
    import moocore

    known = values[np.isfinite(values).all(axis=1)]
    if len(known) == 0:
        raise ValueError("no row has all of the objectives")
    front = known[moocore.is_nondominated(known, keep_weakly=True)]
    median = float(np.median(known[:, 0]))
    ideal = known[known[:, 0] <= median].min(axis=0)
    reference = np.array([median, *front[:, 1:].max(axis=0)])
    reference = np.where(reference > ideal, reference, known.max(axis=0))
    for place in np.flatnonzero(reference <= ideal):
        raise ValueError(f"the objective {place} is {ideal[place]:g} wherever it is of use, so there is nothing to minimise")
    return [Bounds(ideal=float(low), reference=float(high)) for low, high in zip(ideal, reference, strict=True)]
