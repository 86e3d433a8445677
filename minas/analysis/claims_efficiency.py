"""Do energy-first networks, or those of a front, reach a fixed accuracy with less training than conventional ones?

Cells that never reach the accuracy have no figure, and they don't lack at random: they are the slow ones. So the share that
reaches it stands beside each ratio, and a family may not win by what it lacks: a verdict in its favour is barred where clearly
fewer of its cells reach the accuracy, a verdict against it where clearly more of them do.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from minas.analysis.cells import Cell, domains_of
from minas.analysis.claim import Claim, interval_words, judged
from minas.analysis.claims_over_lambda import count_words, times
from minas.analysis.contrasts import FamilyDifference, families
from minas.analysis.responses import Response

CONVENTIONAL = "conventional"
FASTER = ("energy-first", "front")
TOLERATED = 0.05
"""How far the shares of cells that reach the accuracy may lie apart before a verdict that this favours is barred."""

COSTS = (
    (
        "training MACs",
        Response(name="log_training_macs", measures=("training_macs_to_accuracy",), logarithm=True, work=math.log),
    ),
    ("training epochs", Response(name="log_epochs", measures=("epochs_to_accuracy",), logarithm=True, work=math.log)),
)


@dataclass(frozen=True, kw_only=True)
class Reached:
    """How many of a domain's and family's complete cells reach the fixed accuracy."""

    domain: str
    family: str
    cells: int
    reached: int
    share: float


def reached(cells: Iterable[Cell]) -> tuple[Reached, ...]:
    """Count the cells that reach the fixed accuracy; nothing where no cell does, or none was set."""
    complete = [cell for cell in cells if cell.complete]
    rows = []
    for domain, family in dict.fromkeys((cell.domain, cell.family) for cell in complete):
        own = [cell for cell in complete if (cell.domain, cell.family) == (domain, family)]
        there = sum(cell.value("epochs_to_accuracy") is not None for cell in own)
        rows.append(Reached(domain=domain, family=family, cells=len(own), reached=there, share=there / len(own)))
    return tuple(rows) if any(row.reached for row in rows) else ()


def efficiency(cells: Iterable[Cell]) -> tuple[Claim, ...]:
    """Judge each such family of each domain against the conventional one, by MACs and by epochs."""
    everything = list(cells)
    counted = {(row.domain, row.family): row for row in reached(everything)}
    if not counted:
        return ()
    out: list[Claim] = []
    for name, asked in COSTS:
        found = {(row.domain, frozenset((row.first, row.second))): row for row in families(everything, asked)}
        out += judged(
            [
                _claim(name, domain, family, found.get((domain, frozenset((CONVENTIONAL, family)))), ours, usual)
                for domain in domains_of(everything)
                for family in FASTER
                if (ours := counted.get((domain, family))) and (usual := counted.get((domain, CONVENTIONAL)))
            ]
        )
    return tuple(out)


def _claim(name: str, domain: str, family: str, row: FamilyDifference | None, ours: Reached, usual: Reached) -> Claim:
    said = f"{family} networks need fewer {name} to the fixed accuracy than conventional ones"
    if row is None:
        value = low = high = p = None
        figures = "in one of the families no cell reaches it"
    else:
        value, low, high = _towards(row, family)
        p = row.p
        ends = [None if end is None else math.exp(end) for end in (low, high)]
        figures = (
            f"they need {times(math.exp(value))} as many{interval_words(*ends)}, over "
            f"{row.architectures[0]} and {count_words(row.architectures[1], 'architecture')}"
        )
    chosen = "; they were chosen for few FLOPs, by these validation samples" if family == "front" else ""
    shares = f"{ours.share:.0%} of their cells reach it and {usual.share:.0%} of the conventional ones"
    return Claim(
        claim=name,
        domain=domain,
        about=f"{family} against {CONVENTIONAL}",
        said=said,
        claimed=-1,
        value=value,
        low=low,
        high=high,
        unit="natural logarithm of a ratio",
        p=p,
        units=0 if row is None else sum(row.architectures),
        sentence=f"{domain}: that {said}: {figures} ({shares}{chosen})",
        barred=_barred(low, high, ours, usual),
    )


def _towards(row: FamilyDifference, family: str) -> tuple[float, float | None, float | None]:
    """Return the difference of a family from the conventional one, whichever of them the row has first."""
    if row.second == family:
        return row.difference, row.low, row.high
    return -row.difference, None if row.high is None else -row.high, None if row.low is None else -row.low


def _barred(low: float | None, high: float | None, ours: Reached, usual: Reached) -> str | None:
    """Return why what the interval says may not count: the cells that lack a figure favour it."""
    lacking = usual.share - ours.share
    if high is not None and high < 0 and lacking > TOLERATED:
        return "The ratio speaks for them only among cells that reach the accuracy, and fewer of theirs do."
    if low is not None and low > 0 and -lacking > TOLERATED:
        return "The ratio speaks against them only among cells that reach the accuracy, and more of theirs do."
    return None
