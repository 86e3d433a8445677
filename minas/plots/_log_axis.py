"""Logarithmic axes with ticks that people read: 20k, 50k, 100k."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from minas.analysis.quantities import show

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def ticks(low: float, high: float, most: int = 7) -> list[float]:
    """Return round values between two positive ones, evenly spaced on a logarithmic axis.

    From the finest of the grids 1 to 9, 1-2-5, 1-3 and 1 of each decade that has at most so many; then every second, third
    ... decade. The first grid where none has two.
    """
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    inside: list[float] = []
    for steps in ((1, 1.5, 2, 3, 4, 5, 6, 8), (1, 2, 5), (1, 3), (1,)):
        inside = [step * 10.0**decade for decade in range(first, last + 1) for step in steps]
        inside = [value for value in inside if low <= value <= high]
        if len(inside) <= most:
            return inside
    every = -(-len(inside) // most)
    return inside[::every]


def set_log(axes: Axes, which: Literal["x", "y"], limits: tuple[float, float]) -> None:
    """Make one axis logarithmic, between two positive values."""
    from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

    values = ticks(*limits, most=5 if which == "x" else 7)
    if which == "x":
        axes.set_xscale("log")
        axes.set_xlim(limits)
    else:
        axes.set_yscale("log")
        axes.set_ylim(limits)
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(FixedLocator(values))
    axis.set_major_formatter(FixedFormatter([show(value) for value in values]))
    axis.set_minor_locator(NullLocator())
