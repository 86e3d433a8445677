"""A study's result in its folder: tables as CSV, plots, and a report that reads as a short paper. No torch."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minas.analysis.cells import Cell
from minas.analysis.claims import OtherClaims, other_claims
from minas.analysis.floors import RULE, Rule
from minas.analysis.study import StudyAnalysis, analyse
from minas.analysis.study_pictures import StudySubject
from minas.errors import UsageError
from minas.plots import save
from minas.plots.studies import SHELF
from minas.reporting.study_report import REPORT, Drawn, report
from minas.reporting.study_tables import FILES, cell_rows, csv_of, tables
from minas.run.folder import write_atomically
from minas.trial import Candidate

SCHEMA = 1


@dataclass(frozen=True, kw_only=True)
class StudyResult(StudyAnalysis):
    """A study's analysis with the claims beside the ceiling."""

    claims: OtherClaims


def write_study(
    folder: Path,
    cells: Iterable[Cell],
    *,
    design: Mapping[str, Any],
    candidates: Iterable[Candidate] = (),
    rule: Rule = RULE,
    notes: str = "",
) -> StudyResult:
    """Analyse a study's cells, and write tables, plots and the report.

    Args:
        folder: where to; files of an earlier analysis are replaced.
        cells: the study's, failed and unfinished ones included.
        design: what the study's store keeps of its plan: `design`, `tasks`, `versions`, `machine`; what it lacks the report
            goes without.
        candidates: the study's; those with an architecture in them are asked for their modularity.
        rule: of the ceiling; leave it as it is, unless to show how much hangs on it.
        notes: what whoever made the study has to say of it, in Markdown; the report takes it in as it is.

    Raises:
        UsageError: there are no cells.
        MissingExtraError: statsmodels or pandas is not installed.
        MinasError: the folder can't be written.
    """
    everything = list(cells)
    if not everything:
        raise UsageError("the study has no cells, so there is nothing to analyse")
    analysis = analyse(everything, rule=rule)
    claims = other_claims(everything, analysis, graphs=_graphs(candidates), kinds=_kinds(design))
    result = StudyResult(
        **{field.name: getattr(analysis, field.name) for field in dataclasses.fields(StudyAnalysis)}, claims=claims
    )
    found = {"cells": cell_rows(everything), **tables(result, claims)}
    for name in FILES:
        if found[name]:
            write_atomically(folder / f"{name}.csv", csv_of(found[name]))
        else:
            (folder / f"{name}.csv").unlink(missing_ok=True)  # of an earlier analysis, and no longer true
    written = [name for name in FILES if found[name]]
    drawn = _draw(folder, StudySubject(title=_title(everything), cells=everything, analysis=analysis))
    text = report(result, claims, everything, design=design, drawn=drawn, written=written, notes=notes)
    write_atomically(folder / REPORT, text)
    return result


def study_json(result: StudyResult) -> dict[str, Any]:
    """Return what `--json` prints: `schema`, `cells`, `complete`, `rule`, and a list of rows for each table; see `FILES`.

    Figures are numbers, and null where there is none.
    """
    return {
        "schema": SCHEMA,
        "cells": sum(row.cells for row in result.counted),
        "complete": sum(row.complete for row in result.counted),
        "rule": dataclasses.asdict(result.ceiling.rule),
        **tables(result, result.claims),
    }


def _draw(folder: Path, subject: StudySubject) -> dict[str, Drawn]:
    """Draw every plot of a study's shelf, and return which were drawn, and why the others weren't."""
    out = {}
    for name, plot in SHELF.all().items():
        if plot.of is not StudySubject:
            continue
        path = folder / f"{name}.png"
        try:
            save(plot.figure(subject), path)
            out[name] = Drawn(file=path.name, description=plot.description)
        except UsageError as error:
            path.unlink(missing_ok=True)
            out[name] = Drawn(file=None, description=str(error))
    return out


def _title(cells: Iterable[Cell]) -> str:
    complete = [cell for cell in cells if cell.complete]
    architectures = len({cell.architecture for cell in complete})
    return f"{len(complete):,} cells, {architectures} architectures"


def _graphs(candidates: Iterable[Candidate]) -> dict[tuple[str, str, str], Mapping[str, Any]]:
    """Return the architectures that candidates carry, each once."""
    return {
        (candidate.levels["domain"], candidate.levels["family"], candidate.levels["instance"]): candidate.architecture
        for candidate in candidates
        if candidate.architecture is not None
    }


def _kinds(design: Mapping[str, Any]) -> dict[str, str]:
    return {level: str(task.get("domain", level)) for level, task in design.get("tasks", {}).items()}
