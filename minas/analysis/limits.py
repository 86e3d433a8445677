"""From where to where an axis goes: what shows most, and is not pressed into a corner by what lies far off."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from minas.analysis.front import USEFUL
from minas.objectives import Bounds

Array = NDArray[np.float64]


def log_limits(columns: Sequence[Array]) -> tuple[float, float]:
    """From the lowest positive value to the highest, with a margin, and a decade at least."""
    values = np.concatenate(columns)
    values = values[np.isfinite(values) & (values > 0.0)]
    if len(values) == 0:
        return 0.1, 1.0
    low, high = float(values.min()), float(values.max())
    margin = max((high / low) ** 0.07 * 1.12, math.sqrt(10.0 * low / high))
    return low / margin, high * margin


def linear_limits(columns: Sequence[Array], named: Sequence[float], bound: Bounds | None) -> tuple[float, float]:
    """From the ideal bound or the lowest value to what shows the named values, the useful ones and three quarters of all.

    Without a bound it starts at 0 at the latest. Trials near chance would otherwise press everything else into the lower edge.

    Args:
        columns: all values that are drawn.
        named: those of networks with a name; NaN where unavailable.
        bound: bounds of the objective; without any, no value is known to be useful.
    """
    everything = np.concatenate(columns)
    everything = everything[np.isfinite(everything)]
    if len(everything) == 0:
        return 0.0, 1.0
    wanted = [value for value in named if math.isfinite(value)]
    most = -math.inf if bound is None else bound.ideal + USEFUL * (bound.reference - bound.ideal)
    useful = everything[everything <= most]
    wanted += [float(np.quantile(useful, 0.95))] if len(useful) else [float(np.quantile(everything, 0.75))]
    low, high = min(0.0 if bound is None else bound.ideal, float(everything.min()), *wanted), max(wanted)
    return low, high + 0.12 * (high - low) if high > low else low + 1.0


def reaching(limits: tuple[float, float], values: Sequence[float]) -> tuple[float, float]:
    """Return linear limits long enough for what an axis is compared with, as far as that leaves two thirds for the rest."""
    low, high = limits
    wanted = [value for value in values if math.isfinite(value) and high < value * 1.06 <= low + 1.5 * (high - low)]
    return (low, max(wanted) * 1.06) if wanted else limits
