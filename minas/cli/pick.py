"""`minas pick`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

NAME = "pick"
HELP = """Choose a member of the front within limits: of those that keep them, the one with the least action.

Judged on validation samples: by the means of the confirmation where a member was confirmed, else by its brief training.

    minas pick results/vision-20261124-101500 --max-error .03 --max-flops 200k
    minas pick results/vision-20261124-101500 --limit activations=5k --by flops
    minas pick results/vision-20261124-101500 --limit balanced_accuracy=.95     (of a score, such as this, the least)
"""


def command(
    run: Annotated[Path, typer.Argument(help="The run's folder.")],
    max_error: Annotated[str | None, typer.Option(help="Largest error, such as .03 or 3%.")] = None,
    max_action: Annotated[str | None, typer.Option(help="Largest action, such as 2k.")] = None,
    max_flops: Annotated[str | None, typer.Option(help="Most multiply-accumulates, such as 200k.")] = None,
    max_params: Annotated[str | None, typer.Option(help="Most parameters, such as 5k.")] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option(help="Any other limit, as MEASURE=VALUE: the largest, of a score the least; may be repeated."),
    ] = None,
    by: Annotated[str, typer.Option(help="The measure of which to take the least; the most of a score.")] = "action",
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Choose a member of the front within limits."""
    from minas.analysis.quantities import parse
    from minas.api.picking import pick_values, pick_words
    from minas.api.run import open_run
    from minas.cli import _show
    from minas.errors import UsageError

    given = {"error": max_error, "action": max_action, "flops": max_flops, "params": max_params}
    limits = {name: parse(text) for name, text in given.items() if text is not None}
    for entry in limit or []:
        name, _, text = entry.partition("=")
        if not text:
            raise UsageError(f"--limit takes MEASURE=VALUE, such as activations=5k, not '{entry}'")
        limits[name] = parse(text)
    opened = open_run(run)
    choice = opened.front.choice(limits, by=by)
    if json:
        _show.as_json(pick_values(opened, choice))
    else:
        print(pick_words(opened, choice))
    if choice.chosen is None:
        raise typer.Exit(1)
