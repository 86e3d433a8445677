"""Topology crossed with domain, where the same topologies run in every domain: the question as the paper asks it.

Each topology is a fixed level, trained by several seeds in each domain, so all effects are tested against what the seeds
leave. The tables come from `minas.analysis.anova`, told that nothing is nested: topology, domain and strategy take the places
of other factors there, and their names back in the tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from minas.analysis.anova import RESIDUAL, Effect, anova
from minas.analysis.cells import Cell, along_path, domains_of
from minas.analysis.factors import named
from minas.analysis.floors import RULE

EVERYWHERE = re.compile(r"MLP\b")
"""How the instances are named that are one topology in every domain; other names mean another network elsewhere."""

RESPONSES = ("error", "log_action")
_PLACES = {"strategy": "topology", "functional": "domain", "family": "strategy"}
_ORDER = ("domain", "topology", "strategy", "lambda")
_PREFIX = "topologies that run in every domain: "


@dataclass(frozen=True, kw_only=True)
class Untested:
    """What these topologies allow no test of, and why; the same columns as a table's other untested effects."""

    response: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Crossed:
    """The effects of topology and domain, and what of them can't be tested."""

    effects: tuple[Effect, ...]
    untested: tuple[Untested, ...]


def crossed_cells(cells: Iterable[Cell]) -> list[Cell]:
    """Return the cells of topologies that run in every domain, along the ceiling's path of lambda; [] where too few do."""
    everything = along_path(cells, RULE.functional)
    domains = domains_of(everything)
    there = {name: {cell.domain for cell in everything if cell.instance == name} for name in {c.instance for c in everything}}
    everywhere = [name for name, where in there.items() if EVERYWHERE.match(name) and where == set(domains)]
    if len(domains) < 2 or len(everywhere) < 2:
        return []
    return [cell for cell in everything if cell.instance in everywhere]


def crossed(cells: Iterable[Cell]) -> tuple[Effect, ...]:
    """Return the effects alone of `crossed_tables`."""
    return crossed_tables(cells).effects


def crossed_tables(cells: Iterable[Cell]) -> Crossed:
    """Analyse error and log action over topology, domain, strategy, lambda; no rows where too few topologies run everywhere.

    Raises:
        MissingExtraError: statsmodels is not installed.
    """
    own = [
        replace(cell, domain="all", family=cell.strategy, instance="all", strategy=cell.instance, functional=cell.domain)
        for cell in crossed_cells(cells)
    ]
    rows: list[Effect] = []
    untested: list[Untested] = []
    for response in RESPONSES if own else ():
        try:
            table = anova(own, response, nested=False)
        except ValueError as error:
            untested.append(_untested(response, str(error).removeprefix(f"{response}: ")))
            continue
        rows += [replace(row, term=_renamed(row.term)) for row in table.effects]
        untested += [_untested(response, _in_words(reason)) for reason in table.dropped]
    return Crossed(effects=tuple(rows), untested=tuple(untested))


def _untested(response: str, reason: str) -> Untested:
    return Untested(response=response, reason=f"{_PREFIX}{reason}")


def _in_words(reason: str) -> str:
    """Return a reason with the factors' own names: in the effect that it begins with, and in what it says of levels."""
    term, _, rest = reason.partition(": ")
    levels = re.compile(rf"\b({'|'.join(_PLACES)})\b")
    return f"{_renamed(term)}: {levels.sub(lambda found: _PLACES[found[1]], rest)}"


def _renamed(term: str) -> str:
    if term == RESIDUAL:
        return term
    parts = [_PLACES.get(part, part) for part in term.split(" x ")]
    return named(tuple(sorted(parts, key=_ORDER.index)))
