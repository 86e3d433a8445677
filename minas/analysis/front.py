"""The front of a run: its non-dominated trials, three of them by name, and the plan of which to confirm.

Labels. A member is useful when its error is at most half-way from the ideal to the reference bound; where no member is, when
it is at most half-way from the lowest error found to the reference (where that error is no lower than the reference, all are).
So what guesses, at next to no action, is not the frugal one. Among the useful members:

- accurate: the lowest error;
- frugal: the lowest action;
- knee: the nearest to the ideal point, by Euclidean distance, after each objective is scaled by the range that the useful
  members span (on the objective's own scale; what is better than the ideal bound counts as lying on it). The bounds reach
  far beyond a front, so a knee scaled by them would sit at whichever end has the longer tail.

"Error" is the objective that measures `error`, else the first; "action" the one that measures `action`, else the second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from minas.analysis.hypervolume import counts, of_points
from minas.objectives import Bounds, ObjectiveSet
from minas.trial import Trial

Label = Literal["knee", "accurate", "frugal"]
LABELS: tuple[Label, ...] = ("knee", "accurate", "frugal")
USEFUL = 0.5
"""The greatest normalised error of a member that may be labelled."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """One non-dominated trial.

    Attributes:
        trial: the trial.
        values: its objectives, each on its scale, as `ObjectiveSet.values` gives them.
        contribution: the hypervolume that the front would lose without it, in [0, 1].
        labels: those of knee, accurate and frugal that it bears.
    """

    trial: Trial
    values: tuple[float, ...]
    contribution: float
    labels: tuple[Label, ...] = ()

    @property
    def id(self) -> str:
        """The short name of its architecture."""
        return self.trial.id

    @property
    def key(self) -> str:
        """The canonical key of its architecture."""
        return self.trial.candidate.key


@dataclass(frozen=True, kw_only=True)
class Front:
    """The non-dominated trials of a run, from the lowest error to the highest.

    Attributes:
        objectives: what was minimised.
        bounds: measure to bounds, fixed before the search.
        members: the non-dominated trials; equal points are all there.
        hypervolume: in [0, 1], between the bounds.
    """

    objectives: ObjectiveSet
    bounds: Mapping[str, Bounds]
    members: tuple[Member, ...]
    hypervolume: float

    def labelled(self, label: Label) -> Member | None:
        """Return the member that bears a label, or None when the front is empty."""
        return next((member for member in self.members if label in member.labels), None)


def error_index(objectives: ObjectiveSet) -> int:
    """Return the place of the objective by which members are accurate: `error`, else the first."""
    return objectives.measures.index("error") if "error" in objectives.measures else 0


def action_index(objectives: ObjectiveSet) -> int:
    """Return the place of the objective by which members are frugal: `action`, else the second, else the only one."""
    if "action" in objectives.measures:
        return objectives.measures.index("action")
    return min(1, len(objectives.measures) - 1)


def non_dominated(values: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the places of the rows that no other row dominates, ascending; of equal rows all stay.

    Args:
        values: shape (points, objectives), finite, minimised. A row dominates another when it is nowhere greater and
            somewhere smaller.
    """
    from pymoo.util.nds.non_dominated_sorting import NonDominatedSorting

    if len(values) == 0:
        return np.array([], dtype=np.intp)
    return np.sort(NonDominatedSorting().do(values, only_non_dominated_front=True)).astype(np.intp)


def contributions(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the hypervolume that a set of normalised points, shape (points, objectives), loses without each one."""
    whole = of_points(points)
    rest = [of_points(np.delete(points, place, axis=0)) for place in range(len(points))]
    return np.maximum(whole - np.array(rest, dtype=np.float64), 0.0)


def front_of(trials: Iterable[Trial], objectives: ObjectiveSet, bounds: Mapping[str, Bounds]) -> Front:
    """Return the front of those trials that are complete, in time, and have every objective.

    Args:
        trials: trials of any role; only what may enter the front should be given.
        objectives: what was minimised.
        bounds: measure to bounds, in the measure's units.
    """
    known = [
        (trial, values) for trial in trials if counts(trial) and (values := objectives.values(trial.measures)) is not None
    ]
    if not known:
        return Front(objectives=objectives, bounds=bounds, members=(), hypervolume=0.0)
    values = np.array([row for _, row in known])
    places = non_dominated(values)
    error = error_index(objectives)
    order = sorted(
        places, key=lambda place: (values[place, error], *values[place], known[place][0].number, known[place][0].id)
    )
    points = objectives.normalise(values[order], bounds)
    labels = _labels(points, error=error, action=action_index(objectives))
    members = tuple(
        Member(
            trial=known[place][0],
            values=tuple(float(value) for value in values[place]),
            contribution=float(share),
            labels=tuple(label for label in LABELS if labels[label] == rank),
        )
        for rank, (place, share) in enumerate(zip(order, contributions(points), strict=True))
    )
    return Front(objectives=objectives, bounds=bounds, members=members, hypervolume=of_points(points))


def _labels(points: NDArray[np.float64], *, error: int, action: int) -> dict[Label, int]:
    """Return label to row of normalised points; ties go to the lower error, then to the earlier row."""
    best = float(points[:, error].min())
    most = USEFUL if best <= USEFUL else best + USEFUL * (1.0 - best)
    useful = np.flatnonzero(points[:, error] <= most) if best < 1.0 else np.arange(len(points))
    clipped = np.maximum(points, 0.0)
    low, high = clipped[useful].min(axis=0), clipped[useful].max(axis=0)
    distance = np.linalg.norm((clipped - low) / np.where(high > low, high - low, 1.0), axis=1)

    def least(value: Callable[[int], float]) -> int:
        return min((int(row) for row in useful), key=lambda row: (value(row), points[row, error], row))

    return {
        "knee": least(lambda row: float(distance[row])),
        "accurate": least(lambda row: float(points[row, error])),
        "frugal": least(lambda row: float(points[row, action])),
    }


def plan_confirmation(front: Front, most: int = 6) -> tuple[Member, ...]:
    """Return the members to retrain and test: knee, accurate, frugal, then by their contribution to the hypervolume.

    Ties go to the trial that was asked for first. Of one architecture there is one member.

    Args:
        front: the front, as the validation samples gave it.
        most: at most so many members.
    """
    named = [member for label in LABELS if (member := front.labelled(label)) is not None]
    rest = sorted(front.members, key=lambda member: (-member.contribution, member.trial.number, member.key))
    return tuple(_first_of_each([*named, *rest])[:most])


def _first_of_each(members: Sequence[Member]) -> list[Member]:
    first: dict[str, Member] = {}
    for member in members:
        first.setdefault(member.key, member)
    return list(first.values())
