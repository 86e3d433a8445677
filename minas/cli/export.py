"""`minas export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

NAME = "export"
HELP = """Hand over a trained network as a folder: weights, architecture, and a model.py that needs torch alone.

The folder is read back in a fresh process and compared with the trained network before this says that it succeeded.

    minas export results/vision-20261124-101500 knee my-network
    python -c "import sys; sys.path.insert(0, 'my-network'); import model; print(model.load())"
"""


def command(
    run: Annotated[Path, typer.Argument(help="The run's folder.")],
    which: Annotated[str, typer.Argument(help="knee, accurate, frugal, or the id of an architecture.")],
    folder: Annotated[Path, typer.Argument(help="A new or empty folder.")],
    form: Annotated[str, typer.Option("--format", help="The export format.")] = "pytorch",
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier export.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Hand over a trained network."""
    from minas.api.networks import export_member
    from minas.api.run import open_run
    from minas.cli import _show

    member = open_run(run).member(which)
    written = export_member(member, folder, force=force, form=form)
    if json:
        _show.as_json({"id": member.id, "folder": str(written), "files": sorted(path.name for path in written.iterdir())})
    else:
        print(f"{member.id} is in {written}; a fresh process gave the same outputs, to the bit. Use it with:")
        print(f"  import minas; network = minas.load({str(written)!r})       # or, without minas:")
        print(f"  import sys; sys.path.insert(0, {str(written)!r}); import model; network = model.load()")
