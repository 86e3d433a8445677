"""`minas trials`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

NAME = "trials"
HELP = """List every trial of a run in the order in which they were asked for.

    minas trials results/vision-20261124-101500
    minas trials results/vision-20261124-101500 --csv > trials.csv
"""


def command(
    run: Annotated[Path, typer.Argument(help="The run's folder.")],
    json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print a row a trial.")] = False,
) -> None:
    """List every trial of a run."""
    from minas.analysis.quantities import show
    from minas.api.run import open_run
    from minas.api.tables import trials_csv, trials_values
    from minas.cli import _show

    _show.one_of(json=json, csv=csv)
    opened = open_run(run)
    rows = trials_values(opened)
    if json:
        _show.as_json(rows)
    elif csv:
        print(trials_csv(rows), end="")
    else:
        names = ["action", "flops", "params"] if opened.of_networks else opened.configuration.objectives.measures
        shown = [
            [
                row["id"],
                str(row["number"]),
                row["status"] + (" (late)" if row["late"] else ""),
                _show.percent(row["measures"].get("error")) if opened.of_networks else _show.code_of(row["architecture"]),
                *(show(row["measures"].get(name)) for name in names),
                f"{row['seconds']:.1f}",
                row["reason"] or "",
            ]
            for row in rows
        ]
        first = ["architecture", "number", "status", "error" if opened.of_networks else "code"]
        headings = [_show.HEADINGS.get(name, name) for name in names]
        _show.table([*first, *headings, "seconds", "reason"], shown)
