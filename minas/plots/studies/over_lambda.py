"""Action and error over lambda, a column a domain, a line a family."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from minas.analysis.limits import log_limits
from minas.analysis.study_pictures import LAMBDA_RESPONSES, LambdaPicture, Point, StudySubject, lambda_picture
from minas.errors import UsageError
from minas.plots import Plot, _log_axis, _style
from minas.plots.studies._families import Look, legend, looks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def value(study: StudySubject) -> LambdaPicture:
    """Work out the lines of a study.

    Raises:
        UsageError: it has one lambda alone, or no complete cell.
    """
    info = lambda_picture(study)
    if len(info.lambdas) < 2 or not info.lines:
        raise UsageError("this study has one lambda alone, or no complete cell, so nothing can be drawn over lambda")
    return info


def draw(info: LambdaPicture) -> Figure:
    """Return a row for each response and a column for each domain; the grid of lambda is drawn as levels, evenly apart."""
    families = list(dict.fromkeys(family for _, _, family in info.lines))
    seen = looks(families)
    columns = len(info.domains)
    figure = _style.new_figure(max(6.0, min(11.0, 1.2 + 2.45 * columns)), 5.8)
    panels = figure.subplots(len(LAMBDA_RESPONSES), columns, squeeze=False, sharex=True)
    for row, (response, axis) in zip(panels, LAMBDA_RESPONSES.items(), strict=True):
        for panel, domain in zip(row, info.domains, strict=True):
            _style.plain(panel)
            lines = {
                family: info.lines[response, domain, family] for family in families if (response, domain, family) in info.lines
            }
            for place, (family, points) in enumerate(lines.items()):
                _line(panel, info.lambdas, points, seen[family], aside=0.07 * (place - (len(lines) - 1) / 2))
            if axis == "action" and lines:
                ends = [end for points in lines.values() for point in points for end in (point.low, point.high)]
                _log_axis.set_log(panel, "y", log_limits([np.array(ends)]))
            elif axis == "error":
                panel.set_ylim(bottom=max(0.0, panel.get_ylim()[0]))
        row[0].set_ylabel("error (validation)" if axis == "error" else axis)
    for panel, domain in zip(panels[0], info.domains, strict=True):
        panel.set_title(domain, fontsize=_style.TEXT_SIZE, color=_style.INK)
    for panel in panels[-1]:
        panel.set_xticks(range(len(info.lambdas)), [f"{weight:g}" for weight in info.lambdas])
        panel.set_xlim(-0.4, len(info.lambdas) - 0.6)
    panels[-1][0].set_xlabel("lambda")
    _style.title(figure, info.title)
    held = info.functional.replace("_", " ")
    legend(
        figure,
        families,
        lines=True,
        note=f"Loss: cross-entropy + lambda x {held}. Means over a family's architectures, 95% intervals.",
    )
    return figure


def _line(panel: Axes, grid: Sequence[float], points: Sequence[Point], look: Look, *, aside: float) -> None:
    places = [grid.index(point.lambda_) + aside for point in points]
    arms = [
        [max(point.mean - point.low, 0.0) for point in points],
        [max(point.high - point.mean, 0.0) for point in points],
    ]
    panel.errorbar(
        places,
        [point.mean for point in points],
        yerr=arms,
        color=look.colour,
        marker=look.mark,
        linestyle=look.line,
        linewidth=1.3,
        markersize=4.5,
        elinewidth=1.0,
        capsize=2.0,
    )


PLOT = Plot(
    name="over_lambda",
    description="Action and error over lambda in each domain, means of families with 95% intervals.",
    of=StudySubject,
    value=value,
    draw=draw,
)
