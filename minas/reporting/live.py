"""The terminal while a run works: a progress bar with the time left, and the current front as a live table."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from minas.analysis.quantities import show

if TYPE_CHECKING:
    from rich.console import Group

    from minas.evolution.session import Progress

MOST_ROWS = 10
"""Members of the front that the live table shows."""

REDRAW = 0.5
"""Seconds between two drawings: the terminal must not take time from the workers."""

LINE_EVERY = 10.0
"""Seconds between two lines where the output is no terminal."""

WORDS = {
    "starting": "starting workers",
    "search": "searching",
    "control": "random control",
    "confirmation": "confirming on test data",
    "baselines": "training baselines",
    "study": "training cells",
    "finishing": "plots and tables",
}


class Live:
    """A listener for `minas.search`; use it as a context manager.

    On a terminal it draws; elsewhere it prints a line now and then, to standard error.

    Args:
        quiet: say nothing.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._display: Any = None
        self._last = 0.0
        self._began: Progress | None = None

    def __enter__(self) -> Live:
        if not self._quiet and sys.stderr.isatty():
            from rich.console import Console
            from rich.live import Live as RichLive

            self._display = RichLive(console=Console(stderr=True), auto_refresh=False, transient=True)
            self._display.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._display is not None:
            self._display.stop()

    def __call__(self, progress: Progress) -> None:
        """Show where the run stands."""
        if self._quiet:
            return
        now = time.monotonic()
        changed = self._began is None or progress.phase != self._began.phase
        if changed:
            self._began = progress
        if progress.note:
            self._say(f"note: {progress.note}")
        if self._display is not None:
            if changed or now - self._last >= REDRAW:
                self._last = now
                self._display.update(_drawing(progress, self._began), refresh=True)
        elif changed or now - self._last >= LINE_EVERY:
            self._last = now
            self._say(line(progress, self._began))

    def started(self, folder: Path) -> None:
        """Say where the run is written, so that even one that is killed can be found."""
        if not self._quiet:
            self._say(f"writing to {folder}")

    def finishing(self) -> None:
        """Take the display away: what follows is printed."""
        if self._display is not None:
            self._display.stop()

    def _say(self, text: str) -> None:
        if self._display is not None:
            self._display.console.print(text, highlight=False)
        else:
            print(text, file=sys.stderr, flush=True)


def line(progress: Progress, began: Progress | None = None) -> str:
    """Return one line that says where a run stands; `began` is where it stood when this phase began."""
    parts = [WORDS[progress.phase]]
    if progress.asked:
        parts.append(f"{progress.told} trials" + (f" of {progress.of}" if progress.of else ""))
    if progress.front is not None:
        parts.append(f"{len(progress.front.members)} on the front, hypervolume {progress.front.hypervolume:.3f}")
    left = time_left(progress, began)
    if left is not None:
        parts.append(f"{clock(left)} left")
    return ", ".join(parts)


def time_left(progress: Progress, began: Progress | None = None) -> float | None:
    """Return the seconds that a run should still take by its clock, else its phase by the pace since it began."""
    if progress.left is not None:
        return progress.left
    told, spent = (0, 0.0) if began is None else (began.told, began.spent)
    if progress.of and progress.told > told:
        return (progress.spent - spent) * (progress.of - progress.told) / (progress.told - told)
    return None


def clock(seconds: float) -> str:
    """Return seconds as minutes and seconds, or hours and minutes."""
    whole = round(seconds)
    if whole >= 3600:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 60}m{whole % 60:02d}s"


def _drawing(progress: Progress, began: Progress | None) -> Group:
    from rich.console import Group
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    head = Table.grid(padding=(0, 1), expand=True)
    head.add_column(no_wrap=True)
    head.add_column(ratio=1)
    share = _share(progress)
    head.add_row(line(progress, began), ProgressBar(total=1.0, completed=share) if share is not None else Text(""))
    parts: list[Any] = [head]
    if progress.front is not None and progress.front.members:
        parts.append(_front_table(progress))
    return Group(*parts)


def _share(progress: Progress) -> float | None:
    if progress.left is not None and progress.spent + progress.left > 0:
        return progress.spent / (progress.spent + progress.left)
    if progress.of:
        return progress.told / progress.of
    return None


def _front_table(progress: Progress) -> Any:
    from rich.table import Table

    front = progress.front
    assert front is not None
    table = Table(box=None, pad_edge=False, header_style="bold")
    names = front.objectives.measures
    for column in ("architecture", "", *names):
        table.add_column(column, justify="left" if column in ("architecture", "") else "right", no_wrap=True)
    for member in _chosen(front.members):
        values = (member.trial.measures.get(name) for name in names)
        table.add_row(member.id, " ".join(member.labels), *(show(value) for value in values))
    hidden = len(front.members) - MOST_ROWS
    if hidden > 0:
        table.add_row(f"and {hidden} more", "", *("" for _ in names))
    return table


def _chosen(members: tuple[Any, ...]) -> list[Any]:
    """Return the labelled members and those between them, at most as many as the table has rows."""
    if len(members) <= MOST_ROWS:
        return list(members)
    places = {place for place, member in enumerate(members) if member.labels}
    for step in range(MOST_ROWS):
        if len(places) == MOST_ROWS:
            break
        places.add(round(step * (len(members) - 1) / (MOST_ROWS - 1)))
    return [members[place] for place in sorted(places)]
