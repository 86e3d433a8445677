"""The numbers behind the plots of a run: what is drawn where, and in which words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minas.analysis.comparison import Source
from minas.analysis.confirmation import Interval, repeats, summarise
from minas.analysis.front import USEFUL, Front
from minas.analysis.hypervolume import counts, curve
from minas.analysis.pick import word
from minas.analysis.quantities import show
from minas.objectives import Bounds, Objective, ObjectiveSet
from minas.trial import Trial

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One objective as an axis, in the measure's unit (a maximised score x as 1 - x).

    Attributes:
        measure: name of the measure.
        label: name and unit.
        log: drawn on a logarithmic axis.
        limits: the lowest and the highest value that is drawn; both positive on a logarithmic axis.
    """

    measure: str
    label: str
    log: bool
    limits: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A network that is drawn by itself.

    Attributes:
        name: what may be written beside it.
        named: whether it is written.
        values: shape (axes,), on the validation samples; NaN where unavailable.
        test: one for each axis, on the test samples; None where it was not confirmed.
    """

    name: str
    named: bool
    values: Array
    test: tuple[Interval | None, ...]


@dataclass(frozen=True, kw_only=True)
class FrontPicture:
    """A front with what it is to be compared with.

    Attributes:
        title: run, task, trials and hypervolume.
        axes: one for each objective.
        dominated: shape (trials, axes).
        control: shape (trials, axes); of random architectures, where a control was run.
        members: the front.
        baselines: networks designed by hand.
    """

    title: str
    axes: tuple[Axis, ...]
    dominated: Array
    control: Array
    members: tuple[Mark, ...]
    baselines: tuple[Mark, ...]


@dataclass(frozen=True, kw_only=True)
class HypervolumePicture:
    """Hypervolume over trials.

    Attributes:
        title: run, task, trials and hypervolume.
        search: shape (trials,), after each trial of the search.
        control: shape (trials,), after each random architecture; empty without a control.
        population: after how many trials the initial population, sampled at random, was complete; 0 where not known.
    """

    title: str
    search: Array
    control: Array
    population: int


def title(*, run: str, task: str, trials: int, front: Front) -> str:
    """Return the words over a run's plots."""
    count = f"{trials} {'trial' if trials == 1 else 'trials'}"
    return f"{run}, {task}: {count}, {len(front.members)} on the front, hypervolume {front.hypervolume:.3f}"


def hypervolume_picture(
    search: Sequence[Trial],
    objectives: ObjectiveSet,
    bounds: Mapping[str, Bounds],
    *,
    title: str,
    control: Sequence[Trial] = (),
    population: int = 0,
) -> HypervolumePicture:
    """Work out the hypervolume over the trials of a search and of its control, in the order in which they were told."""
    return HypervolumePicture(
        title=title,
        search=curve(search, objectives, bounds),
        control=curve(control, objectives, bounds),
        population=min(population, len(search)),
    )


def front_picture(
    front: Front,
    search: Iterable[Trial],
    *,
    title: str,
    units: Mapping[str, str] | None = None,
    control: Iterable[Trial] = (),
    baselines: Iterable[Trial] = (),
    confirmation: Iterable[Trial] = (),
) -> FrontPicture:
    """Work out what the plot of a front shows.

    Args:
        front: the front.
        search: the search's trials; those on the front are not drawn twice.
        title: the words over the plot.
        units: measure to unit; measures that it lacks have none.
        control: trials of random architectures.
        baselines: trials of hand-made networks, all repeats.
        confirmation: trials of the confirmation, all repeats.
    """
    objectives = front.objectives.objectives
    tests = summarise([*confirmation, *(baselines := list(baselines))])
    on_front = {member.key for member in front.members}
    rest = [trial for trial in search if counts(trial) and trial.candidate.key not in on_front]
    dominated, random = _table(rest, objectives), _table([t for t in control if counts(t)], objectives)
    members = tuple(
        _mark(" / ".join(member.labels) or member.id, bool(member.labels), [member.trial], objectives, tests)
        for member in front.members
    )
    lines = tuple(_mark(_baseline_name(list_[0]), True, list_, objectives, tests) for list_ in repeats(baselines).values())
    axes = tuple(
        _axis(objective, place, (units or {}).get(objective.measure, ""), front, [dominated, random], [*members, *lines])
        for place, objective in enumerate(objectives)
    )
    return FrontPicture(title=title, axes=axes, dominated=dominated, control=random, members=members, baselines=lines)


def _shown(objective: Objective, value: float | None) -> float:
    if value is None or not math.isfinite(value):
        return math.nan
    return 1.0 - value if objective.maximise else value


def _table(trials: Sequence[Trial], objectives: Sequence[Objective]) -> Array:
    rows = [[_shown(objective, trial.measures.get(objective.measure)) for objective in objectives] for trial in trials]
    return np.array(rows, dtype=np.float64).reshape(-1, len(objectives))


def _mark(
    name: str,
    named: bool,
    trials: Sequence[Trial],
    objectives: Sequence[Objective],
    tests: Mapping[str, Mapping[str, Interval]],
) -> Mark:
    table = _table([trial for trial in trials if counts(trial)], objectives)
    known = [column[np.isfinite(column)] for column in table.T]
    values = np.array([column.mean() if len(column) else math.nan for column in known])
    tested = tests.get(trials[0].candidate.key, {})
    return Mark(name=name, named=named, values=values, test=tuple(_tested(o, tested.get(o.measure)) for o in objectives))


def _tested(objective: Objective, interval: Interval | None) -> Interval | None:
    if interval is None or not objective.maximise:
        return interval
    low, high = (None if end is None else 1.0 - end for end in (interval.high, interval.low))
    return Interval(mean=1.0 - interval.mean, low=low, high=high, seeds=interval.seeds)


def _baseline_name(trial: Trial) -> str:
    return (trial.candidate.baseline or trial.candidate.key.removeprefix("baseline:")).replace("_", " ")


def _axis(objective: Objective, place: int, unit: str, front: Front, tables: Sequence[Array], marks: Sequence[Mark]) -> Axis:
    label = word(objective.measure)
    label = f"1 - {label}" if objective.maximise else label
    marked = [value for mark in marks for value in (mark.values[place], _mean(mark.test[place]))]
    log = objective.scale == "log"
    limits = _log_limits(tables, place, marked) if log else _linear_limits(front, objective, place, tables, marks)
    label = label if unit in ("", "1") else f"{label} ({unit})"
    return Axis(measure=objective.measure, label=label, log=log, limits=limits)


def _mean(interval: Interval | None) -> float:
    return math.nan if interval is None else interval.mean


def _log_limits(tables: Sequence[Array], place: int, marked: Sequence[float]) -> tuple[float, float]:
    """From the lowest positive value to the highest, with a margin, and a decade at least."""
    values = np.concatenate([np.array(marked), *(table[:, place] for table in tables)])
    values = values[np.isfinite(values) & (values > 0.0)]
    if len(values) == 0:
        return 0.1, 1.0
    low, high = float(values.min()), float(values.max())
    margin = max((high / low) ** 0.07 * 1.12, math.sqrt(10.0 * low / high))
    return low / margin, high * margin


def _linear_limits(
    front: Front, objective: Objective, place: int, tables: Sequence[Array], marks: Sequence[Mark]
) -> tuple[float, float]:
    """From 0, or the lowest value, to what shows the named networks, the useful members and three quarters of all trials.

    Trials near chance would otherwise press everything else into the lower edge.
    """
    everything = np.concatenate([np.array([mark.values[place] for mark in marks]), *(table[:, place] for table in tables)])
    everything = everything[np.isfinite(everything)]
    if len(everything) == 0:
        return 0.0, 1.0
    wanted = [v for mark in marks if mark.named for v in (mark.values[place], _mean(mark.test[place])) if math.isfinite(v)]
    bound = front.bounds.get(objective.measure)
    useful = [] if bound is None else everything[everything <= bound.ideal + USEFUL * (bound.reference - bound.ideal)]
    wanted += [float(np.quantile(useful, 0.95))] if len(useful) else [float(np.quantile(everything, 0.75))]
    low, high = min(0.0, float(everything.min())), max(wanted)
    return low, high + 0.12 * (high - low) if high > low else low + 1.0


def outside(picture: FrontPicture) -> int:
    """Return how many trials lie beyond the limits of an axis."""
    table = np.vstack([picture.dominated, picture.control, *(mark.values[None] for mark in picture.members)])
    beyond = [(table[:, place] > axis.limits[1]) for place, axis in enumerate(picture.axes)]
    return int(np.any(beyond, axis=0).sum()) if len(table) else 0


def random_line(source: Source, trials: int) -> str:
    """Return the words for a random line in a legend."""
    return f"{show(trials)} random architectures" if source == "control" else "initial population (random)"
