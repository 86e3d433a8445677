"""`minas plot`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from minas.shelf import module_names

NAME = "plot"
KINDS = f"What to draw: {', '.join(module_names('minas.plots'))}. [default: front; architecture with --architecture]"
HELP = """Draw a run, its front in each pair of objectives for instance, or one of its architectures.

    minas plot results/vision-20261124-101500 front.png
    minas plot results/vision-20261124-101500 hypervolume.svg --kind hypervolume
    minas plot results/vision-20261124-101500 knee.pdf --architecture knee
"""


def command(
    run: Annotated[Path, typer.Argument(help="The run's folder.")],
    file: Annotated[Path | None, typer.Argument(help="PNG, SVG or PDF, by its ending; else into the run's folder.")] = None,
    kind: Annotated[str | None, typer.Option(help=KINDS)] = None,
    architecture: Annotated[str | None, typer.Option(help="Draw this one: knee, accurate, frugal or an id.")] = None,
) -> None:
    """Draw a run."""
    from minas.api import plots
    from minas.api.run import open_run

    opened = open_run(run)
    if architecture is not None:
        member, kind = opened.member(architecture), kind or "architecture"
        path = file or opened.path / f"{kind}-{member.id}.png"
        print(plots.plot_architecture(member, path, kind=kind, say=_note))
        return
    kind = kind or "front"
    print(plots.plot_run(opened, kind, file or opened.path / f"{kind}.png"))


def _note(text: str) -> None:
    print(f"note: {text}", file=sys.stderr)
