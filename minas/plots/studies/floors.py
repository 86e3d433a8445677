"""Each architecture's energy floor against its FLOPs, a panel a domain, coloured by family."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from minas.analysis.limits import log_limits
from minas.analysis.study_pictures import FloorsPicture, StudySubject, floors_picture
from minas.errors import UsageError
from minas.plots import Plot, _log_axis, _style
from minas.plots.studies._families import legend, looks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Points = dict[str, tuple[tuple[float, float], ...]]


def value(study: StudySubject) -> FloorsPicture:
    """Work out the floors of a study.

    Raises:
        UsageError: no architecture has one.
    """
    info = floors_picture(study)
    if not info.points:
        raise UsageError("no architecture of this study has an energy floor, so there is nothing to draw")
    return info


def draw(info: FloorsPicture) -> Figure:
    """Return a panel for each domain, both axes logarithmic."""
    families = list(dict.fromkeys(family for own in info.points.values() for family in own))
    columns = min(2, len(info.points))
    rows = -(-len(info.points) // columns)
    figure = _style.new_figure(max(6.5, 4.8 * columns), 3.1 * rows + 1.2)
    panels = [panel for row in figure.subplots(rows, columns, squeeze=False) for panel in row]
    for panel in panels[len(info.points) :]:
        panel.remove()
    for number, (domain, own) in enumerate(info.points.items()):
        _panel(panels[number], domain, own)
        if number % columns == 0:
            panels[number].set_ylabel("least action within the limit on the error")
    _style.title(figure, info.title)
    lacking = "" if not info.without else f"{info.without} without a floor {'is' if info.without == 1 else 'are'} not drawn."
    legend(figure, families, lines=False, note=f"Each mark is an architecture. {lacking}".strip())
    return figure


def _panel(panel: Axes, domain: str, own: Points) -> None:
    _style.plain(panel)
    for family, look in looks(own).items():
        flops, action = np.array(own[family]).T
        panel.scatter(
            flops, action, s=34, marker=look.mark, color=look.colour, alpha=0.85, edgecolors="white", linewidths=0.6, zorder=3
        )
    everything = np.array([point for points in own.values() for point in points])
    _log_axis.set_log(panel, "x", log_limits([everything[:, 0]]))
    _log_axis.set_log(panel, "y", log_limits([everything[:, 1]]))
    panel.set_title(domain, fontsize=_style.TEXT_SIZE, color=_style.INK)
    panel.set_xlabel("FLOPs (multiply-accumulates)")


PLOT = Plot(
    name="floors",
    description="The energy floor of each architecture against its FLOPs, by domain and family.",
    of=StudySubject,
    value=value,
    draw=draw,
)
