"""The shares of architecture and strategy in the variance of log action, with the line that decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minas.analysis.ceiling import Verdict
from minas.analysis.study_pictures import StudySubject, VerdictPicture, verdict_picture
from minas.errors import UsageError
from minas.plots import Plot, _style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROWS = (
    ("architecture", True, -0.24, _style.SEARCH, "o", "architecture, at equal size (the verdict)"),
    ("architecture", False, -0.08, _style.SEARCH, "o", "architecture, size left in"),
    ("strategy", True, 0.10, _style.CONFIRMED, "D", "strategy, at equal size"),
    ("strategy", False, 0.26, _style.CONFIRMED, "D", "strategy, size left in"),
)
"""What, size taken out or not, how far from the domain's place, colour, mark and words."""


def value(study: StudySubject) -> VerdictPicture:
    """Work out the shares of a study.

    Raises:
        UsageError: no domain has any.
    """
    info = verdict_picture(study)
    if all(row.architecture is None for row in (*info.main.values(), *info.size_in.values())):
        raise UsageError("no domain of this study has architectures and strategies enough for shares, so nothing can be drawn")
    return info


def draw(info: VerdictPicture) -> Figure:
    """Return a row for each domain, with the verdict at its end."""
    figure = _style.new_figure(10.0, 1.7 + 0.95 * len(info.domains))
    panel = figure.subplots()
    _style.plain(panel)
    panel.grid(False, axis="y")
    panel.axvline(info.threshold, color=_style.INK, linewidth=1.2, linestyle="--", zorder=1)
    for what, size_out, aside, colour, mark, words in ROWS:
        verdicts = info.main if size_out else info.size_in
        filled = colour if size_out else "white"
        style: dict[str, Any] = {
            "color": colour,
            "marker": mark,
            "markerfacecolor": filled,
            "markersize": 6.5,
            "linestyle": "",
        }
        panel.plot([], [], label=words, **style)
        for place, domain in enumerate(info.domains):
            if domain in verdicts:
                _share(panel, verdicts[domain], what, place + aside, style)
    for place, domain in enumerate(info.domains):
        answer = info.main[domain].answer if domain in info.main else "not decided"
        panel.text(1.02, place, answer, va="center", fontsize=_style.TEXT_SIZE, color=_style.INK, fontweight="bold")
    panel.set_xlim(0.0, 1.0)
    panel.set_ylim(len(info.domains) - 0.5, -0.5)
    panel.set_yticks(range(len(info.domains)), info.domains)
    panel.set_xlabel(f"share of the variance of log action; the claim needs more than {info.threshold:g}")
    _style.title(figure, info.title)
    words_style: dict[str, Any] = {"ncols": 2, "frameon": False, "fontsize": _style.SMALL_SIZE, "labelcolor": _style.INK}
    figure.legend(loc="outside lower left", **words_style)
    return figure


def _share(panel: Axes, row: Verdict, what: str, place: float, style: dict[str, Any]) -> None:
    share, low, high = (getattr(row, f"{what}{end}") for end in ("", "_low", "_high"))
    if share is None:
        return
    panel.hlines(place, low, high, color=style["color"], linewidth=1.8, zorder=3)
    panel.plot([share], [place], zorder=4, clip_on=False, **style)


PLOT = Plot(
    name="verdict",
    description="Shares of architecture and strategy in the variance of log action, by domain.",
    of=StudySubject,
    value=value,
    draw=draw,
)
