"""Names beside points, where they hide neither each other nor, as far as there is room, the points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minas.plots._style import SMALL_SIZE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

REACH = 8.0
"""The shortest distance of a text from its point, pixels."""
Box = tuple[float, float, float, float]  # left, bottom, right, top; pixels


class Name(NamedTuple):
    """A text to be written beside a point, in data coordinates."""

    text: str
    x: float
    y: float
    colour: str


def offsets() -> list[tuple[float, float]]:
    """Return where a text's centre may stand, as (direction across, direction up) times a distance; the best first."""
    near = [(1, 1), (1, 0), (1, -1), (-1, 1), (-1, 0), (-1, -1), (0, 1), (0, -1), (1, 0.5), (1, -0.5), (-1, 0.5), (-1, -0.5)]
    return [(across * far, up * far) for far in (1.0, 1.9, 3.0, 4.5, 6.5, 9.0, 12.0) for across, up in near]


def place(
    sizes: Sequence[tuple[float, float]], anchors: NDArray[np.float64], points: NDArray[np.float64], frame: Box
) -> list[Box]:
    """Choose a box for each text: the one that hides least.

    Args:
        sizes: width and height of each text, in pixels.
        anchors: shape (texts, 2): the points that they name, in pixels.
        points: shape (points, 2): what should stay visible, in pixels.
        frame: texts stay in here.

    Returns:
        The boxes, in the order of the texts.
    """
    boxes: list[Box] = []
    points = points.reshape(-1, 2)
    for (width, height), (x, y) in zip(sizes, anchors, strict=True):
        tried = []
        for rank, (across, up) in enumerate(offsets()):
            centre = x + np.sign(across) * width / 2 + across * REACH, y + np.sign(up) * height / 2 + up * REACH
            box = _box(*centre, width, height)
            hidden = sum(float(_inside(_leader(box, (x, y)), other).any()) for other in boxes)
            tried.append((_cost(box, boxes, points, frame) + 150.0 * hidden + 0.3 * rank, rank, box))
        boxes.append(min(tried)[2])
        points = np.vstack([points, _leader(boxes[-1], (x, y))])
    return boxes


def _box(x: float, y: float, width: float, height: float) -> Box:
    return float(x - width / 2), float(y - height / 2), float(x + width / 2), float(y + height / 2)


def _leader(box: Box, anchor: tuple[float, float]) -> NDArray[np.float64]:
    """Return points on the line from a text to what it names, outside the text, shape (points, 2)."""
    centre = np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2])
    line = centre + np.linspace(0.0, 1.0, 12)[:, None] * (np.array(anchor) - centre)
    return np.asarray(line[~_inside(line, box)], dtype=np.float64)


def _inside(points: NDArray[np.float64], box: Box, margin: float = 0.0) -> NDArray[np.bool_]:
    low, high = np.array(box[:2]) - margin, np.array(box[2:]) + margin
    return np.asarray(((points > low) & (points < high)).all(axis=1), dtype=np.bool_)


def _cost(box: Box, others: Sequence[Box], points: NDArray[np.float64], frame: Box) -> float:
    left, bottom, right, top = box
    beyond = max(frame[0] - left, 0) + max(frame[1] - bottom, 0) + max(right - frame[2], 0) + max(top - frame[3], 0)
    overlaps = sum(left < o[2] and o[0] < right and bottom < o[3] and o[1] < top for o in others)
    return 1e4 * (beyond > 0) + 10 * beyond + 300.0 * overlaps + 5.0 * float(_inside(points, box, 4.0).sum())


def write(axes: Axes, names: Sequence[Name], points: NDArray[np.float64]) -> None:
    """Write names beside their points.

    Args:
        axes: with final limits, in a figure that has been laid out.
        names: what to write and where.
        points: shape (points, 2), data coordinates: what should stay visible.
    """
    from matplotlib.patheffects import withStroke

    if not names:
        return
    renderer = axes.figure.canvas.get_renderer()  # type: ignore[attr-defined]
    texts = [axes.text(0, 0, n.text, fontsize=SMALL_SIZE, color=n.colour, ha="center", va="center", zorder=6) for n in names]
    sizes = [(box.width + 4, box.height + 2) for box in (text.get_window_extent(renderer) for text in texts)]
    for text in texts:
        text.remove()
    anchors = axes.transData.transform([(name.x, name.y) for name in names])
    visible = axes.transData.transform(points) if len(points) else np.empty((0, 2))
    boxes = place(
        sizes, anchors, visible, (float(axes.bbox.x0), float(axes.bbox.y0), float(axes.bbox.x1), float(axes.bbox.y1))
    )
    for name, box, anchor in zip(names, boxes, anchors, strict=True):
        centre = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        points_ = (np.array(centre) - anchor) * 72.0 / axes.figure.dpi
        axes.annotate(
            name.text,
            (name.x, name.y),
            xytext=tuple(points_),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=SMALL_SIZE,
            color=name.colour,
            zorder=6,
            path_effects=[withStroke(linewidth=2.5, foreground="white")],
            arrowprops={"arrowstyle": "-", "color": name.colour, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 3},
        ).set_in_layout(False)
