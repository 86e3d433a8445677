"""`minas baselines`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

NAME = "baselines"
HELP = """Train a domain's baselines by the protocol of a front's confirmation, once for each task.

Later searches on the same task draw them beside their front.

    minas baselines vision
    minas baselines vision --data my-images
"""


def command(
    domain: Annotated[str, typer.Argument(help="The domain.")],
    data: Annotated[str | None, typer.Option(help="Your own data; the domain's default without it.")] = None,
    preprocessing: Annotated[
        str | None, typer.Option(help="Of signals: standardise, band, rate, points, baseline; such as band=8-30,rate=250.")
    ] = None,
    space: Annotated[str | None, typer.Option(help="The search space whose training is used.")] = None,
    lambda_: Annotated[float | None, typer.Option("--lambda", help="Weight of the action in the loss.")] = None,
    class_weights: Annotated[
        str | None, typer.Option(help="balanced: every class counts alike in the loss, however rare; or none.")
    ] = None,
    vectors: Annotated[
        str | None, typer.Option(help="Of texts, what the rows of words start from: naive_bayes, glove or none.")
    ] = None,
    workers: Annotated[int | None, typer.Option(help="Worker processes; the cores by default.")] = None,
    out: Annotated[Path | None, typer.Option(help="A JSON file to write the trials to as well.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """Train a domain's baselines."""
    from minas.api.baselines import train_baselines
    from minas.cli import _show
    from minas.reporting.live import Live

    with Live(quiet=json) as live:
        rows = train_baselines(
            domain,
            data=data,
            preprocessing=preprocessing,
            space=space,
            lambda_=lambda_,
            class_weights=class_weights,
            vectors=vectors,
            workers=workers,
            out=out,
            listener=live,
        )
    if json:
        _show.as_json(rows)
    else:
        from minas import objectives
        from minas.domains import DOMAINS
        from minas.measures import MEASURES

        names = _show.columns(objectives.load(DOMAINS.get(domain).objectives, MEASURES.names()).measures)
        _show.front_rows([_show.baseline_row(row, names) for row in rows], names)
