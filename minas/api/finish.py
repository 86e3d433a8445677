"""What a finished run leaves beside its store: tables and plots."""

from __future__ import annotations

import json
from pathlib import Path

from minas.api.plots import OF_A_RUN, plot_run
from minas.api.run import open_run
from minas.api.tables import front_csv, front_values
from minas.run.folder import write_atomically


def finish(folder: Path) -> None:
    """Write `front.json`, `front.csv` and the plots of a run.

    Raises:
        MinasError: the folder cannot be written.
    """
    run = open_run(folder)
    write_atomically(folder / "front.json", json.dumps(front_values(run), indent=1))
    write_atomically(folder / "front.csv", front_csv(run))
    for kind in OF_A_RUN:
        plot_run(run, kind, folder / f"{kind}.png")
