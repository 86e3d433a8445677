"""A study's analysis, from its store alone: no torch, no data, no network."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minas.analysis.cells import Cell, cells_of
from minas.errors import UsageError
from minas.run import folder as run_folder
from minas.run.store import Store
from minas.trial import Candidate

if TYPE_CHECKING:
    from minas.reporting.study import StudyResult

NOTES = "notes.md"
"""What whoever made a study has to say of it: a file in its folder that the report takes in as it is."""


def read_cells(path: str | os.PathLike[str]) -> tuple[list[Cell], list[Candidate], dict[str, Any]]:
    """Return a study's cells, its candidates, and what its store says of the plan.

    Args:
        path: its folder, or the store in it.

    Raises:
        UsageError: it is no study, or damaged.
    """
    from minas.api.study import study_facts

    folder = _folder(path)
    facts = study_facts(folder)
    with Store(folder / run_folder.DATABASE, read_only=True) as store:
        candidates, trials = store.candidates("study"), store.trials("study")
        try:
            return cells_of(candidates, trials), candidates, facts
        except ValueError as error:
            raise store.damaged(error) from error


def analyse_study(path: str | os.PathLike[str], *, out: str | os.PathLike[str] | None = None) -> StudyResult:
    """Analyse a study's finished cells, and write tables, plots and the report.

    Args:
        path: its folder, or the store in it.
        out: the folder to write to; the study's own by default. Notes (`notes.md`) in it stand in the report before those
            in the study's own folder.

    Raises:
        UsageError: it is no study, or damaged.
        MissingExtraError: statsmodels or pandas is not installed.
    """
    from minas.reporting.study import write_study

    folder = _folder(path)
    cells, candidates, facts = read_cells(folder)
    if facts.get("kind", "study") != "study":
        raise UsageError(
            f"{folder} holds a {facts['kind']}, whose tables are its own: minas {facts['kind']} --resume {folder}"
        )
    target = folder if out is None else Path(os.path.expanduser(out))
    target.mkdir(parents=True, exist_ok=True)
    return write_study(target, cells, design=facts, candidates=candidates, notes=_notes(target, folder))


def _notes(*folders: Path) -> str:
    """Return the notes of the first of these folders that has any, or ""."""
    for folder in folders:
        path = folder / NOTES
        if path.is_file():
            return path.read_text(encoding="utf-8", errors="replace")
    return ""


def _folder(path: str | os.PathLike[str]) -> Path:
    """Return a study's folder, given itself or by the store in it."""
    given = Path(os.path.expanduser(path))
    if given.is_file() and given.name != run_folder.DATABASE:
        raise UsageError(f"{given}: expected a study's folder, or the {run_folder.DATABASE} in it")
    return given.parent if given.is_file() else given
