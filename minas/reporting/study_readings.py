"""How many combinations of architecture and strategy a verdict rests on, and why the others have no reading."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from minas.analysis.ceiling import Ceiling, Verdict
from minas.analysis.cells import Cell, along_path
from minas.analysis.floors import Missing


@dataclass(frozen=True, kw_only=True)
class Read:
    """A verdict with the combinations of architecture and strategy behind it.

    Attributes:
        verdict: the verdict.
        read: combinations that it has a reading of.
        planned: combinations that were planned in its domain.
    """

    verdict: Verdict
    read: int
    planned: int

    @property
    def sentence(self) -> str:
        """The same in words."""
        return f"{self.read} of {self.planned} planned combinations of architecture and strategy have a reading."


def read_of(ceiling: Ceiling, cells: Iterable[Cell]) -> tuple[Read, ...]:
    """Return each verdict with the combinations behind it, in the order of the verdicts.

    Args:
        ceiling: of the cells.
        cells: the study's, failed and unfinished ones included.
    """
    combinations = {(cell.architecture, cell.strategy) for cell in along_path(cells, ceiling.rule.functional)}
    planned = Counter(architecture[0] for architecture, _ in combinations)
    return tuple(
        Read(verdict=row, read=row.architectures * row.strategies - row.absent, planned=planned[row.domain])
        for row in ceiling.verdicts
    )


def why_missing(missing: Iterable[Missing]) -> str:
    """Return a table's row of reasons as a sentence, or "" where nothing lacks: what lacks need not lack at random."""
    reasons = Counter(row.reason for row in missing if row.target == "own")
    if not reasons:
        return ""
    total = sum(reasons.values())
    told = "; ".join(f"{count}: {reason}" for reason, count in reasons.most_common())
    return (
        "A combination without a reading does not lack at random: one whose error lies too far above the architecture's best, "
        f"with whatever lambda, has none. Halves of the seeds that give none under the limit of the own best error: {total} "
        f"({told}); each of them stands in missing.csv."
    )
