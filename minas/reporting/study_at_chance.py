"""Architectures that learnt nothing, and what a domain's verdict is without them.

Whoever guesses can't lose accuracy, so that any lambda is within the limit of such an architecture's own best error, and its
floor says only how far the weight of the action can press a network that does nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from minas.analysis.ceiling import Verdict, ceiling
from minas.analysis.cells import Cell, along_path, domains_of
from minas.analysis.floors import Rule

NEAR = 0.95
"""An architecture is at chance where its best mean error is at least this share of the error of guessing."""


@dataclass(frozen=True, kw_only=True)
class AtChance:
    """The architectures of a domain that learnt nothing.

    Attributes:
        domain: the domain.
        chance: the error of guessing among equally frequent classes.
        architectures: family and name of each, with its best mean error over the seeds of one lambda and strategy.
        without: the domain's main verdict without them; None where no architecture is left.
    """

    domain: str
    chance: float
    architectures: Mapping[tuple[str, str], float]
    without: Verdict | None


def at_chance(cells: Iterable[Cell], design: Mapping[str, Any], rule: Rule) -> tuple[AtChance, ...]:
    """Find the domains in which architectures learnt nothing; those whose number of classes nobody knows are passed over.

    Args:
        cells: the study's, failed ones included.
        design: what the study's store keeps of its plan.
        rule: of the ceiling.
    """
    everything = list(cells)
    out = []
    for domain in domains_of(everything):
        classes = int(design.get("tasks", {}).get(domain, {}).get("classes", 0))
        if classes < 2:
            continue
        own = [cell for cell in everything if cell.domain == domain]
        chance = 1 - 1 / classes
        idle = {name: error for name, error in best_errors(own, rule.functional).items() if error >= NEAR * chance}
        if idle:
            rest = [cell for cell in own if (cell.family, cell.instance) not in idle]
            without = ceiling(rest, rule=rule).verdict(domain) if rest else None
            out.append(AtChance(domain=domain, chance=chance, architectures=idle, without=without))
    return tuple(out)


def best_errors(cells: Sequence[Cell], functional: str) -> dict[tuple[str, str], float]:
    """Return the least mean error over seeds that each architecture of a domain has at any lambda with any strategy."""
    errors: dict[tuple[tuple[str, str], float, str], list[float]] = {}
    for cell in along_path(cells, functional):
        if (error := cell.value("error")) is not None:
            errors.setdefault(((cell.family, cell.instance), cell.lambda_, cell.strategy), []).append(error)
    best: dict[tuple[str, str], float] = {}
    for (name, _, _), found in errors.items():
        best[name] = min(best.get(name, 1.0), sum(found) / len(found))
    return best
