"""`minas front`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

NAME = "front"
HELP = """Show the front of a run: error on validation samples, test error where confirmed (mean and 95% interval over seeds).

    minas front results/vision-20261124-101500
    minas front results/vision-20261124-101500 --json
"""


def command(
    run: Annotated[Path, typer.Argument(help="The run's folder.")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print a row a member.")] = False,
) -> None:
    """Show the front of a run."""
    from minas.api.run import open_run
    from minas.cli import _show

    _show.one_of(json=json, csv=csv)
    opened = open_run(run)
    if json:
        from minas.api.tables import front_values

        _show.as_json(front_values(opened))
    elif csv:
        from minas.api.tables import front_csv

        print(front_csv(opened), end="")
    else:
        from minas.api.summary import against_chance, against_lines, heading

        print(heading(opened))
        _show.front_table(opened)
        if not opened.of_networks:
            print("\n".join(["", *against_chance(opened)]))
            return
        print(
            "\nErrors, action and activations are of the brief training, on validation samples; baselines of the longer one."
        )
        if opened.lines:
            print("Intervals of the field's lines are over test samples: they are fitted once, without chance.")
        print("\n".join([*against_chance(opened), *against_lines(opened)]))
