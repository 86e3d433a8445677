"""A table of architectures that were trained before, a tabular benchmark for instance: a trial costs a look-up.

An architecture is a row. Its code has a digit for each gene; which digits a gene may have is read from the table, and a code
that does not stand there is no architecture: what variation would make of it becomes the nearest row.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from minas import config
from minas.errors import ArchitectureError, UsageError
from minas.spaces import KIND, SpaceKind, Variation, _choices, _table_file
from minas.spaces._choices import Genome

if TYPE_CHECKING:
    from torch import nn

    from minas.spaces import Sized

NAME = "table"
"""Of the kind, and what stands in the place of a domain in a run's configuration."""

SHORT = 8
"""Digits of a code that is short enough for a name."""


@dataclass(frozen=True, kw_only=True)
class Described:
    """The `[table]` section of a space's document.

    Attributes:
        file: the table, by its absolute path.
        sha256: digest of its bytes, as they were when the space was made.
        code: the column of codes.
        objectives: columns to minimise, or `NUMBER-COLUMN`; the first one is the error.
        classes: the column of classes of equivalent architectures.
    """

    file: str
    sha256: str
    code: str
    objectives: tuple[str, ...]
    classes: str | None = None

    def __post_init__(self) -> None:
        """Refuse a table with nothing to minimise."""
        if not self.objectives or len(set(self.objectives)) < len(self.objectives):
            raise ValueError("objectives must name at least one column, each once")


@dataclass(frozen=True)
class Table:
    """Rows of a table as a `Space`; an architecture is a genome, the place of each digit among its gene's levels.

    Attributes:
        described: what its document says.
        rows: the table's codes, classes and objectives.
    """

    described: Described
    rows: _table_file.Rows = field(repr=False)

    @property
    def name(self) -> str:
        """The file's name without its endings."""
        return Path(self.described.file).name.split(".")[0] or NAME

    @property
    def domain(self) -> str:
        """No domain: a table has no task."""
        return NAME

    @cached_property
    def levels(self) -> tuple[str, ...]:
        """For each gene the digits that it has in the table, ascending."""
        return tuple("".join(sorted(set(digits))) for digits in zip(*self.rows.codes, strict=True))

    @cached_property
    def _counts(self) -> tuple[int, ...]:
        return tuple(len(digits) for digits in self.levels)

    @cached_property
    def _genomes(self) -> NDArray[np.uint8]:
        """Shape (rows, genes)."""
        digits = np.array(self.rows.codes).view("U1").reshape(len(self.rows.codes), -1)
        columns = [np.searchsorted(np.array(list(levels)), digits[:, place]) for place, levels in enumerate(self.levels)]
        return np.stack(columns, axis=1).astype(np.uint8)

    @cached_property
    def _places(self) -> dict[Genome, int]:
        return {tuple(genome): row for row, genome in enumerate(self._genomes.tolist())}

    @cached_property
    def _first_of_class(self) -> dict[str, int]:
        first: dict[str, int] = {}
        for row, name in enumerate(self.rows.classes or ()):
            first.setdefault(name, row)
        return first

    @property
    def variation(self) -> Variation:
        """One gene a child; see `_choices.VARIATION`."""
        return _choices.VARIATION

    def sample(self, rng: np.random.Generator) -> Genome:
        """Return a random row."""
        return self._genome(int(rng.integers(len(self.rows.codes))))

    def mutate(self, architecture: Genome, rng: np.random.Generator) -> Genome:
        """Return a row of which one gene differs; where the table has none, one of the nearest."""
        changed = _choices.mutate(architecture, self._counts, rng)
        if changed in self._places and changed != architecture:
            return changed
        return self._nearest(architecture, rng)

    def cross(self, first: Genome, second: Genome, rng: np.random.Generator) -> Genome:
        """Return the row that takes each gene from either parent; where the table has none such, one of the nearest."""
        child = _choices.cross(first, second, rng)
        return child if child in self._places else self._nearest(child, rng)

    def key(self, architecture: Genome) -> str:
        """Return the code of the first row of the architecture's class; a digest of it where it is long."""
        row = self._places[architecture]
        if self.rows.classes is not None:
            row = self._first_of_class[self.rows.classes[row]]
        code = self.rows.codes[row]
        return code if len(code) <= SHORT else hashlib.sha256(code.encode()).hexdigest()

    def dump(self, architecture: Genome) -> dict[str, Any]:
        """Return the architecture as JSON values."""
        return {"code": self.rows.codes[self._places[architecture]]}

    def load(self, dumped: Mapping[str, Any]) -> Genome:
        """Return the architecture that was dumped."""
        code = dumped.get("code")
        if not isinstance(code, str) or len(code) != len(self.levels):
            raise ArchitectureError(f"{str(dumped)[:60]} is no architecture of a table; expected a code of its digits")
        genome = tuple(levels.find(digit) for digit, levels in zip(code, self.levels, strict=True))
        if genome not in self._places:
            raise ArchitectureError(f"the code {code} does not stand in {self.described.file}")
        return genome

    def neighbours(self, architecture: Genome) -> Iterator[Genome]:
        """Yield all rows of which one gene differs, those of the same class left out."""
        own = self.key(architecture)
        for genome in _choices.neighbours(architecture, self._counts):
            if genome in self._places and self.key(genome) != own:
                yield genome

    def features(self, architecture: Genome, task_shape: tuple[int, ...], classes: int) -> dict[str, float]:
        """Return nothing: figures of a table are looked up."""
        return {}

    def limits(self, task_shape: tuple[int, ...]) -> dict[str, float]:
        """Return nothing: a table has no limits."""
        return {}

    def build(self, architecture: Genome, task: Sized, seed: int) -> nn.Module:
        """Refuse: a row is no network."""
        raise ArchitectureError("an architecture of a table is a row of figures, and no network can be built of it")

    def look_up(self, architecture: Genome) -> dict[str, float | None]:
        """Return the objectives of an architecture by name; None where the table has no number."""
        values = self.rows.values[self._places[architecture]].tolist()
        return {
            name: value if math.isfinite(value) else None
            for name, value in zip(self.described.objectives, values, strict=True)
        }

    def _genome(self, row: int) -> Genome:
        return tuple(self._genomes[row].tolist())

    def _nearest(self, genome: Genome, rng: np.random.Generator) -> Genome:
        """Return one of the rows, by chance, with the fewest genes that differ from a genome, itself left out."""
        distances = (self._genomes != np.array(genome, dtype=np.uint8)).sum(axis=1)
        if len(distances) > 1 or distances[0]:
            distances = np.where(distances == 0, len(genome) + 1, distances)
        near = np.flatnonzero(distances == distances.min())
        return self._genome(int(near[int(rng.integers(len(near)))]))


def describe(file: str, *, code: str, objectives: Sequence[str], classes: str | None = None) -> config.Document:
    """Return the document of a table's space.

    Args:
        file: a CSV file, which may be gzipped.
        code: the column of codes.
        objectives: columns to minimise, or `NUMBER-COLUMN`; the first one is the error.
        classes: the column of classes of equivalent architectures.

    Raises:
        DataError: the file can't be read.
    """
    path = Path(file).expanduser().resolve()
    described = {
        "file": str(path),
        "sha256": _table_file.digest(_table_file.content(path)),
        "code": code,
        "objectives": list(objectives),
        **({} if classes is None else {"classes": classes}),
    }
    return config.Document(source=f"{NAME}:{file}", text="", values={KIND: NAME, NAME: described})


def _read(reference: str, domain: str) -> config.Document:
    raise UsageError(f"{NAME}:{reference} needs columns: which one has the codes, and which ones are to be minimised?")


def _open(document: config.Document) -> Table:
    described = document.section(NAME, Described)
    path = Path(described.file)
    found = _table_file.content(path)
    if _table_file.digest(found) != described.sha256:
        raise UsageError(f"{path} has changed since the search was made: put back the table of then, or begin a new search")
    read = _table_file.rows(path, found, code=described.code, classes=described.classes, objectives=described.objectives)
    return Table(described, read)


SPACE = SpaceKind(
    description="a table of architectures with their figures, CSV or gzipped CSV: a trial costs a look-up",
    read=_read,
    open=_open,
    evaluator="minas.evaluation.lookup",
)
