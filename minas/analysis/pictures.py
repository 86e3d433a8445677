"""The numbers behind the plots of a run: what is drawn where, and in which words."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minas.analysis.comparison import Source, averages, initial_population
from minas.analysis.confirmation import Interval, repeats, summarise
from minas.analysis.front import Front, error_index
from minas.analysis.hypervolume import counts, curve
from minas.analysis.limits import linear_limits, log_limits, reaching
from minas.analysis.lines import Judged
from minas.analysis.pick import word
from minas.analysis.quantities import show
from minas.objectives import Bounds, Objective, ObjectiveSet
from minas.trial import Trial

Array = NDArray[np.float64]
WITHOUT_ACTION = " without action"
"""How the name of a baseline ends that is the one of the name before it, trained by cross-entropy alone."""


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
class Rung:
    """A method without a network, which has an error and nothing else that a front has.

    Attributes:
        name: of the line.
        value: on the test samples, as the axis of the error says it.
        low: lower end of its 95% interval over samples.
        high: upper end.
    """

    name: str
    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class FrontPicture:
    """A front with what it is to be compared with.

    Attributes:
        title: run, task, trials and hypervolume.
        axes: one for each objective.
        dominated: shape (trials, axes).
        control: shape (trials, axes); of random architectures: the control, or else the initial population.
        members: the front.
        baselines: networks designed by hand.
        random: what the random architectures are.
        average: the average random architecture, shape (axes,): medians, NaN where unavailable; None without any.
        lines: what the field's methods without a network reach, from the least error on.
        error: place of the axis of the error.
    """

    title: str
    axes: tuple[Axis, ...]
    dominated: Array
    control: Array
    members: tuple[Mark, ...]
    baselines: tuple[Mark, ...]
    random: Source = "control"
    average: Array | None = None
    lines: tuple[Rung, ...] = ()
    error: int = 0


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
    lines: Iterable[Judged] = (),
    population: int = 0,
) -> FrontPicture:
    """Work out what the plot of a front shows.

    Args:
        front: the front.
        search: the search's trials; those on the front are not drawn twice, nor those of the random line.
        title: the words over the plot.
        units: measure to unit; measures that it lacks have none.
        control: trials of random architectures; without any the initial population is the random line.
        baselines: trials of hand-made networks, all repeats.
        confirmation: trials of the confirmation, all repeats.
        lines: what the field's methods without a network reach.
        population: size of the initial population.
    """
    objectives = front.objectives.objectives
    tests = summarise([*confirmation, *(baselines := list(baselines))])
    on_front = {member.key for member in front.members}
    search, control = list(search), list(control)
    drawn_at_random = control or initial_population(search, population)
    beside = {id(trial) for trial in drawn_at_random}
    rest = [t for t in search if counts(t) and t.candidate.key not in on_front and id(t) not in beside]
    shown = [t for t in drawn_at_random if counts(t) and (control or t.candidate.key not in on_front)]
    dominated, random = _table(rest, objectives), _table(shown, objectives)
    members = tuple(
        _mark(" / ".join(member.labels) or member.id, bool(member.labels), [member.trial], objectives, tests)
        for member in front.members
    )
    grouped = {_baseline_name(list_[0]): list_ for list_ in repeats(baselines).values()}
    hand = tuple(_mark(name, _has_a_name(name, grouped), list_, objectives, tests) for name, list_ in grouped.items())
    axes = tuple(
        _axis(objective, place, (units or {}).get(objective.measure, ""), front, [dominated, random], [*members, *hand])
        for place, objective in enumerate(objectives)
    )
    error, middle = error_index(front.objectives), averages(drawn_at_random)
    average = np.array([_shown(objective, middle.get(objective.measure)) for objective in objectives]) if middle else None
    rungs = _rungs(lines, objectives[error])
    near = [rung.value for rung in rungs] + ([] if average is None else [float(average[error])])
    return FrontPicture(
        title=title,
        axes=tuple(_reaching(axis, near) if place == error else axis for place, axis in enumerate(axes)),
        dominated=dominated,
        control=random,
        members=members,
        baselines=hand,
        random="control" if control else "initial population",
        average=average,
        lines=rungs,
        error=error,
    )


def _rungs(lines: Iterable[Judged], objective: Objective) -> tuple[Rung, ...]:
    """Return the lines that have the measure of an objective, from the least value on."""
    rungs = []
    for line in lines:
        if (found := line.test.get(objective.measure)) is not None:
            low, high = sorted((_shown(objective, found.low), _shown(objective, found.high)))
            rungs.append(Rung(name=line.name, value=_shown(objective, found.mean), low=low, high=high))
    return tuple(sorted(rungs, key=lambda rung: (rung.value, rung.name)))


def _reaching(axis: Axis, values: Sequence[float]) -> Axis:
    return axis if axis.log else dataclasses.replace(axis, limits=reaching(axis.limits, values))


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


def _has_a_name(name: str, all_: Collection[str]) -> bool:
    """Tell whether a baseline's name is written: not where the same network with the action in its loss bears it."""
    return not name.endswith(WITHOUT_ACTION) or name.removesuffix(WITHOUT_ACTION) not in all_


def _axis(objective: Objective, place: int, unit: str, front: Front, tables: Sequence[Array], marks: Sequence[Mark]) -> Axis:
    label = word(objective.measure)
    label = f"1 - {label}" if objective.maximise else label
    marked = [value for mark in marks for value in (mark.values[place], _mean(mark.test[place]))]
    log = objective.scale == "log"
    named = [value for mark in marks if mark.named for value in (mark.values[place], _mean(mark.test[place]))]
    columns = [np.array([mark.values[place] for mark in marks]), *(table[:, place] for table in tables)]
    limits = (
        log_limits([*columns, np.array(marked)]) if log else linear_limits(columns, named, front.bounds.get(objective.measure))
    )
    label = label if unit in ("", "1") else f"{label} ({unit})"
    return Axis(measure=objective.measure, label=label, log=log, limits=limits)


def _mean(interval: Interval | None) -> float:
    return math.nan if interval is None else interval.mean


def outside(picture: FrontPicture) -> int:
    """Return how many trials lie beyond the limits of an axis."""
    table = np.vstack([picture.dominated, picture.control, *(mark.values[None] for mark in picture.members)])
    beyond = [(table[:, place] > axis.limits[1]) for place, axis in enumerate(picture.axes)]
    return int(np.any(beyond, axis=0).sum()) if len(table) else 0


def random_line(source: Source, trials: int) -> str:
    """Return the words for a random line in a legend."""
    return f"{show(trials)} random architectures" if source == "control" else "initial population (random)"
