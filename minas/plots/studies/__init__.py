"""The shelf of plots of studies and sweeps: one file each, with a constant `PLOT`, as on the shelf of runs' plots.

They stand apart because `minas plot` and finished runs draw whatever stands on the other shelf, from a run or one of its
architectures; a study has neither, and its own command draws these.
"""

from __future__ import annotations

from typing import Any

from minas.plots import Plot
from minas.shelf import Shelf

__all__ = ["SHELF"]

SHELF: Shelf[Plot[Any, Any]] = Shelf("minas.plots.studies", "PLOT", Plot, "plot of a study")
