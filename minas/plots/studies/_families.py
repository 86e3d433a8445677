"""How a study's families look: a colour (Okabe and Ito), a mark and a line each, so that none hangs on the colour alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from minas.plots import _style

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Look(NamedTuple):
    """A family's colour, mark and line."""

    colour: str
    mark: str
    line: Literal["-", "--", "-.", ":"]


KNOWN = {
    "conventional": Look(_style.INK, "s", "-"),
    "energy-first": Look(_style.CONFIRMED, "D", "--"),
    "random": Look(_style.CONTROL, "^", ":"),
    "front": Look(_style.SEARCH, "o", "-."),
}
OTHERS = (Look("#007A5A", "v", "-"), Look("#CC79A7", "P", "--"), Look("#56B4E9", "X", ":"), Look(_style.MUTED, "<", "-."))


def looks(families: Iterable[str]) -> dict[str, Look]:
    """Return each family's look; beyond the eight that there are, they come round again."""
    unknown = iter([name for name in dict.fromkeys(families) if name not in KNOWN])
    own = {name: OTHERS[place % len(OTHERS)] for place, name in enumerate(unknown)}
    return {name: KNOWN[name] if name in KNOWN else own[name] for name in dict.fromkeys(families)}


def legend(figure: Figure, families: Sequence[str], *, lines: bool, note: str = "") -> None:
    """Write the families below a figure, with a note over them where there is one."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=look.colour, marker=look.mark, linestyle=look.line if lines else "", markersize=5.5, label=name)
        for name, look in looks(families).items()
    ]
    style: dict[str, Any] = {"frameon": False, "fontsize": _style.SMALL_SIZE, "labelcolor": _style.INK, "alignment": "left"}
    drawn = figure.legend(
        handles=handles,
        loc="outside lower left",
        ncols=max(1, min(4, len(handles))),
        title=note or None,
        title_fontproperties={"size": _style.SMALL_SIZE},
        **style,
    )
    drawn.get_title().set_color(_style.MUTED)
