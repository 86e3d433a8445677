"""A study's result as a table: one cell for each trial that was planned, finished or not.

Whoever analyses a study needs no more than these: no store, no torch.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from minas.trial import Candidate, Trial

COMPLETE = "complete"
"""The status of a cell whose measures count."""

PLANNED = "planned"
"""The status of a cell that nobody has trained yet."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One trial of a study: the levels of its factors, how it ended and what was measured.

    Attributes:
        domain: such as `vision`; with several tasks in a domain, whatever tells them apart may stand here.
        family: conventional, energy-first, random or front.
        instance: the architecture's name, nested in family and domain: the same name elsewhere is another architecture.
        lambda_: the relative weight of the functional in the loss, read as a level and not as a number; 0 is none.
        functional: what the loss holds beside the cross-entropy, such as `action`; at lambda 0 it has no meaning.
        strategy: the name of the training strategy.
        seed: of initialisation, order of samples and augmentation.
        status: `complete`, or how the trial ended instead.
        reason: why it isn't complete, or None.
        measures: name to value, None where unavailable; `error` and `test_error` as shares, `action`, `flops` and so on.
    """

    domain: str
    family: str
    instance: str
    lambda_: float
    functional: str
    strategy: str
    seed: int
    status: str = COMPLETE
    reason: str | None = None
    measures: Mapping[str, float | None] = field(default_factory=dict)

    @property
    def architecture(self) -> tuple[str, str, str]:
        """Domain, family and instance: what tells one architecture from all others."""
        return (self.domain, self.family, self.instance)

    @property
    def complete(self) -> bool:
        """Whether the trial finished."""
        return self.status == COMPLETE

    def value(self, measure: str) -> float | None:
        """Return a measure where the trial is complete and has it as a finite number, else None."""
        found = self.measures.get(measure) if self.complete else None
        return float(found) if found is not None and math.isfinite(found) else None


def cells_of(candidates: Iterable[Candidate], trials: Iterable[Trial]) -> list[Cell]:
    """Return a store's cells, in the order in which they were planned; one that has no trial yet has the status `planned`.

    Args:
        candidates: of the role `study`.
        trials: of the same.

    Raises:
        ValueError: a candidate does not say its levels.
    """
    finished = {trial.number: trial for trial in trials}
    cells = []
    for candidate in candidates:
        trial = finished.get(candidate.number)
        try:
            cells.append(
                Cell(
                    **_levels(candidate),
                    status=PLANNED if trial is None else trial.status.value,
                    reason=None if trial is None else trial.reason,
                    measures={} if trial is None else trial.measures,
                )
            )
        except TypeError as error:
            raise ValueError(f"the study's cell {candidate.number} does not say its levels: {error}") from None
    return cells


def _levels(candidate: Candidate) -> dict[str, Any]:
    """Return the levels of a cell by the names of its fields, each of the type that it has to be.

    Raises:
        TypeError: one of them is of another type.
    """
    kinds: dict[str, tuple[type, ...]] = {"lambda": (int, float), "seed": (int,)}
    for name, value in candidate.levels.items():
        if not isinstance(value, kinds.get(name, (str,))) or isinstance(value, bool):
            raise TypeError(f"{name[:60]} is {str(value)[:60]!r}")
    return {"lambda_" if name == "lambda" else name: value for name, value in candidate.levels.items()}


def along_path(cells: Iterable[Cell], functional: str) -> list[Cell]:
    """Return the cells of one functional's path of lambda: those with it in the loss, and those with nothing (lambda 0).

    Where a study trained the same cell without a functional once under each functional's name, the first one counts.
    """
    kept: dict[tuple[Any, ...], Cell] = {}
    for cell in cells:
        if cell.functional == functional or cell.lambda_ == 0:
            place = (*cell.architecture, cell.lambda_, cell.strategy, cell.seed)
            if place not in kept or cell.functional == functional != kept[place].functional:
                kept[place] = dataclasses.replace(cell, functional=functional)
    return list(kept.values())


def domains_of(cells: Iterable[Cell]) -> list[str]:
    """Return the domains in the order in which they first occur."""
    return list(dict.fromkeys(cell.domain for cell in cells))


def as_rows(values: Sequence[Any]) -> list[dict[str, Any]]:
    """Return results of an analysis, all of one flat dataclass, as rows for a CSV file: texts of a tuple joined by `; `."""
    return [{name: _plain(value) for name, value in dataclasses.asdict(item).items()} for item in values]


def _plain(value: Any) -> Any:
    return "; ".join(map(str, value)) if isinstance(value, tuple | list) else value
