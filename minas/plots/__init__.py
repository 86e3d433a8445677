"""The shelf of plots: one file each, with a constant `PLOT`.

A plot is of a run or of one architecture, and is drawn from plain records of it (`minas.analysis.subjects`). Numbers come
before pictures: `value` works out what a plot shows, mostly with functions of `minas.analysis`, and `draw` turns that into a
figure. Figures are matplotlib's `Figure` objects, made without pyplot: no display, no global state. matplotlib is imported
when something is drawn, not before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from minas.plots._save import ENDINGS, check_ending, save
from minas.shelf import Shelf

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["ENDINGS", "SHELF", "Plot", "check_ending", "save"]

Subject = TypeVar("Subject")
Value = TypeVar("Value")


@dataclass(frozen=True, kw_only=True)
class Plot(Generic[Subject, Value]):
    """One kind of plot.

    Attributes:
        name: how users name it: its file's name.
        description: one sentence for reports.
        of: what it is of: `RunSubject` or `ArchitectureSubject`.
        value: works out what is shown; raises `UsageError` where there is nothing to show.
        draw: turns that into a figure; raises `UsageError` where it cannot be drawn.
    """

    name: str
    description: str
    of: type[Subject]
    value: Callable[[Subject], Value]
    draw: Callable[[Value], Figure]

    def figure(self, subject: Subject) -> Figure:
        """Return the figure of one run or architecture.

        Raises:
            UsageError: there is nothing to show.
        """
        return self.draw(self.value(subject))


SHELF: Shelf[Plot[Any, Any]] = Shelf("minas.plots", "PLOT", Plot, "plot")
