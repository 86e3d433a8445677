"""How a search compares with random architectures of its space: the line that every search must beat.

The random line is the control where one was run: random architectures with the same training budget. Without a control the
initial population serves: it was sampled at random too, but it is a part of the search, so hypervolumes at equal numbers of
trials can't be compared with it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from minas.analysis.front import Front, Member, action_index, error_index
from minas.analysis.hypervolume import counts, curve
from minas.objectives import ObjectiveSet
from minas.trial import Trial

Source = Literal["control", "initial population"]


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """Hypervolumes, in [0, 1], of search and control after the same number of trials."""

    trials: int
    search: float
    control: float


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A front beside the random line.

    Attributes:
        source: what the random line is.
        random_trials: of how many trials it consists, failed ones included.
        checkpoints: hypervolumes at a quarter, a half and all of the trials that both have; empty without a control.
        dominated: share of the random trials with all objectives that some member dominates; None where there are none.
        average: the average random architecture: measure to the median over the random trials that have it.
        member: the member with the least action among those with no more error than the average, or None.
        ratios: measure to how many times less the member has than the average, the measures of the objectives other than
            the error; none for a measure that the member has at 0.
    """

    source: Source
    random_trials: int
    checkpoints: tuple[Checkpoint, ...]
    dominated: float | None
    average: Mapping[str, float]
    member: Member | None
    ratios: Mapping[str, float]


def initial_population(search: Iterable[Trial], population: int) -> list[Trial]:
    """Return the search's trials that were sampled at random at its start: no parents, number below the population."""
    return [trial for trial in search if not trial.candidate.parents and trial.number < population]


def compare(front: Front, search: Sequence[Trial], control: Sequence[Trial], *, population: int) -> Comparison:
    """Compare a front with random architectures.

    Args:
        front: the front of the search.
        search: the search's trials, in the order in which they were told.
        control: the control's trials, in the order in which they were asked for; empty where none was run.
        population: size of the initial population.
    """
    random = list(control) or initial_population(search, population)
    average = averages(random)
    member = _no_worse(front, average)
    return Comparison(
        source="control" if control else "initial population",
        random_trials=len(random),
        checkpoints=_checkpoints(front, search, control),
        dominated=share_dominated(front, random),
        average=average,
        member=member,
        ratios={} if member is None else _ratios(front.objectives, average, member),
    )


def averages(trials: Iterable[Trial]) -> dict[str, float]:
    """Return measure to its median over the trials that are complete and have it."""
    columns: dict[str, list[float]] = {}
    for trial in trials:
        for name, value in trial.measures.items() if counts(trial) else ():
            if value is not None and math.isfinite(value):
                columns.setdefault(name, []).append(value)
    return {name: float(np.median(column)) for name, column in columns.items()}


def share_dominated(front: Front, trials: Iterable[Trial]) -> float | None:
    """Return the share of the trials with all objectives that some member dominates, or None where there are none."""
    rows = [row for trial in trials if counts(trial) and (row := front.objectives.values(trial.measures)) is not None]
    if not rows:
        return None
    members = np.array([member.values for member in front.members]).reshape(-1, len(rows[0]))
    return float(np.mean([((members <= row).all(axis=1) & (members < row).any(axis=1)).any() for row in rows]))


def _checkpoints(front: Front, search: Sequence[Trial], control: Sequence[Trial]) -> tuple[Checkpoint, ...]:
    equal = min(len(search), len(control))
    if equal == 0:
        return ()
    ours = curve(search[:equal], front.objectives, front.bounds)
    theirs = curve(control[:equal], front.objectives, front.bounds)
    places = sorted({max(1, equal // 4), max(1, equal // 2), equal})
    return tuple(Checkpoint(trials=n, search=float(ours[n - 1]), control=float(theirs[n - 1])) for n in places)


def _no_worse(front: Front, average: Mapping[str, float]) -> Member | None:
    error = front.objectives.objectives[error_index(front.objectives)]
    if error.measure not in average:
        return None
    limit = error.value(average[error.measure])
    within = [member for member in front.members if member.values[error_index(front.objectives)] <= limit]
    return min(within, key=lambda member: (member.values[action_index(front.objectives)], member.values), default=None)


def _ratios(objectives: ObjectiveSet, average: Mapping[str, float], member: Member) -> dict[str, float]:
    out = {}
    for place, objective in enumerate(objectives.objectives):
        own = member.trial.measures.get(objective.measure)
        if place != error_index(objectives) and not objective.maximise and own and objective.measure in average:
            out[objective.measure] = average[objective.measure] / own
    return out
