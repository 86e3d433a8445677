"""The narrow column of a field's lines: methods without a network, which have an error and no place on any other axis."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minas.analysis.pictures import Axis, Rung
from minas.plots import _style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH = 1.75
"""Of the column, inches."""
TITLE = "lines of the field,\ntest samples\n(95% interval)"
LETTERS = 14
"""In a row of a name."""
FIRST, STEP, GAP = 0.06, 0.055, 0.07
"""Where the first mark stands, how far the next beside it, and names behind the last one: shares of the width."""


def draw(panel: Axes, lines: Sequence[Rung], axis: Axis) -> None:
    """Draw the marks; `write` adds their names once the figure is laid out.

    Args:
        panel: the column.
        lines: from the least error on.
        axis: of the error, as the panels beside it have it.
    """
    _style.plain(panel)
    panel.set_ylim(axis.limits)
    panel.set_xlim(0.0, 1.0)
    panel.set_xlabel(TITLE)
    panel.xaxis.label.set_fontsize(_style.SMALL_SIZE)
    panel.tick_params(bottom=False, labelbottom=False, left=False, labelleft=False)
    panel.spines["bottom"].set_visible(False)
    panel.grid(False, axis="x")
    style: dict[str, Any] = {"color": _style.LINE, "elinewidth": 1.0, "capsize": 2.5, "zorder": 5}
    for number, line in enumerate(lines):
        place = FIRST + STEP * number
        if line.value <= axis.limits[1]:
            arms = [[line.value - line.low], [line.high - line.value]]
            panel.errorbar([place], [line.value], yerr=arms, fmt="o", markersize=4.5, **style)
        else:
            panel.plot([place], [axis.limits[1]], marker="^", markersize=6, color=_style.LINE, zorder=5, clip_on=False)


def write(panel: Axes, lines: Sequence[Rung], axis: Axis) -> None:
    """Write each line's name and figure beside its mark, apart from one another; those beyond the axis stand at its end.

    Args:
        panel: the column, in a figure that has been laid out.
        lines: as in `draw`.
        axis: likewise.
    """
    renderer = panel.figure.canvas.get_renderer()  # type: ignore[attr-defined]
    texts = [_words(line, beyond=line.value > axis.limits[1]) for line in lines]
    at = [min(line.value, axis.limits[1]) for line in lines]
    style: dict[str, Any] = {"fontsize": _style.SMALL_SIZE, "color": _style.LINE, "va": "center", "linespacing": 1.05}
    begin = FIRST + STEP * (len(lines) - 1) + GAP
    drawn = [panel.text(begin, 0.0, text, **style) for text in texts]
    heights = [text.get_window_extent(renderer).height + 3 for text in drawn]
    marks = [float(panel.transData.transform((0.0, value))[1]) for value in at]
    places = apart(marks, heights, low=float(panel.bbox.y0), high=float(panel.bbox.y1))
    for number, (text, mark, place) in enumerate(zip(drawn, marks, places, strict=True)):
        (_, own), (_, there) = (panel.transData.inverted().transform((0.0, pixel)) for pixel in (mark, place))
        text.set_position((begin, float(there)))
        text.set_in_layout(False)
        tie = [FIRST + STEP * number + 0.02, begin - 0.015], [float(own), float(there)]
        panel.plot(*tie, color=_style.LINE, linewidth=0.6, zorder=4, clip_on=False)[0].set_in_layout(False)


def apart(wanted: Sequence[float], heights: Sequence[float], *, low: float, high: float) -> list[float]:
    """Return the middles of boxes, as near to where they are wanted as lets none overlap; ascending, as they are given.

    Args:
        wanted: their wanted middles, ascending.
        heights: their heights.
        low: the lowest end.
        high: the highest end; where there are too many boxes, they go beyond.
    """
    places = [max(place, low + height / 2) for place, height in zip(wanted, heights, strict=True)]
    groups: list[tuple[list[int], float]] = []  # boxes that touch, with the middle of all
    for number, place in enumerate(places):
        group, middle = [number], place
        while groups and _top(groups[-1], heights) > middle - sum(heights[i] for i in group) / 2:
            before, _ = groups.pop()
            group = before + group
            middle = _middle(group, places, heights)
            middle = max(middle, low + sum(heights[i] for i in group) / 2)
        groups.append((group, middle))
    out = [0.0] * len(places)
    ceiling = high
    for group, middle in reversed(groups):
        total = sum(heights[i] for i in group)
        middle = max(min(middle, ceiling - total / 2), low + total / 2)
        foot = middle - total / 2
        ceiling = foot
        for number in group:
            out[number] = foot + heights[number] / 2
            foot += heights[number]
    return out


def _top(group: tuple[list[int], float], heights: Sequence[float]) -> float:
    return group[1] + sum(heights[i] for i in group[0]) / 2


def _middle(group: Sequence[int], places: Sequence[float], heights: Sequence[float]) -> float:
    """Return the middle of a group at which its boxes are on average where they are wanted."""
    total = sum(heights[i] for i in group)
    before = np.cumsum([0.0, *(heights[i] for i in group)])[:-1]
    return float(np.mean([places[i] - (gone + heights[i] / 2) + total / 2 for i, gone in zip(group, before, strict=True)]))


def _words(line: Rung, *, beyond: bool) -> str:
    figure = f"{100 * line.value:.1f}%"
    return "\n".join(textwrap.wrap(f"{line.name} {figure}{' (beyond)' if beyond else ''}", LETTERS))
