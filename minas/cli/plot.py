"""`minas plot`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

NAME = "plot"
HELP = """Draw a run: the front in each pair of objectives, the hypervolume over trials, or one architecture.

    minas plot results/vision-20261124-101500 front.png
    minas plot results/vision-20261124-101500 hypervolume.svg --kind hypervolume
    minas plot results/vision-20261124-101500 knee.pdf --architecture knee
"""


def command(
    run: Annotated[Path, typer.Argument(help="The run's folder.")],
    file: Annotated[Path | None, typer.Argument(help="PNG, SVG or PDF, by its ending; else into the run's folder.")] = None,
    kind: Annotated[str, typer.Option(help="front or hypervolume.")] = "front",
    architecture: Annotated[str | None, typer.Option(help="Draw this one: knee, accurate, frugal or an id.")] = None,
) -> None:
    """Draw a run."""
    from minas.api import plots
    from minas.api.run import open_run
    from minas.errors import UsageError, nearest

    opened = open_run(run)
    if architecture is not None:
        member = opened.member(architecture)
        print(plots.plot_architecture(member, file or opened.path / f"architecture-{member.id}.png"))
        return
    if kind not in plots.OF_A_RUN:
        raise UsageError(f"no kind of plot named '{kind}'{nearest(kind, plots.OF_A_RUN)}")
    print(plots.plot_run(opened, kind, file or opened.path / f"{kind}.png"))
