"""The energy floor of an architecture: the least action that any training strategy reaches at a given accuracy.

A minimum over strategies is biased: it picks what seeds happened to favour. So what is picked on one half of the seeds is
read on the other half, both ways. Lambda is no strategy: along a strategy's path of lambda the one with the least action
within the limit on the error is taken, again on one half of the seeds, and read on the other.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from minas.analysis.cells import Cell, along_path

Target = Literal["own", "common"]
"""Whose error limits the choice: the architecture's own best, or one target for all architectures of the domain."""

BESIDE = ("error", "test_error", "rescale_gap", "zero_fraction", "participation_ratio", "activation_energy")
"""What is reported beside a floor, so that a rescaled or a silent network isn't taken for a frugal one."""

TOO_HIGH = "no lambda within the limit on the error"
"""Why a strategy has no reading: it is trained, but its errors lie above the limit."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """How the ceiling is judged: fixed here, before any study is run.

    Attributes:
        functional: in the loss, whose path of lambda is taken.
        points: percentage points of validation error that a floor may lie above the best.
        target_quantile: the common target is this quantile of the architectures' best errors: most can reach it.
        threshold: the share of architecture above which the claim is supported, and below which it is refuted.
        level: of the intervals.
        draws: of the generalised pivots behind the intervals.
        permutations: of the permutation test.
        band: architectures in a band of FLOPs, at least.
    """

    functional: str = "action"
    points: float = 1.0
    target_quantile: float = 0.75
    threshold: float = 0.5
    level: float = 0.95
    draws: int = 4000
    permutations: int = 2000
    band: int = 5


RULE = Rule()


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The log action of one network, trained with a lambda that other seeds have chosen."""

    instance: tuple[str, str]
    """Family and instance's name."""
    strategy: str
    seed: int
    log_action: float


@dataclass(frozen=True, kw_only=True)
class Floor:
    """An architecture's energy floor, or why it has none.

    Attributes:
        limits: the error that a choice may have, of each half of the seeds.
        strategies, lambdas: what each half chose; equal where the choice is certain.
        action: the geometric mean of the actions read, both ways; None without a floor.
        flops, activations: geometric means over the architecture's complete cells.
        error, test_error and so on: means over what was read.
    """

    domain: str
    family: str
    instance: str
    target: Target
    limits: tuple[float, ...]
    strategies: tuple[str, ...]
    lambdas: tuple[float, ...]
    action: float | None
    flops: float | None
    activations: float | None
    error: float | None = None
    test_error: float | None = None
    rescale_gap: float | None = None
    zero_fraction: float | None = None
    participation_ratio: float | None = None
    activation_energy: float | None = None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Missing:
    """A strategy with which an architecture has no reading on one half of the seeds, and why."""

    domain: str
    family: str
    instance: str
    target: Target
    strategy: str
    half: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class Floors:
    """What was chosen and read in a domain."""

    readings: tuple[Reading, ...]
    floors: tuple[Floor, ...]
    missing: tuple[Missing, ...]


Instance = tuple[str, str]
Place = tuple[Instance, str, float]
Path = Mapping[Place, Mapping[int, Cell]]


@dataclass(frozen=True)
class _Mean:
    error: float
    log_action: float


@dataclass(frozen=True)
class _Choice:
    """The lambda that one half of the seeds chose for a strategy, its mean log action there, and what the other half reads."""

    strategy: str
    lambda_: float
    log_action: float
    read: tuple[Cell, ...]


def floors(cells: Iterable[Cell], target: Target, *, rule: Rule = RULE) -> Floors:
    """Find the floors of a domain's architectures, and what each strategy reads with its best lambda.

    Args:
        cells: of one domain, failed ones included: a lambda at which a seed of the choosing half failed can't be chosen.
        target: whose error limits the choice.
        rule: the points, the functional and the common target's quantile.
    """
    along = along_path(cells, rule.functional)
    path, pathless = _by_place(along), no_path(along, rule)
    domain = next((cell.domain for own in path.values() for cell in own.values()), "")
    pairs = list(dict.fromkeys(place[:2] for place in path))
    instances = list(dict.fromkeys(instance for instance, _ in pairs))
    seeds = sorted({seed for own in path.values() for seed in own})
    halves = (seeds[::2], seeds[1::2])
    readings: list[Reading] = []
    missing: list[Missing] = []
    best: list[dict[Instance, _Choice]] = []
    limits: list[dict[Instance, float]] = []
    for half, (choosing, reading) in enumerate((halves, halves[::-1])):
        means = _means(path, choosing)
        limit = _limits(means, target, rule)
        found: dict[Instance, list[_Choice]] = {}
        for instance, strategy in pairs:
            choice = pathless or _choose(path, means, instance, strategy, limit.get(instance, math.nan), reading)
            if isinstance(choice, _Choice):
                found.setdefault(instance, []).append(choice)
                readings += [_reading(instance, strategy, cell) for cell in choice.read]
            else:
                family, name = instance
                missing.append(
                    Missing(
                        domain=domain, family=family, instance=name, target=target, strategy=strategy, half=half, reason=choice
                    )
                )
        best.append({instance: min(own, key=lambda choice: choice.log_action) for instance, own in found.items()})
        limits.append(limit)
    return Floors(
        readings=tuple(readings),
        floors=tuple(
            _floor(
                domain,
                name,
                target,
                [own.get(name, math.nan) for own in limits],
                [own.get(name) for own in best],
                _why([m.reason for m in missing if (m.family, m.instance) == name and name not in best[m.half]]),
                path,
            )
            for name in instances
        ),
        missing=tuple(missing),
    )


def size(path: Iterable[Cell], measure: str) -> float | None:
    """Return the mean logarithm of a measure over an architecture's complete cells that have it above 0."""
    found = [math.log(value) for cell in path if (value := cell.value(measure)) is not None and value > 0]
    return float(np.mean(found)) if found else None


def no_path(cells: Iterable[Cell], rule: Rule) -> str | None:
    """Return why a domain's cells say nothing about the least action, or None: none has the functional in the loss."""
    if any(cell.functional == rule.functional and cell.lambda_ > 0 and _usable(cell) for cell in cells):
        return None
    return f"no complete cell has the {rule.functional.replace('_', ' ')} in the loss (lambda above 0)"


def _by_place(cells: Sequence[Cell]) -> dict[Place, dict[int, Cell]]:
    out: dict[Place, dict[int, Cell]] = {}
    for cell in cells:
        out.setdefault(((cell.family, cell.instance), cell.strategy, cell.lambda_), {})[cell.seed] = cell
    return out


def _usable(cell: Cell) -> bool:
    action = cell.value("action")
    return cell.value("error") is not None and action is not None and action > 0


def _log_action(cell: Cell) -> float:
    return math.log(cell.value("action") or math.nan)


def _means(path: Path, seeds: Sequence[int]) -> dict[Place, _Mean]:
    """Return the means over seeds of each place all of whose cells of these seeds are usable."""
    out = {}
    for place, cells in path.items():
        own = [cells[seed] for seed in seeds if seed in cells]
        if own and all(map(_usable, own)):
            errors = [cell.value("error") or 0.0 for cell in own]
            out[place] = _Mean(float(np.mean(errors)), float(np.mean([_log_action(cell) for cell in own])))
    return out


def _limits(means: Mapping[Place, _Mean], target: Target, rule: Rule) -> dict[Instance, float]:
    """Return the limit on the error of each architecture that has any mean."""
    best: dict[Instance, float] = {}
    for (instance, _, _), mean in means.items():
        best[instance] = min(best.get(instance, math.inf), mean.error)
    if target == "common" and best:
        common = float(np.quantile(list(best.values()), rule.target_quantile))
        best = dict.fromkeys(best, common)
    return {instance: error + rule.points / 100 for instance, error in best.items()}


def _choose(
    path: Path, means: Mapping[Place, _Mean], instance: Instance, strategy: str, limit: float, reading: Sequence[int]
) -> _Choice | str:
    """Return a strategy's choice of lambda and what the other half of the seeds reads there, or why there is none."""
    own = {place: mean for place, mean in means.items() if place[:2] == (instance, strategy)}
    if not own:
        return "no lambda at which all seeds of the choosing half are complete"
    within = {place: mean for place, mean in own.items() if mean.error <= limit + 1e-12}
    if not within:
        return TOO_HIGH
    place = min(within, key=lambda key: (within[key].log_action, key[2]))
    read = tuple(cell for seed in reading if (cell := path[place].get(seed)) is not None and _usable(cell))
    if not read:
        return "no complete cell of the chosen lambda on the reading half"
    return _Choice(strategy=strategy, lambda_=place[2], log_action=within[place].log_action, read=read)


def _reading(instance: Instance, strategy: str, cell: Cell) -> Reading:
    return Reading(instance=instance, strategy=strategy, seed=cell.seed, log_action=_log_action(cell))


def _floor(
    domain: str,
    name: Instance,
    target: Target,
    limits: Sequence[float],
    chosen: Sequence[_Choice | None],
    reason: str | None,
    path: Path,
) -> Floor:
    own = [cell for place, cells in path.items() if place[0] == name for cell in cells.values()]
    flops, activations = size(own, "flops"), size(own, "activations")
    both = [choice for choice in chosen if choice is not None]
    read = [choice.read for choice in both]
    complete = len(both) == len(chosen)
    beside = {measure: _mean([cell.value(measure) for cells in read for cell in cells]) for measure in BESIDE}
    return Floor(
        domain=domain,
        family=name[0],
        instance=name[1],
        target=target,
        limits=tuple(limits),
        strategies=tuple(choice.strategy for choice in both),
        lambdas=tuple(choice.lambda_ for choice in both),
        action=math.exp(np.mean([np.mean([_log_action(cell) for cell in cells]) for cells in read])) if complete else None,
        flops=None if flops is None else math.exp(flops),
        activations=None if activations is None else math.exp(activations),
        reason=reason,
        **beside,
    )


def _why(lacking: Sequence[str]) -> str | None:
    """Return why an architecture has no floor, from why strategies have no reading on a half where none has."""
    reasons = list(dict.fromkeys(lacking))
    if reasons == [TOO_HIGH]:
        return "no strategy reaches the target on both halves of the seeds"
    return f"not both halves of the seeds give a reading: {'; '.join(reasons)}" if reasons else None


def _mean(values: Sequence[float | None]) -> float | None:
    found = [value for value in values if value is not None]
    return float(np.mean(found)) if found else None
