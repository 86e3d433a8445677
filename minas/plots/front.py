"""The front in each pair of objectives, with dominated trials, random architectures, baselines, lines, confirmed figures."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from minas.analysis.front import non_dominated
from minas.analysis.pictures import WITHOUT_ACTION, Axis, FrontPicture, Mark, front_picture, outside
from minas.analysis.subjects import RunSubject
from minas.errors import UsageError
from minas.plots import Plot, _labels, _lines, _log_axis, _style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
Pair = tuple[int, int]
"""Which objective goes across, and which up."""
PANEL = (4.0, 3.7)
"""Width and height of a panel, inches."""

CONTROL = "random architectures (control)"
INITIAL = "random architectures (initial population)"
AVERAGE = "average random architecture (median)"
DOMINATED = "dominated trials"
FRONT = "front, validation samples"
CONFIRMED = "front, test samples (mean, 95% interval)"
PLAIN_BASELINE = "the same without the action in their loss"
BASELINE = "baselines, validation samples"
TESTED_BASELINE = "baselines, test samples (mean, 95% interval)"
LEGEND = [FRONT, CONFIRMED, DOMINATED, CONTROL, INITIAL, AVERAGE, TESTED_BASELINE, PLAIN_BASELINE, BASELINE]
"""In this order."""


def value(run: RunSubject) -> FrontPicture:
    """Work out what is shown of a run."""
    return front_picture(
        run.front,
        run.told,
        title=run.title,
        units=run.units,
        control=run.control,
        baselines=run.baselines,
        confirmation=run.confirmation,
        lines=run.lines,
        population=run.configuration.settings.population,
    )


def draw(info: FrontPicture) -> Figure:
    """Return a panel for each pair of objectives, the first of a pair upwards, the second across, and a column of lines.

    Raises:
        UsageError: there is only one objective.
    """
    pairs = [(across, up) for up, across in itertools.combinations(range(len(info.axes)), 2)]
    if not pairs:
        raise UsageError("a front is drawn in pairs of objectives, and this run has only one objective")
    columns = min(3, len(pairs))
    rows = -(-len(pairs) // columns)
    aside = _lines.WIDTH if info.lines else 0.0
    figure = _style.new_figure(max(PANEL[0] * columns, 8.0) + aside, PANEL[1] * rows + 1.3)
    panels, column = _cells(figure, pairs, rows, columns, info)
    for panel, pair in zip(panels, pairs, strict=True):
        _panel(panel, info, pair)
    if column is not None:
        _lines.draw(column, info.lines, info.axes[info.error])
    _style.title(figure, info.title)
    _legend(figure, panels[0], info)
    figure.draw_without_rendering()  # fixes the layout, so that names can be put where there is room
    for panel, pair in zip(panels, pairs, strict=True):
        _names(panel, info, pair)
    if column is not None:
        _lines.write(column, info.lines, info.axes[info.error])
    return figure


def _cells(figure: Figure, pairs: list[Pair], rows: int, columns: int, info: FrontPicture) -> tuple[list[Axes], Axes | None]:
    """Return a panel for each pair, and the column of lines: behind the first row's panels that show the error upwards."""
    if not info.lines:
        grid = figure.add_gridspec(rows, columns)
        return [figure.add_subplot(grid[divmod(number, columns)]) for number in range(len(pairs))], None
    behind = sum(up == info.error for _, up in pairs[:columns]) or columns
    widths = [PANEL[0]] * columns
    widths.insert(behind, _lines.WIDTH)
    grid = figure.add_gridspec(rows, columns + 1, width_ratios=widths)
    places = [divmod(number, columns) for number in range(len(pairs))]
    panels = [figure.add_subplot(grid[row, place + (place >= behind)]) for row, place in places]
    return panels, figure.add_subplot(grid[0, behind])


def _panel(panel: Axes, info: FrontPicture, pair: Pair) -> None:
    _style.plain(panel)
    _limits(panel, info.axes[pair[0]], info.axes[pair[1]])
    shrink = min(1.0, (300 / max(len(info.control), len(info.dominated), 1)) ** 0.5)
    faint: dict[str, Any] = {"linewidths": 0, "rasterized": True, "zorder": 2}
    random = CONTROL if info.random == "control" else INITIAL
    _scatter(panel, info, pair, info.control, random, s=17 * shrink, marker="^", color=_style.CONTROL, alpha=0.55, **faint)
    _scatter(panel, info, pair, info.dominated, DOMINATED, s=13 * shrink, color=_style.DOMINATED, alpha=0.5, **faint)
    if info.average is not None:
        bold: dict[str, Any] = {"s": 85, "marker": "^", "color": _style.CONTROL, "edgecolors": _style.INK, "linewidths": 1.1}
        _scatter(panel, info, pair, info.average[None], AVERAGE, zorder=3.5, **bold)
    members = _values(info.members, len(info.axes))
    _staircase(panel, _shown(members, info, pair))
    _scatter(panel, info, pair, members, FRONT, s=30, color=_style.SEARCH, edgecolors="white", linewidths=0.7, zorder=4)
    _confirmed(panel, info, pair, info.members, _style.CONFIRMED, CONFIRMED)
    hollow: dict[str, Any] = {"facecolors": "white", "edgecolors": _style.BASELINE, "linewidths": 1.2, "zorder": 4}
    _scatter(panel, info, pair, _values(_untested(info), len(info.axes)), BASELINE, s=34, marker="s", **hollow)
    twins = tuple(mark for mark in info.baselines if mark.name.endswith(WITHOUT_ACTION))
    for twin in twins:
        _tied(panel, info, pair, twin)
    _confirmed(panel, info, pair, twins, _style.MUTED, PLAIN_BASELINE)
    _confirmed(panel, info, pair, tuple(m for m in info.baselines if m not in twins), _style.BASELINE, TESTED_BASELINE)


def _tied(panel: Axes, info: FrontPicture, pair: Pair, twin: Mark) -> None:
    """Draw a line from a baseline to the same network trained without the action."""
    for mark in info.baselines:
        if mark.name + WITHOUT_ACTION == twin.name and np.isfinite([_tested(mark), _tested(twin)]).all():
            tie = _shown(np.array([_tested(mark), _tested(twin)]), info, pair)
            panel.plot(tie[:, 0], tie[:, 1], color=_style.MUTED, linewidth=0.8, linestyle=":", zorder=3)


def _limits(panel: Axes, x: Axis, y: Axis) -> None:
    panel.set_xlabel(x.label)
    panel.set_ylabel(y.label)
    if x.log:
        _log_axis.set_log(panel, "x", x.limits)
    else:
        panel.set_xlim(x.limits)
    if y.log:
        _log_axis.set_log(panel, "y", y.limits)
    else:
        panel.set_ylim(y.limits)


def _shown(table: Array, info: FrontPicture, pair: Pair) -> Array:
    """Return x and y, shape (rows, 2), of the rows that have both; 0 stands at the start of a logarithmic axis."""
    columns = []
    for place in pair:
        axis, values = info.axes[place], table[:, place]
        columns.append(np.where(values <= 0.0, axis.limits[0], values) if axis.log else values)
    points = np.stack(columns, axis=1)
    return np.asarray(points[np.isfinite(points).all(axis=1)], dtype=np.float64)


def _scatter(panel: Axes, info: FrontPicture, pair: Pair, table: Array, label: str, **style: Any) -> None:
    points = _shown(table, info, pair)
    if len(table):
        panel.scatter(points[:, 0], points[:, 1], label=label, **style)


def _values(marks: tuple[Mark, ...], axes: int) -> Array:
    return np.array([mark.values for mark in marks], dtype=np.float64).reshape(-1, axes)


def _tested(mark: Mark) -> Array:
    return np.array([np.nan if interval is None else interval.mean for interval in mark.test], dtype=np.float64)


def _untested(info: FrontPicture) -> tuple[Mark, ...]:
    """Return the baselines that have no figures on the test samples; the others are drawn by those."""
    return tuple(mark for mark in info.baselines if not np.isfinite(_tested(mark)).all())


def _staircase(panel: Axes, members: Array) -> None:
    """Draw the border of what the members dominate in this pair."""
    if len(members) < 2:
        return
    steps = np.unique(members[non_dominated(members)], axis=0)
    panel.step(steps[:, 0], steps[:, 1], where="post", color=_style.SEARCH, linewidth=1.0, alpha=0.6, zorder=3)


def _confirmed(panel: Axes, info: FrontPicture, pair: Pair, marks: tuple[Mark, ...], colour: str, label: str) -> None:
    """Draw means and intervals on the test samples, each tied to the same network's figures of the search."""
    known = [mark for mark in marks if np.isfinite(_tested(mark)).all()]
    if not known:
        return
    means = _shown(np.array([_tested(mark) for mark in known]), info, pair)
    for mark, mean in zip(known, means, strict=True):
        tie = np.vstack([*_shown(mark.values[None], info, pair), mean])
        if marks is info.members:
            panel.plot(tie[:, 0], tie[:, 1], color=colour, linewidth=0.8, alpha=0.6, zorder=3)
    across, up = (np.array([_arms(mark, place) for mark in known]).T for place in pair)
    style: dict[str, Any] = {"fmt": "D", "markersize": 5.5, "markerfacecolor": "white", "markeredgewidth": 1.3, "zorder": 5}
    lines: dict[str, Any] = {"color": colour, "elinewidth": 1.0, "capsize": 2.5, "label": label}
    panel.errorbar(means[:, 0], means[:, 1], xerr=across, yerr=up, **style, **lines)


def _arms(mark: Mark, place: int) -> tuple[float, float]:
    interval = mark.test[place]
    if interval is None or interval.low is None or interval.high is None:
        return 0.0, 0.0
    return max(interval.mean - interval.low, 0.0), max(interval.high - interval.mean, 0.0)


def _legend(figure: Figure, panel: Axes, info: FrontPicture) -> None:
    from matplotlib.collections import PathCollection

    handles, labels = panel.get_legend_handles_labels()
    entries = sorted(zip(labels, handles, strict=True), key=lambda entry: LEGEND.index(entry[0]))
    if not entries:
        return
    columns = min(3 if figure.get_figwidth() > 10 else 2, len(entries))
    legend = figure.legend(
        [handle for _, handle in entries],
        [label for label, _ in entries],
        loc="outside lower left",
        ncols=columns,
        frameon=False,
        fontsize=_style.SMALL_SIZE,
        labelcolor=_style.INK,
        alignment="left",
        title=_notes(info) or None,
        title_fontproperties={"size": _style.SMALL_SIZE},
    )
    legend.get_title().set_color(_style.MUTED)
    for handle in legend.legend_handles:
        if isinstance(handle, PathCollection):  # faint and small among thousands, but not here
            handle.set_sizes([30.0])
            handle.set_alpha(0.9)


def _notes(info: FrontPicture) -> str:
    notes = []
    if beyond := outside(info):
        subject = "1 trial lies" if beyond == 1 else f"{beyond} trials lie"
        notes.append(f"{subject} beyond an axis.")
    if info.average is not None and info.average[info.error] > info.axes[info.error].limits[1]:
        notes.append(f"So does the average random architecture, at {100 * info.average[info.error]:.1f}% error.")
    table = np.vstack([info.dominated, info.control, _values(info.members, len(info.axes))])
    zero = [axis.label.split(" (")[0] for place, axis in enumerate(info.axes) if axis.log and (table[:, place] <= 0).any()]
    if zero:
        notes.append(f"Points with 0 {' or '.join(zero)} stand at the start of the axis.")
    return " ".join(notes)


def _anchor(mark: Mark, info: FrontPicture) -> Array:
    """Return where a network's name belongs: a baseline's at its figures on the test samples, where it has them."""
    tested = _tested(mark)
    return tested if mark in info.baselines and np.isfinite(tested).all() else mark.values


def _names(panel: Axes, info: FrontPicture, pair: Pair) -> None:
    def points(rows: list[Array]) -> Array:
        return _shown(np.array(rows, dtype=np.float64).reshape(-1, len(info.axes)), info, pair)

    names = []
    for marks, colour in ((info.members, _style.SEARCH), (info.baselines, _style.BASELINE)):
        for mark in marks:
            at = points([_anchor(mark, info)])
            if mark.named and len(at) and (at[0] <= [panel.get_xlim()[1], panel.get_ylim()[1]]).all():
                names.append(_labels.Name(mark.name, float(at[0, 0]), float(at[0, 1]), colour))
    drawn = [row for mark in info.members for row in (mark.values, _tested(mark))]
    drawn += [] if info.average is None else [info.average]
    _labels.write(panel, names, points([*drawn, *(_anchor(mark, info) for mark in info.baselines)]))


PLOT = Plot(
    name="front",
    description="The front in each pair of objectives, beside random architectures.",
    of=RunSubject,
    value=value,
    draw=draw,
)
