"""The hypervolume over the trials of a search, with the control's where there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from minas.analysis.pictures import HypervolumePicture, hypervolume_picture
from minas.analysis.subjects import RunSubject
from minas.plots import Plot, _style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Curve = NDArray[np.float64]


def value(run: RunSubject) -> HypervolumePicture:
    """Work out the curves of a run."""
    return hypervolume_picture(
        run.told,
        run.configuration.objectives,
        run.configuration.bounds,
        title=run.title,
        control=run.control,
        population=run.configuration.settings.population,
    )


def draw(info: HypervolumePicture) -> Figure:
    """Return the curves: how much of the space between the bounds is dominated after each trial."""
    from matplotlib.ticker import MaxNLocator

    figure = _style.new_figure(8.0, 4.6)
    axes = figure.subplots()
    _style.plain(axes)
    _population(axes, info)
    _curve(axes, info.search, color=_style.SEARCH, linestyle="-", label="search")
    _curve(axes, info.control, color=_style.CONTROL, linestyle="--", label="random architectures (control)")
    _ends(axes, [(info.search, _style.SEARCH), (info.control, _style.CONTROL)])
    axes.set_xlim(0, max(len(info.search), len(info.control), 1) * 1.03)
    highest = max([*info.search[-1:], *info.control[-1:], 0.0])
    axes.set_ylim(0.0, highest * 1.15 if highest > 0 else 1.0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("trials")
    axes.set_ylabel("hypervolume (between fixed bounds)")
    _style.title(figure, info.title)
    if axes.get_legend_handles_labels()[0]:
        style: dict[str, Any] = {"ncols": 3, "frameon": False, "fontsize": _style.SMALL_SIZE, "labelcolor": _style.INK}
        figure.legend(loc="outside lower left", **style)
    return figure


def _curve(axes: Axes, values: Curve, **style: Any) -> None:
    if len(values) == 0:
        return
    trials = np.arange(len(values) + 1)
    axes.step(trials, np.concatenate([[0.0], values]), where="post", linewidth=1.8, **style)
    axes.plot(trials[-1], values[-1], marker="o", markersize=5, color=style["color"])


def _ends(axes: Axes, curves: list[tuple[Curve, str]]) -> None:
    """Write the last value of each curve: the highest one's above it, the other's below."""
    known = sorted(((values, colour) for values, colour in curves if len(values)), key=lambda curve: -curve[0][-1])
    for rank, (values, colour) in enumerate(known):
        style: dict[str, Any] = {"textcoords": "offset points", "ha": "right", "fontsize": _style.SMALL_SIZE, "color": colour}
        axes.annotate(f"{values[-1]:.3f}", (len(values), values[-1]), xytext=(0, 7 if rank == 0 else -16), **style)


def _population(axes: Axes, info: HypervolumePicture) -> None:
    if 0 < info.population < len(info.search):
        style: dict[str, Any] = {"color": _style.RULE, "alpha": 0.45, "linewidth": 0}
        axes.axvspan(0, info.population, label="initial population (random)", **style)


PLOT = Plot(
    name="hypervolume",
    description="The hypervolume over the trials, beside the control's.",
    of=RunSubject,
    value=value,
    draw=draw,
)
