"""What several seeds say: means with intervals, the chance of being on the front, and paired differences.

Trials of a confirmation are told apart by their canonical key. Repeats are matched by seed where networks share seeds, else
by their order.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from minas.analysis.front import non_dominated
from minas.objectives import ObjectiveSet
from minas.trial import Status, Trial

TEST = "test_"
"""What the names of figures on the test samples begin with."""
Measures = Mapping[str, float | None]
Round = dict[str, Trial]


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A mean over seeds with its 95% interval.

    Attributes:
        mean: the arithmetic mean.
        low: lower end by Student's t, or None with one seed.
        high: upper end, or None with one seed.
        seeds: over how many seeds.
    """

    mean: float
    low: float | None
    high: float | None
    seeds: int


@dataclass(frozen=True, kw_only=True)
class Paired:
    """A difference of two networks over the same repeats.

    Attributes:
        difference: the mean of first minus second.
        standard_error: of that mean, or None with one repeat.
        seeds: over how many repeats.
    """

    difference: float
    standard_error: float | None
    seeds: int


def interval(values: Sequence[float], level: float = 0.95) -> Interval:
    """Return the mean and its interval by Student's t, for values that are independent and about normal.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("an interval needs at least one value")
    mean = float(np.mean(values))
    if len(values) == 1:
        return Interval(mean=mean, low=None, high=None, seeds=1)
    from scipy.special import stdtrit

    half = float(stdtrit(len(values) - 1, 0.5 + level / 2)) * float(np.std(values, ddof=1)) / math.sqrt(len(values))
    return Interval(mean=mean, low=mean - half, high=mean + half, seeds=len(values))


def repeats(trials: Iterable[Trial]) -> dict[str, list[Trial]]:
    """Return canonical key to its trials, in the order in which they were asked for."""
    out: dict[str, list[Trial]] = {}
    for trial in sorted(trials, key=lambda trial: trial.number):
        out.setdefault(trial.candidate.key, []).append(trial)
    return out


def rounds(trials: Iterable[Trial]) -> list[Round]:
    """Match the repeats of several networks: one mapping of canonical key to trial for each.

    By the seeds that all networks share; where they share none, the first repeat with the first, and so on, as far as the
    shortest goes. Trials that failed are kept: a network that diverged with a seed has no figures there.
    """
    by_key = repeats(trials)
    if not by_key:
        return []
    seeds = [{trial.candidate.seed: trial for trial in reversed(list_)} for list_ in by_key.values()]
    shared = [trial.candidate.seed for trial in next(iter(by_key.values())) if all(trial.candidate.seed in s for s in seeds)]
    if shared:
        return [dict(zip(by_key, (s[seed] for s in seeds), strict=True)) for seed in dict.fromkeys(shared)]
    shortest = min(len(list_) for list_ in by_key.values())
    return [{key: list_[place] for key, list_ in by_key.items()} for place in range(shortest)]


def validation_measures(trial: Trial) -> dict[str, float | None]:
    """Return a trial's figures on the validation samples, and those that no samples change."""
    return {name: value for name, value in trial.measures.items() if not name.startswith(TEST)}


def tested_measures(trial: Trial) -> dict[str, float | None]:
    """Return a trial's figures on the test samples, by the measures' plain names; empty where it has none.

    Figures that do not depend on samples, such as FLOPs, stand in a trial once, without the prefix; they are given too.
    """
    tested = {name.removeprefix(TEST): value for name, value in trial.measures.items() if name.startswith(TEST)}
    return {**validation_measures(trial), **tested} if tested else {}


def summarise(trials: Iterable[Trial], *, test: bool = True) -> dict[str, dict[str, Interval]]:
    """Return canonical key to measure to its mean and interval over the complete repeats.

    Args:
        trials: the trials of a confirmation; baselines too.
        test: figures on the test samples; else those on the validation samples.
    """
    figures = tested_measures if test else validation_measures
    out: dict[str, dict[str, Interval]] = {}
    for key, list_ in repeats(trials).items():
        rows = [figures(trial) for trial in list_ if trial.status is Status.COMPLETE]
        names = dict.fromkeys(name for row in rows for name in row)
        columns = {name: [v for row in rows if (v := row.get(name)) is not None and math.isfinite(v)] for name in names}
        out[key] = {name: interval(column) for name, column in columns.items() if column}
    return out


def share_on_front(trials: Iterable[Trial], objectives: ObjectiveSet) -> dict[str, float]:
    """Return canonical key to the share of seeds in which it is on the front of the confirmed networks.

    For each seed the front is that of the figures on the test samples. A network without figures for a seed is not on it.
    """
    matched = rounds(trials)
    hits = dict.fromkeys((key for round_ in matched for key in round_), 0)
    for round_ in matched:
        for key in _front_keys(round_, objectives):
            hits[key] += 1
    return {key: hit / len(matched) for key, hit in hits.items()}


def _front_keys(round_: Round, objectives: ObjectiveSet) -> list[str]:
    complete = {key: tested_measures(trial) for key, trial in round_.items() if trial.status is Status.COMPLETE}
    rows = {key: row for key, figures in complete.items() if (row := objectives.values(figures)) is not None}
    if not rows:
        return []
    return [list(rows)[place] for place in non_dominated(np.array(list(rows.values())))]


def paired(first: Iterable[Trial], second: Iterable[Trial], measure: str = "test_error") -> Paired:
    """Return the difference, first minus second, of one measure over the repeats that both networks completed.

    Args:
        first: the repeats of one network.
        second: the repeats of the other.
        measure: name of the measure as the trials hold it.

    Raises:
        ValueError: the trials are not of two networks, or there is no repeat in which both have the measure.
    """
    first, second = list(first), list(second)
    keys = [{trial.candidate.key for trial in trials} for trials in (first, second)]
    if [len(names) for names in keys] != [1, 1] or keys[0] == keys[1]:
        raise ValueError("a paired comparison needs the repeats of two different networks")
    one, other = keys[0].pop(), keys[1].pop()
    values = [(_complete(round_[one], measure), _complete(round_[other], measure)) for round_ in rounds(first + second)]
    differences = [a - b for a, b in values if a is not None and b is not None]
    if not differences:
        raise ValueError(f"there is no repeat in which both networks have the measure {measure}")
    spread = float(np.std(differences, ddof=1)) / math.sqrt(len(differences)) if len(differences) > 1 else None
    return Paired(difference=float(np.mean(differences)), standard_error=spread, seeds=len(differences))


def _complete(trial: Trial, measure: str) -> float | None:
    value = trial.measures.get(measure) if trial.status is Status.COMPLETE else None
    return value if value is not None and math.isfinite(value) else None


def no_more_error(
    member: Iterable[Trial], baseline: Iterable[Trial], *, margin: float | None = None, measure: str = "test_error"
) -> bool:
    """Return whether a member has no more error than a baseline, paired over seeds.

    Args:
        member: the member's repeats.
        baseline: the baseline's repeats.
        margin: by how much the member's mean may be greater; by default one standard error of the difference (0 with one
            repeat, which has none).
        measure: the error's name as the trials hold it.
    """
    result = paired(member, baseline, measure)
    return result.difference <= (margin if margin is not None else result.standard_error or 0.0)
