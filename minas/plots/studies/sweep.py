"""A sweep over lambda: accuracy, and the energies as multiples of what they are at lambda 0."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from minas.analysis.confirmation import Interval
from minas.analysis.pick import word
from minas.analysis.sweep_picture import SweepPanel, SweepPicture, SweepSubject, sweep_picture
from minas.analysis.sweep_verdicts import SHARES, weight_in_words
from minas.errors import UsageError
from minas.plots import Plot, _log_axis, _style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {"activation_energy": _style.SEARCH, "kinetic": _style.CONTROL, "potential": _style.CONFIRMED}
NAMES = {"activation_energy": "activation energy E", "kinetic": "kinetic energy T", "potential": "potential energy V"}
MARKS = {"activation_energy": "o", "kinetic": "s", "potential": "^"}
THICKER = {"activation_energy": 3.6}
"""Often two energies fall alike: the one that is drawn first is to be seen below the other."""
WIDTH, HEIGHT = 4.6, 4.2
"""Of one network with one functional, inches."""
NARROWEST = 8.2
"""Of the whole figure, inches."""
LETTERS = 48
"""In a line over a panel."""
APART = 1.0
"""How far lambda 0 stands left of the smallest other, decades."""


def draw(info: SweepPicture) -> Figure:
    """Return a row of panels for each network and a column for each functional.

    Raises:
        UsageError: the sweep has no lambda above 0, or nothing of it is complete.
    """
    if not any(error is not None for panel in info.panels.values() for error in panel.errors):
        raise UsageError("the sweep has no completed training to draw")
    rows, columns = len(info.instances), len(info.functionals)
    figure = _style.new_figure(max(NARROWEST, WIDTH * columns), HEIGHT * rows + 1.0)
    grid = figure.subplots(2 * rows, columns, squeeze=False, sharex="col", gridspec_kw={"height_ratios": [1.0, 1.6] * rows})
    for row, instance in enumerate(info.instances):
        for column, functional in enumerate(info.functionals):
            upper, lower = grid[2 * row][column], grid[2 * row + 1][column]
            panel = info.panels.get((instance, functional))
            if panel is None:
                upper.set_visible(False)
                lower.set_visible(False)
                continue
            name = textwrap.fill(f"{instance}, {word(functional)} in the loss", LETTERS if columns > 1 else 2 * LETTERS)
            upper.set_title(name, loc="left", fontsize=_style.TEXT_SIZE)
            _accuracy(upper, panel, info.error_limits[instance])
            _energies(lower, panel, info.ratio_limits)
            _lambdas(lower, panel, last=row == rows - 1)
            upper.tick_params(labelbottom=False, bottom=False)
            if column == 0:
                upper.set_ylabel("test accuracy")
                lower.set_ylabel("multiple of lambda 0")
    _style.title(figure, info.title)
    handles, labels = next(axes for axes in grid[1] if axes.get_visible()).get_legend_handles_labels()
    style: dict[str, Any] = {"ncols": 3, "frameon": False, "fontsize": _style.SMALL_SIZE, "labelcolor": _style.INK}
    figure.legend(handles, labels, loc="outside lower left", **style)
    return figure


def _accuracy(axes: Axes, panel: SweepPanel, limits: tuple[float, float]) -> None:
    """Draw test accuracy on an axis that is logarithmic in the error, so that 99% and 98% stand as far apart as 50% and 0%."""
    from matplotlib.ticker import FixedFormatter, FixedLocator

    _style.plain(axes)
    _log_axis.set_log(axes, "y", limits)
    ticks = _log_axis.ticks(*limits, most=6)
    axes.yaxis.set_major_locator(FixedLocator(ticks))
    axes.yaxis.set_major_formatter(FixedFormatter([f"{100 * (1 - tick):.4g}%" for tick in ticks]))
    axes.invert_yaxis()
    _line(axes, panel, panel.errors, color=_style.INK, marker="o")
    for weight, found, short in zip(panel.lambdas, panel.errors, panel.short, strict=True):
        if short:
            low = found is not None and found.mean < math.sqrt(limits[0] * limits[1])  # a mark near the top leaves room below
            style: dict[str, Any] = {"fontsize": _style.SMALL_SIZE - 1, "color": _style.CONFIRMED, "ha": "center"}
            place = (_place(weight, panel), 0.03 if low else 0.97)
            axes.annotate(
                f"{short} not\ncomplete", place, xycoords=axes.get_xaxis_transform(), va="bottom" if low else "top", **style
            )


def _energies(axes: Axes, panel: SweepPanel, limits: tuple[float, float]) -> None:
    _style.plain(axes)
    _log_axis.set_log(axes, "y", limits)
    for share in SHARES.values():
        if limits[0] < share < limits[1]:
            axes.axhline(share, color=_style.MUTED, linewidth=0.9, linestyle=(0, (4, 3)))
            style: dict[str, Any] = {"fontsize": _style.SMALL_SIZE - 1, "color": _style.MUTED, "va": "bottom", "ha": "left"}
            axes.annotate(f"{100 * share:g}%", (0.01, share), xycoords=("axes fraction", "data"), **style)
    for name, ratios in panel.ratios.items():
        _line(axes, panel, ratios, color=COLOURS[name], marker=MARKS[name], label=NAMES[name], thick=THICKER.get(name, 1.8))


def _line(
    axes: Axes,
    panel: SweepPanel,
    found: Sequence[Interval | None],
    *,
    color: str,
    marker: str,
    label: str | None = None,
    thick: float = 1.8,
) -> None:
    """Draw means with a band between the ends of their intervals; lambda 0 stands apart, joined by a dotted line."""
    known = [(weight, one) for weight, one in zip(panel.lambdas, found, strict=True) if one is not None]
    if not known:
        return
    across, heights = [_place(weight, panel) for weight, _ in known], [one.mean for _, one in known]
    low, high = ([_end(one, end) for _, one in known] for end in ("low", "high"))
    first = 1 if known[0][0] == 0 else 0
    style: dict[str, Any] = {"color": color, "zorder": 2 if thick > 2 else 3}
    axes.plot(across[first:], heights[first:], marker=marker, markersize=3 + thick, linewidth=thick, label=label, **style)
    axes.fill_between(across[first:], low[first:], high[first:], color=color, alpha=0.22, linewidth=0)
    arms = [
        [one - end for one, end in zip(heights, low, strict=True)],
        [end - one for one, end in zip(heights, high, strict=True)],
    ]
    axes.errorbar(across, heights, yerr=arms, fmt=marker, markersize=3 + thick, elinewidth=1.2, capsize=2.5, **style)
    if first:
        axes.plot(across[:2], heights[:2], linewidth=1.0, linestyle=":", **style)


def _end(found: Interval, end: str) -> float:
    value = found.low if end == "low" else found.high
    return found.mean if value is None else value


def _lambdas(axes: Axes, panel: SweepPanel, *, last: bool) -> None:
    """Name the lambdas below a panel, and break the axis between 0 and the smallest other."""
    from matplotlib.ticker import FixedFormatter, FixedLocator

    places = [_place(weight, panel) for weight in panel.lambdas]
    axes.xaxis.set_major_locator(FixedLocator(places))
    axes.xaxis.set_major_formatter(FixedFormatter([weight_in_words(weight) for weight in panel.lambdas]))
    axes.tick_params(labelbottom=True)
    axes.set_xlim(min(places) - 0.3, max(places) + 0.3)
    if panel.lambdas[0] == 0:
        style: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": _style.SMALL_SIZE, "color": _style.MUTED}
        box: dict[str, Any] = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
        axes.text(places[0] + APART / 2, 0.0, "//", transform=axes.get_xaxis_transform(), bbox=box, **style)
    if last:
        axes.set_xlabel("lambda: weight of the functional in the loss")


def _place(weight: float, panel: SweepPanel) -> float:
    """Return where a lambda stands: its decade; 0 one decade left of the smallest other."""
    if weight > 0:
        return math.log10(weight)
    return min(math.log10(other) for other in panel.lambdas if other > 0) - APART


PLOT = Plot(
    name="sweep",
    description="Accuracy and energies over the weight of the functional in the loss.",
    of=SweepSubject,
    value=sweep_picture,
    draw=draw,
)
