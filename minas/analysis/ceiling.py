"""Does architecture set the energy ceiling? The verdict, by a rule that was fixed before any study was run.

What is judged is the share of architecture in the variance of log action: over architectures and training strategies, the
same for all, with lambda at its best along each strategy's path (`minas.analysis.floors`), given FLOPs and activations
(`minas.analysis.shares`). The claim is supported where the share's interval lies above one half, refuted where it lies below,
and else not decided, as it is where no network was trained with the action in its loss. The main verdict takes size out and
allows each architecture an error a little above its own best; beside it stand those with size left in, and with one target
of error for all.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from minas.analysis.cells import Cell, domains_of
from minas.analysis.floors import RULE, Floor, Floors, Missing, Reading, Rule, Target, floors, no_path, size
from minas.analysis.shares import Matrix, Shares, Table, shares

Answer = Literal["supported", "refuted", "not decided"]
COVARIATES = ("flops", "activations")
CLAIM = {"supported": "the claim is supported", "refuted": "the claim is refuted", "not decided": "not decided by these data"}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a domain's cells say about the claim.

    Attributes:
        domain: the domain.
        target: whose error limits the choices of lambda and strategy.
        size_out: whether log FLOPs and log activations are taken out.
        main: whether this is the verdict; the others stand beside it.
        answer: supported, refuted or not decided.
        sentence: the same with its figures.
        architecture, strategy, interaction, seeds: shares of the variance of log action, None where the cells don't suffice.
        p: of the permutation test within bands of FLOPs (over all architectures where size is left in).
        variance: what is shared, in squared natural logarithms.
        architectures, strategies, readings, absent: what was used, and combinations without a reading.
        sizeless: architectures left out because a complete cell's FLOPs or activations aren't known.
    """

    domain: str
    target: Target
    size_out: bool
    main: bool
    answer: Answer
    sentence: str
    architecture: float | None
    architecture_low: float | None
    architecture_high: float | None
    strategy: float | None
    strategy_low: float | None
    strategy_high: float | None
    interaction: float | None
    seeds: float | None
    p: float | None
    variance: float | None
    architectures: int
    strategies: int
    readings: int
    absent: int
    sizeless: int


@dataclass(frozen=True, kw_only=True)
class Ceiling:
    """Verdicts of every domain, the main one of each first, the floors that they rest on and the readings that lack."""

    rule: Rule
    verdicts: tuple[Verdict, ...]
    floors: tuple[Floor, ...]
    missing: tuple[Missing, ...]

    def verdict(self, domain: str) -> Verdict:
        """Return a domain's main verdict.

        Raises:
            KeyError: there is no such domain.
        """
        for item in self.verdicts:
            if item.domain == domain and item.main:
                return item
        raise KeyError(domain)


def ceiling(cells: Iterable[Cell], *, rule: Rule = RULE) -> Ceiling:
    """Judge the claim in every domain of a study.

    Args:
        cells: the whole study's, failed ones included.
        rule: how; leave it as it is, unless to show how much hangs on it.
    """
    everything = list(cells)
    verdicts: list[Verdict] = []
    found: list[Floors] = []
    for domain in domains_of(everything):
        own = [cell for cell in everything if cell.domain == domain]
        for target in get_args(Target):
            found.append(floors(own, target, rule=rule))
            verdicts += [
                judge(own, found[-1].readings, target=target, size_out=size_out, rule=rule) for size_out in (True, False)
            ]
    return Ceiling(
        rule=rule,
        verdicts=tuple(verdicts),
        floors=tuple(floor for item in found for floor in item.floors),
        missing=tuple(missing for item in found for missing in item.missing),
    )


def answer(low: float, high: float, *, rule: Rule = RULE) -> Answer:
    """Return what an interval of architecture's share says."""
    if low > rule.threshold:
        return "supported"
    return "refuted" if high < rule.threshold else "not decided"


def judge(
    cells: Sequence[Cell], readings: Sequence[Reading], *, target: Target, size_out: bool = True, rule: Rule = RULE
) -> Verdict:
    """Judge the claim in one domain, from what `minas.analysis.floors.floors` has read there.

    Args:
        cells: the domain's, for the architectures' sizes.
        readings: of log action, with lambda at its best.
        target: whose error limited the choices.
        size_out: whether to take log FLOPs and log activations out.
        rule: how.
    """
    pathless = no_path(cells, rule)
    table, sizeless = _table(cells, () if pathless else readings, size_out, rule)
    result = None
    if table is not None:
        result = shares(table, level=rule.level, draws=rule.draws, permutations=rule.permutations)
    figures: dict[str, Any] = {
        field.name: None if result is None else getattr(result, field.name) for field in dataclasses.fields(Shares)
    }
    domain = next((cell.domain for cell in cells), "")
    counted = {
        "architectures": 0 if table is None else len(set(table.architectures.tolist())),
        "strategies": 0 if table is None else len(set(table.strategies.tolist())),
        "readings": 0 if table is None else len(table.values),
        "absent": 0 if result is None else result.absent,
    }
    return Verdict(
        **{**figures, **counted},
        domain=domain,
        target=target,
        size_out=size_out,
        main=target == "own" and size_out,
        answer="not decided" if result is None else answer(result.architecture_low, result.architecture_high, rule=rule),
        sentence=_sentence(domain, target, size_out, counted, result, rule, pathless),
        sizeless=sizeless,
    )


def _table(cells: Sequence[Cell], readings: Sequence[Reading], size_out: bool, rule: Rule) -> tuple[Table | None, int]:
    """Return the readings as arrays, and how many architectures had to be left out for want of a size."""
    names = list(dict.fromkeys(reading.instance for reading in readings))
    known = {name: _sizes(cells, name) for name in names} if size_out else dict.fromkeys(names, ())
    kept = [name for name in names if known[name] is not None]
    used = [reading for reading in readings if known[reading.instance] is not None]
    if not used:
        return None, len(names)
    strategies = sorted({reading.strategy for reading in used})
    sizes = np.array([known[name] for name in kept], dtype=np.float64).reshape(len(kept), -1)
    table = Table(
        architectures=np.array([kept.index(reading.instance) for reading in used]),
        strategies=np.array([strategies.index(reading.strategy) for reading in used]),
        values=np.array([reading.log_action for reading in used]),
        sizes=sizes,
        bands=_bands(sizes[:, 0], rule.band) if size_out else np.zeros(len(kept), dtype=np.intp),
    )
    return table, len(names) - len(kept)


def _sizes(cells: Sequence[Cell], name: tuple[str, str]) -> tuple[float, ...] | None:
    own = [cell for cell in cells if (cell.family, cell.instance) == name]
    found = [size(own, measure) for measure in COVARIATES]
    return tuple(value for value in found if value is not None) if None not in found else None


def _bands(flops: Matrix, least: int) -> npt.NDArray[np.intp]:
    """Return each architecture's band: as many bands as leave each at least so many, equally full, small ones first."""
    bands = np.empty(len(flops), dtype=np.intp)
    for number, group in enumerate(np.array_split(np.argsort(flops, kind="stable"), max(1, len(flops) // least))):
        bands[group] = number
    return bands


def _sentence(
    domain: str,
    target: Target,
    size_out: bool,
    counted: Mapping[str, int],
    result: Shares | None,
    rule: Rule,
    pathless: str | None,
) -> str:
    if pathless:
        return f"{domain}: not decided by these data: {pathless}, so that how little action a network needs was not tried."
    given = "at equal FLOPs and activations" if size_out else "size left in"
    allowed = "its own best error" if target == "own" else "a common target of error"
    how = f"{given}, within {rule.points:g} percentage {'point' if rule.points == 1 else 'points'} of {allowed}"
    there = f"{counted['architectures']} architectures and {counted['strategies']} strategies"
    if result is None:
        return f"{domain}: not decided by these data: {there} are too few, {how}."
    said = answer(result.architecture_low, result.architecture_high, rule=rule)
    return (
        f"{domain}: {CLAIM[said]}: architecture explains {result.architecture:.2f} of the variance of log action "
        f"({rule.level:.0%} interval {result.architecture_low:.2f} to {result.architecture_high:.2f}), strategy "
        f"{result.strategy:.2f} ({result.strategy_low:.2f} to {result.strategy_high:.2f}), over {there}, {how}; "
        f"permutation test p = {result.p:.2g}."
    )
