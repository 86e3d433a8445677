"""How all plots look: colours that colour-blind readers can tell apart (Okabe and Ito), sizes, and an empty figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#222222"
MUTED = "#6b6b6b"
RULE = "#d9d9d9"
SEARCH = "#0072B2"
CONTROL = "#E69F00"
BASELINE = "#222222"
CONFIRMED = "#D55E00"
LINE = "#007A5A"
DOMINATED = "#9a9a9a"
TITLE_SIZE = 12.0
TEXT_SIZE = 10.0
SMALL_SIZE = 9.0


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure, in inches, that keeps its parts apart and inside."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.set(w_pad=0.08, h_pad=0.08)  # type: ignore[call-arg]
    return figure


def title(figure: Figure, text: str) -> None:
    """Write the words over a figure, left-aligned, on as many lines as its width asks for."""
    import textwrap

    letters = int(figure.get_figwidth() * 72 / (TITLE_SIZE * 0.56))
    figure.suptitle("\n".join(textwrap.wrap(text, letters)), x=0.008, ha="left", fontsize=TITLE_SIZE, color=INK)


def plain(axes: Axes) -> None:
    """Leave the two axis lines and a faint grid."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(MUTED)
    axes.grid(True, which="major", color=RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=SMALL_SIZE, colors=INK)
    axes.xaxis.label.set_fontsize(TEXT_SIZE)
    axes.yaxis.label.set_fontsize(TEXT_SIZE)
