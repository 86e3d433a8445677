"""The shelf of plots: one file each, with a constant `PLOT`.

Numbers come before pictures: what a plot shows is worked out in `minas.analysis` as a value, which `draw` turns into a
figure. Figures are matplotlib's `Figure` objects, made without pyplot: no display, no global state. matplotlib is imported
when something is drawn, not before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from minas.plots._save import ENDINGS, check_ending, save
from minas.shelf import Shelf

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["ENDINGS", "SHELF", "Plot", "check_ending", "save"]


@dataclass(frozen=True, kw_only=True)
class Plot:
    """One kind of plot.

    Attributes:
        name: how users name it: its file's name.
        description: one sentence for `--help`.
        draw: turns the value of `minas.analysis` that the plot's module names into a figure.
    """

    name: str
    description: str
    draw: Callable[[Any], Figure]


SHELF: Shelf[Plot] = Shelf("minas.plots", "PLOT", Plot, "plot")
