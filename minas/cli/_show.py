"""Tables and lines for the terminal, shared by the commands."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from minas.analysis.quantities import show
from minas.errors import UsageError

if TYPE_CHECKING:
    from minas.analysis.confirmation import Interval
    from minas.analysis.lines import Spread
    from minas.api.run import Run

FIRST = ("architecture", "error", "test error", "on front")
"""The first columns of a front's table."""

USUAL = ("action", "flops", "activations", "params")
"""Measures that stand in a front's table whatever the objectives."""

HEADINGS = {"flops": "FLOPs"}
"""How a measure's column is headed, where not by its name."""


def as_json(value: Any) -> None:
    """Print a value as JSON."""
    json.dump(value, sys.stdout, indent=1, allow_nan=False)
    print()


def one_of(*, json: bool, csv: bool) -> None:
    """Refuse to print two forms at once."""
    if json and csv:
        raise UsageError("--json or --csv, not both")


def table(header: Sequence[str], rows: Sequence[Sequence[str]], *, dispensable: Sequence[str] = ()) -> None:
    """Print a table: the first column to the left, numbers to the right, and no number ever cut.

    Args:
        header: the columns' names.
        rows: their cells.
        dispensable: columns that are left out, in this order, where the terminal is too narrow.
    """
    from rich.console import Console
    from rich.table import Table

    console = Console()
    shown = _that_fit(header, rows, dispensable, console.width if console.is_terminal else None)
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for place in shown:
        drawn.add_column(header[place], justify="left" if place == 0 else "right", no_wrap=True)
    for row in rows:
        drawn.add_row(*(row[place] for place in shown))
    Console(width=max(_width(header, rows, shown), console.width)).print(drawn, highlight=False)


def _that_fit(
    header: Sequence[str], rows: Sequence[Sequence[str]], dispensable: Sequence[str], width: int | None
) -> list[int]:
    """Return the places of the columns that are shown in a width, all of them where it is None."""
    shown = list(range(len(header)))
    for name in dispensable:
        if width is None or _width(header, rows, shown) <= width:
            break
        shown.remove(header.index(name))
    return shown


def _width(header: Sequence[str], rows: Sequence[Sequence[str]], shown: Sequence[int]) -> int:
    from rich.cells import cell_len

    return sum(max(cell_len(row[place]) for row in [header, *rows]) + 2 for place in shown)


def percent(value: float | None) -> str:
    """Return an error as a percentage."""
    return "n/a" if value is None else f"{100 * value:.2f}%"


def interval(found: Interval | None, *, as_percent: bool = False) -> str:
    """Return a mean with its half-width."""
    if found is None:
        return "-"
    form = percent if as_percent else show
    if found.high is None:
        return form(found.mean)
    half = found.high - found.mean
    return f"{form(found.mean)} ±{100 * half:.2f}" if as_percent else f"{form(found.mean)} ±{show(half)}"


def ends(found: Mapping[str, float]) -> str:
    """Return an error with the ends of its interval, as `minas.analysis.lines.Spread` gives them."""
    return f"{percent(found['mean'])} ({100 * found['low']:.2f} to {100 * found['high']:.2f})"


def _spread(found: Spread | None) -> str:
    return "-" if found is None else f"{percent(found.mean)} ±{100 * max(found.high - found.mean, found.mean - found.low):.2f}"


def columns(objectives: Iterable[str]) -> list[str]:
    """Return the measures in a front's table behind its first columns: the objectives but error, then the usual ones."""
    return [name for name in dict.fromkeys([*objectives, *USUAL]) if name != "error"]


def front_table(run: Run) -> None:
    """Print a run's front, baselines, its field's lines and the average random architecture; the objectives are columns."""
    from minas.api.tables import front_values

    if not run.of_networks:
        return _rows_of_a_table(run)
    names = columns(run.configuration.objectives.measures)
    rows = []
    for member in run.front:
        test = member.test
        measures = member.measures
        rows.append(
            [
                " ".join([member.id, *member.labels]),
                percent(measures.get("error")),
                interval(None if test is None else test.get("error"), as_percent=True),
                "-" if member.on_front is None else f"{100 * member.on_front:.0f}%",
                *(show(measures.get(name)) for name in names),
            ]
        )
    for row in front_values(run)["baselines"]:
        rows.append(baseline_row(row, names))
    for line in run.lines:
        rows.append(
            [line.name, percent(line.measures.get("error")), _spread(line.test.get("error")), *["-"] * (1 + len(names))]
        )
    average = run.comparison.average
    if average:
        found = run.comparison
        name = f"average of {found.random_trials} random"
        rows.append(
            [
                name,
                percent(average.get("error")),
                "-",
                "-",
                *(show(average.get(n)) for n in names),
            ]
        )
    front_rows(rows, names)


def _rows_of_a_table(run: Run) -> None:
    """Print the front of the search of a table: codes and objectives."""
    names = run.configuration.objectives.measures
    rows = [
        [" ".join([m.id, *m.labels]), code_of(m.architecture), *(show(m.measures.get(name), digits=4) for name in names)]
        for m in run.front
    ]
    average, found = run.comparison.average, run.comparison
    if average:
        values = [show(average.get(name), digits=4) for name in names]
        rows.append([f"average of {found.random_trials} random", "-", *values])
    table(["architecture", "code", *names], rows)


def code_of(architecture: Mapping[str, Any] | None) -> str:
    """Return the code of a row of a table."""
    return str((architecture or {}).get("code", "-"))


def front_rows(rows: Sequence[Sequence[str]], names: Sequence[str]) -> None:
    """Print rows under the front's header, with the measures that `columns` gave."""
    header = [*FIRST, *(HEADINGS.get(name, name.replace("_", " ")) for name in names)]
    table(header, rows, dispensable=("params", "on front"))


def baseline_row(row: dict[str, Any], names: Sequence[str]) -> list[str]:
    """Return a baseline's row, as `minas.api.tables.baseline_rows` gives it, for a table with the front's header."""
    from minas.analysis.confirmation import Interval

    error = (row["test"] or {}).get("error")
    measures = row["measures"]
    return [
        row["name"],
        percent(measures.get("error")),
        interval(Interval(**error) if error else None, as_percent=True),
        "-",
        *(show(measures.get(name)) for name in names),
    ]
