"""Tabular problems and how they are judged: hypervolume after so many distinct evaluations, as a share of the true front's."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from minas import spaces
from minas.analysis.bounds import table_bounds
from minas.analysis.hypervolume import of_values
from minas.objectives import Bounds, Objective, ObjectiveSet
from minas.spaces import table
from minas.spaces.table import Table

CHECKPOINTS = (50, 100, 250, 500)
MILLIJOULES = 7.0
"""For each millisecond of the FPGA: in HW-NAS-Bench its energy is proportional to its latency."""


@dataclass(frozen=True)
class Problem:
    """A table with its objectives.

    Attributes:
        name: how the benchmark lists it.
        space: the table as the search has it.
    """

    name: str
    space: Table = field(repr=False)

    @property
    def values(self) -> NDArray[np.float64]:
        """Shape (rows, objectives), minimised."""
        return self.space.rows.values

    @cached_property
    def genes(self) -> NDArray[np.int64]:
        """Shape (rows, genes): the place of each digit among its gene's levels."""
        codes = [[levels.index(digit) for digit, levels in zip(code, self.space.levels, strict=True)] for code in self.codes]
        return np.array(codes)

    @cached_property
    def row_of(self) -> dict[tuple[int, ...], int]:
        """Genes to row."""
        return {tuple(genes): row for row, genes in enumerate(self.genes.tolist())}

    @property
    def codes(self) -> tuple[str, ...]:
        """A code for each row."""
        return self.space.rows.codes

    @property
    def classes(self) -> Sequence[str]:
        """For each row its class of equivalent architectures."""
        return self.space.rows.classes or self.codes

    @cached_property
    def objectives(self) -> ObjectiveSet:
        """The objectives as a run has them."""
        names = self.space.described.objectives
        return ObjectiveSet(name="table", objectives=tuple(Objective(measure=name) for name in names))

    @cached_property
    def bounds(self) -> dict[str, Bounds]:
        """The bounds of the hypervolume, as a run works them out."""
        return dict(zip(self.space.described.objectives, table_bounds(self.values), strict=True))

    @cached_property
    def whole(self) -> float:
        """Hypervolume of the true front."""
        return of_values(self.values, self.objectives, self.bounds)

    def reached(self, rows: Sequence[int], keys: Sequence[str]) -> list[float]:
        """Return the normalised hypervolume at each checkpoint, of rows in the order in which they were asked for.

        Args:
            rows: may be fewer than the last checkpoint: then what there is counts.
            keys: for each row of the table, what makes an evaluation a distinct one.
        """
        first: dict[str, int] = {}
        for row in rows:
            first.setdefault(keys[row], row)
        paid = list(first.values())
        return [of_values(self.values[paid[:count]], self.objectives, self.bounds) / self.whole for count in CHECKPOINTS]


def problems(tables: Path, scratch: Path) -> list[Problem]:
    """Return the three problems.

    Args:
        tables: the folder of nb201.csv.gz, nb201_latency.csv.gz and nbmacro_c10.csv.gz.
        scratch: an empty folder, for a table joined of two.
    """
    nb201 = _opened(tables / "nb201.csv.gz", "ops", ["100-c10_test_200ep", "macs_c10"], "rep")
    joined = _with_energy(tables, scratch / "nb201_energy.csv")
    energy = _opened(joined, "ops", ["100-c10_test_200ep", "fpga_millijoules"], "rep")
    macro = _opened(tables / "nbmacro_c10.csv.gz", "arch", ["100-mean_acc", "flops"], None)
    return [
        Problem("nb201-c10-macs", nb201),
        Problem("nb201-c10-fpga-energy", energy),
        Problem("nbmacro-c10-flops", macro),
    ]


def _opened(path: Path, code: str, objectives: list[str], classes: str | None) -> Table:
    found = spaces.open_space(table.describe(str(path), code=code, objectives=objectives, classes=classes))
    assert isinstance(found, Table)
    return found


def _with_energy(tables: Path, out: Path) -> Path:
    """Write NAS-Bench-201 with the energy of each architecture on the FPGA."""
    names = ("ops", "rep", "c10_test_200ep")
    with (
        gzip.open(tables / "nb201.csv.gz", "rt", newline="") as first,
        gzip.open(tables / "nb201_latency.csv.gz", "rt", newline="") as second,
        out.open("w", newline="") as target,
    ):
        latency = {row["index"]: float(row["fpga_ms"]) for row in csv.DictReader(second)}
        writer = csv.writer(target)
        writer.writerow([*names, "fpga_millijoules"])
        for row in csv.DictReader(first):
            writer.writerow([*(row[name] for name in names), MILLIJOULES * latency[row["index"]]])
    return out
