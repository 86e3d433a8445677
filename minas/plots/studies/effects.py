"""How much of the error and of the action each factor explains: partial eta squared with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from minas.analysis.study_pictures import Bar, EffectsPicture, StudySubject, effects_picture
from minas.errors import UsageError
from minas.plots import Plot, _style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TITLES = {"error": "error", "log_action": "log action"}


def value(study: StudySubject) -> EffectsPicture:
    """Work out the bars of a study.

    Raises:
        UsageError: neither response has a table.
    """
    info = effects_picture(study)
    if not info.panels:
        raise UsageError("no effect on error or action could be tested in this study, so there is nothing to draw")
    return info


def draw(info: EffectsPicture) -> Figure:
    """Return a panel for each response, a bar for each effect."""
    terms = list(dict.fromkeys(bar.term for bars in info.panels.values() for bar in bars))
    figure = _style.new_figure(10.0, 1.9 + 0.27 * len(terms))
    panels = figure.subplots(1, len(info.panels), sharey=True, squeeze=False)[0]
    for panel, (response, bars) in zip(panels, info.panels.items(), strict=True):
        _panel(panel, terms, bars, TITLES.get(response, response))
    _style.title(figure, info.title)
    handles, labels = panels[0].get_legend_handles_labels()
    style: dict[str, Any] = {"ncols": 4, "frameon": False, "fontsize": _style.SMALL_SIZE, "labelcolor": _style.INK}
    figure.legend(handles, labels, loc="outside lower left", **style)
    return figure


def _panel(panel: Axes, terms: Sequence[str], bars: Sequence[Bar], title: str) -> None:
    _style.plain(panel)
    panel.grid(False, axis="y")
    places = [terms.index(bar.term) for bar in bars]
    panel.barh(places, [bar.eta for bar in bars], height=0.62, color="#9ecae1", label="partial eta squared", zorder=2)
    panel.hlines(
        places,
        [bar.low for bar in bars],
        [bar.high for bar in bars],
        color=_style.INK,
        linewidth=1.6,
        label="95% interval",
        zorder=4,
    )
    omegas: dict[str, Any] = {"marker": "o", "s": 22, "facecolors": "white", "edgecolors": _style.SEARCH, "linewidths": 1.3}
    panel.scatter([max(bar.omega, 0.0) for bar in bars], places, label="partial omega squared", zorder=5, **omegas)
    paper = [(bar.paper, place) for bar, place in zip(bars, places, strict=True) if bar.paper is not None]
    if paper:
        figures, rows = zip(*paper, strict=True)
        panel.scatter(
            figures, rows, marker="D", s=34, color=_style.CONFIRMED, label="the paper's figure", zorder=6, clip_on=False
        )
    panel.set_xlim(0.0, 1.0)
    panel.set_ylim(len(terms) - 0.4, -0.6)
    panel.set_yticks(range(len(terms)), terms)
    panel.set_xlabel(f"share of the variance of {title}")


PLOT = Plot(
    name="effects",
    description="Partial eta squared of each effect on error and log action, with 95% intervals.",
    of=StudySubject,
    value=value,
    draw=draw,
)
