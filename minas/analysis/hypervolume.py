"""Hypervolume between fixed bounds: the share of the objective space that a set of points dominates.

Each objective is scaled, on its own scale (linear, or log to base 10), so that its ideal bound is 0 and its reference bound
is 1; the reference point is all ones. A point that does not beat the reference in every objective counts nothing. A point
better than an ideal bound counts as if it lay on that bound, so the hypervolume stays within [0, 1].
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from minas.objectives import Bounds, ObjectiveSet
from minas.trial import Status, Trial

Points = NDArray[np.float64]


def counts(trial: Trial) -> bool:
    """Return whether a trial may enter a front: complete, and within the search's share of the clock."""
    return trial.status is Status.COMPLETE and not trial.late


def of_points(points: Points) -> float:
    """Return the hypervolume of normalised points.

    Args:
        points: shape (points, objectives); 0 is ideal, 1 is the reference. Rows with NaN count nothing.

    Returns:
        The dominated share of the unit cube, in [0, 1].
    """
    from pymoo.indicators.hv import HV

    inside = np.clip(points[(points < 1.0).all(axis=1)], 0.0, None)
    if len(inside) == 0:
        return 0.0
    return float(min(HV(ref_point=np.ones(points.shape[1])).do(inside), 1.0))


def of_values(values: Points, objectives: ObjectiveSet, bounds: Mapping[str, Bounds]) -> float:
    """Return the hypervolume, in [0, 1], of rows that `ObjectiveSet.values` gave, shape (points, objectives)."""
    return of_points(objectives.normalise(values, bounds)) if len(values) else 0.0


def of_trials(trials: Iterable[Trial], objectives: ObjectiveSet, bounds: Mapping[str, Bounds]) -> float:
    """Return the hypervolume, in [0, 1], of those trials that count."""
    curve_ = curve(trials, objectives, bounds)
    return float(curve_[-1]) if len(curve_) else 0.0


class Archive:
    """The non-dominated points so far, and their hypervolume.

    Args:
        objectives: the objective set.
        bounds: measure to bounds, fixed before the search.
    """

    def __init__(self, objectives: ObjectiveSet, bounds: Mapping[str, Bounds]) -> None:
        self.objectives = objectives
        self.bounds = bounds
        self.hypervolume = 0.0
        self._points: Points = np.empty((0, len(objectives.objectives)))

    def tell(self, trial: Trial) -> float:
        """Take in one trial and return the hypervolume, in [0, 1], of all trials told so far.

        A trial that failed, was late or lacks a measure changes nothing.
        """
        values = self.objectives.values(trial.measures) if counts(trial) else None
        if values is not None:
            self._add(np.clip(self.objectives.normalise(values, self.bounds), 0.0, None))
        return self.hypervolume

    def _add(self, point: Points) -> None:
        if not (point < 1.0).all() or (self._points <= point).all(axis=1).any():
            return
        self._points = np.vstack([self._points[~(point <= self._points).all(axis=1)], point])
        self.hypervolume = max(self.hypervolume, of_points(self._points))


def curve(trials: Iterable[Trial], objectives: ObjectiveSet, bounds: Mapping[str, Bounds]) -> Points:
    """Return the hypervolume after each trial, shape (trials,), in [0, 1]; trials in the order in which they were told."""
    archive = Archive(objectives, bounds)
    return np.array([archive.tell(trial) for trial in trials], dtype=np.float64)
