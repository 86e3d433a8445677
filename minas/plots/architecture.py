"""One topology: its stages as boxes from left to right, each node with its FLOPs and its action."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from minas.analysis.layout import HEIGHT, Point
from minas.analysis.quantities import show
from minas.analysis.subjects import ArchitectureSubject
from minas.analysis.topology import ArchitecturePicture, NodePicture, StagePicture, architecture_picture
from minas.plots import Plot, _style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

NODE = 0.92
"""Width of a node's box, of a place 1 across."""
MARGIN = 0.2
BETWEEN = 0.34
END = 0.98
"""Width of the boxes for the input, the stem and the head."""
TOP = -HEIGHT / 2 - MARGIN
"""Where a stage's box begins; its entry's centre is at 0."""
HEADING = 0.28
ACROSS, DOWN = 1.06, 1.08
"""Inches of a place across, and of a layer down."""
LEAST = 9.0
"""The least width of the figure, inches."""
LONG = 12
"""Letters of an operator's name from which on it takes two lines."""
NO_ACTION = (
    "No action on the nodes: that takes trained weights, kept for members of the front (minas front RUN), and the task's data."
)


def value(subject: ArchitectureSubject) -> ArchitecturePicture:
    """Work out what is shown of an architecture."""
    return architecture_picture(
        subject.architecture,
        shape=subject.task.shape,
        classes=len(subject.task.classes),
        title=subject.title,
        action=subject.action,
        note="" if subject.action else NO_ACTION,
    )


def draw(info: ArchitecturePicture) -> Figure:
    """Return the drawing of one architecture; the figure is as large as its stages ask for."""
    from matplotlib import colormaps

    layers = max(stage.layout.layers for stage in info.stages)
    widths = [max(stage.layout.width, 1.7) + 2 * MARGIN for stage in info.stages]
    ends = 2 if info.stem is None else 3
    across = sum(widths) + BETWEEN * (len(widths) + ends - 1) + ends * END
    bottom = max(_bottom(layers), HEIGHT / 2)
    spare = max(0.0, LEAST / ACROSS - across) / 2
    figure = _style.new_figure((across + 2 * spare) * ACROSS, (bottom - TOP + HEADING) * DOWN + 1.25)
    axes = figure.subplots()
    axes.set_axis_off()
    axes.set_xlim(-0.05 - spare, across + 0.05 + spare)
    axes.set_ylim(bottom + 0.05, TOP - HEADING)
    colours = colormaps["Blues"].resampled(256)
    _style.title(figure, info.title)
    _stages(axes, info, widths, colours)
    _scale(figure, axes, info, colours)
    return figure


def _stages(axes: Axes, info: ArchitecturePicture, widths: list[float], colours: Colormap) -> None:
    most = _most(info)
    _text_box(axes, (END / 2, 0.0), END, ["input", _shape(info.input_shape)], "white", _style.INK)
    left, came = END + BETWEEN, (END, 0.0)
    if info.stem is not None:
        tall = HEIGHT + 1.6 * MARGIN  # it names its attributes, and below it is room
        _node(axes, (left + END / 2, 0.0), END, info.stem, colours, most, list(info.stem.details), tall)
        _between(axes, came, (left, 0.0), left - BETWEEN / 2, into_side=True)
        left, came = left + END + BETWEEN, (left + END, 0.0)
    for number, (stage, width) in enumerate(zip(info.stages, widths, strict=True)):
        entry, output = _stage(axes, stage, number, left, width, colours, most)
        _between(axes, came, entry, left - BETWEEN / 2)
        came, left = output, left + width + BETWEEN
    head = (left + END / 2, 0.0)
    _node(axes, head, END, info.head, colours, most, [f"{info.classes} classes"])
    _between(axes, came, (left, 0.0), left - BETWEEN / 2, into_side=True)


def _stage(
    axes: Axes, stage: StagePicture, number: int, left: float, width: float, colours: Colormap, most: float
) -> tuple[Point, Point]:
    """Draw a stage, and return where its entry is entered, and where its output leaves."""
    from matplotlib.patches import FancyBboxPatch

    layout = stage.layout
    style: dict[str, Any] = {"boxstyle": "round,pad=0,rounding_size=0.08", "facecolor": "#f6f6f6", "edgecolor": _style.RULE}
    axes.add_patch(FancyBboxPatch((left, TOP), width, _bottom(layout.layers) - TOP, zorder=0, **style))
    heading = f"stage {number + 1}:  width {stage.shape[0]}, {_shape(stage.shape[1:])}"
    axes.text(
        left + width / 2, TOP - HEADING / 2, heading, ha="center", va="center", fontsize=_style.TEXT_SIZE, color=_style.INK
    )
    shift = left + (width - layout.width) / 2
    for edge, route in layout.routes.items():
        _edge(axes, [(x + shift, y) for x, y in route], "-" if edge[1] == len(stage.nodes) else "-|>")
    centres = [(x + shift, y) for x, y in layout.centres]
    for centre, node in zip(centres, stage.nodes, strict=False):
        _node(axes, centre, NODE, node, colours, most, [])
    output = centres[-1][0], centres[-1][1] - HEIGHT / 2
    axes.plot(*output, marker="o", markersize=7, color=_style.INK, zorder=4)
    return (centres[0][0], -HEIGHT / 2), output


def _bottom(layers: int) -> float:
    """Return where a stage's box ends: below its output, which stands where the boxes of its layer would begin."""
    return layers - 1 - HEIGHT / 2 + MARGIN


def _edge(axes: Axes, points: list[Point], arrow: str) -> None:
    """Draw an edge: straight down through its lanes, and a smooth bend from one layer to the next."""
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    vertices, codes = [points[0]], [int(Path.MOVETO)]
    for place, ((x0, y0), (x1, y1)) in enumerate(itertools.pairwise(points)):
        if place % 2:
            vertices.append((x1, y1))
            codes.append(int(Path.LINETO))
        else:
            bend = (y1 - y0) * 0.55
            vertices += [(x0, y0 + bend), (x1, y1 - bend), (x1, y1)]
            codes += [int(Path.CURVE4)] * 3
    style: dict[str, Any] = {"arrowstyle": arrow, "mutation_scale": 9, "shrinkA": 0, "shrinkB": 0, "joinstyle": "miter"}
    axes.add_patch(FancyArrowPatch(path=Path(vertices, codes), color=_style.MUTED, linewidth=1.2, zorder=2, **style))


def _between(axes: Axes, start: Point, end: Point, column: float, *, into_side: bool = False) -> None:
    """Draw the way from one box to the next: up the column between them, over the next one's top, and into it."""
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    over = end[1] - MARGIN * 0.55
    corners = (
        [start, (column, start[1]), (column, end[1]), end]
        if into_side
        else [start, (column, start[1]), (column, over), (end[0], over), end]
    )
    style: dict[str, Any] = {"arrowstyle": "-|>", "mutation_scale": 11, "shrinkA": 0, "shrinkB": 0, "joinstyle": "round"}
    axes.add_patch(FancyArrowPatch(path=Path(corners), color=_style.INK, linewidth=1.4, zorder=2, fill=False, **style))


def _node(
    axes: Axes,
    centre: Point,
    width: float,
    node: NodePicture,
    colours: Colormap,
    most: float,
    extra: list[str],
    height: float = HEIGHT,
) -> None:
    names = node.operator.split(" ", 1) if len(node.operator) > LONG else [node.operator]
    lines = [*names, *extra, f"{show(node.flops)} FLOPs" if node.flops else "no FLOPs"]
    if node.action is not None:
        lines.append(f"action {show(node.action)}")
    depth = 0.04 + 0.76 * (node.share / most)
    _text_box(axes, centre, width, lines, colours(depth), "white" if depth > 0.55 else _style.INK, len(names), height)


def _text_box(
    axes: Axes, centre: Point, width: float, lines: list[str], fill: Any, ink: str, bold: int = 1, height: float = HEIGHT
) -> None:
    from matplotlib.patches import FancyBboxPatch

    corner = centre[0] - width / 2, centre[1] - height / 2
    style: dict[str, Any] = {"boxstyle": "round,pad=0,rounding_size=0.07", "edgecolor": _style.MUTED, "linewidth": 0.9}
    axes.add_patch(FancyBboxPatch(corner, width, height, facecolor=fill, zorder=3, **style))
    pitch = height / (len(lines) + 0.6)
    for place, line in enumerate(lines):
        y = centre[1] + (place - (len(lines) - 1) / 2) * pitch
        weight, size = ("bold", _style.TEXT_SIZE) if place < bold else ("normal", _style.SMALL_SIZE)
        size = min(size, (93 if place < bold else 105) * width / max(len(line), 1), pitch * DOWN * 72 * 0.86)
        axes.text(centre[0], y, line, ha="center", va="center", fontsize=size, weight=weight, color=ink, zorder=5)


def _shape(shape: tuple[int, ...]) -> str:
    return " × ".join(str(length) for length in shape)  # noqa: RUF001


def _most(info: ArchitecturePicture) -> float:
    ends = [info.head.share, 0.0 if info.stem is None else info.stem.share]
    return max([*ends, *(node.share for stage in info.stages for node in stage.nodes)]) or 1.0


def _scale(figure: Figure, axes: Axes, info: ArchitecturePicture, colours: Colormap) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import ListedColormap, Normalize
    from matplotlib.ticker import PercentFormatter

    shown = ListedColormap([colours(0.04 + 0.76 * step / 127) for step in range(128)])
    mappable = ScalarMappable(Normalize(0.0, _most(info)), shown)
    bar = figure.colorbar(mappable, ax=axes, location="bottom", fraction=0.035, pad=0.01, aspect=45, shrink=0.5)
    word = "action" if info.coloured == "action" else "FLOPs"
    note = f"share of the network's {word}.  Several edges into a node or a stage's output (dot): their mean."
    bar.set_label("\n".join(filter(None, [note, info.note])), fontsize=_style.SMALL_SIZE, color=_style.INK)
    bar.ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    bar.ax.tick_params(labelsize=_style.SMALL_SIZE, colors=_style.INK)
    bar.outline.set_edgecolor(_style.RULE)


PLOT = Plot(
    name="architecture",
    description="One topology, with FLOPs and action on its nodes.",
    of=ArchitectureSubject,
    value=value,
    draw=draw,
)
