"""What a finished run leaves beside its store: tables and plots."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

from minas.analysis.subjects import RunSubject
from minas.api.plots import run_subject
from minas.api.run import open_run
from minas.api.tables import front_csv, front_values
from minas.errors import UsageError
from minas.plots import SHELF, save
from minas.run.folder import write_atomically


def finish(folder: Path) -> None:
    """Write `front.json`, `front.csv` and every plot of a run that has something to show.

    Raises:
        MinasError: the folder cannot be written.
    """
    run = open_run(folder)
    write_atomically(folder / "front.json", json.dumps(front_values(run), indent=1))
    write_atomically(folder / "front.csv", front_csv(run))
    subject = run_subject(run)
    for name, plot in SHELF.all().items():
        if plot.of is RunSubject:
            figure = None
            with contextlib.suppress(UsageError):  # nothing to show, such as a front of a single objective
                figure = plot.figure(subject)
            if figure is not None:
                save(figure, folder / f"{name}.png")
