"""A study's report in Markdown: verdict, question, method, result, the other claims, limits, and how to repeat it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from minas.analysis.cells import Cell, domains_of
from minas.analysis.claims import OtherClaims
from minas.analysis.study import StudyAnalysis
from minas.reporting.study_at_chance import AtChance, at_chance
from minas.reporting.study_claims import claims_section, gaming_section
from minas.reporting.study_limits import limits
from minas.reporting.study_method import method, question, repeating
from minas.reporting.study_readings import Read, read_of
from minas.reporting.study_results import Drawn, results
from minas.reporting.study_tables import FILES
from minas.reporting.study_words import counts, several

__all__ = ["REPORT", "Drawn", "report"]

REPORT = "report.md"


def report(
    analysis: StudyAnalysis,
    claims: OtherClaims,
    cells: Sequence[Cell],
    *,
    design: Mapping[str, Any],
    drawn: Mapping[str, Drawn],
    written: Sequence[str],
    notes: str = "",
) -> str:
    """Return the report.

    Args:
        analysis: of the cells.
        claims: those beside the ceiling.
        cells: failed and unfinished ones included.
        design: what the store keeps of the plan.
        drawn: name of a plot to its file, or to why it was not drawn.
        written: the tables that lie beside the report.
        notes: what whoever made the study has to say of it, in Markdown.
    """
    idle = at_chance(cells, design, analysis.ceiling.rule)
    read = read_of(analysis.ceiling, cells)
    sections = [
        _head(cells, design),
        _verdict(analysis, cells, read, idle),
        question(),
        method(analysis, cells, design),
        results(analysis, claims, drawn, read),
        claims_section(claims),
        gaming_section(claims),
        limits(analysis, cells, design, idle),
        f"## Notes\n\n{notes.strip()}" if notes.strip() else "",
        repeating(design),
        _files(written),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _head(cells: Sequence[Cell], design: Mapping[str, Any]) -> str:
    description = str(design.get("design", {}).get("description", "")).strip()
    lines = ["# Does architecture set the energy ceiling?"]
    if description:
        lines.append(f"{description[0].upper()}{description[1:].rstrip('.')}.")
    return "\n\n".join(lines)


def _verdict(analysis: StudyAnalysis, cells: Sequence[Cell], read: Sequence[Read], idle: Sequence[AtChance]) -> str:
    complete = sum(cell.complete for cell in cells)
    architectures = len({cell.architecture for cell in cells if cell.complete})
    main = [row for row in analysis.ceiling.verdicts if row.main]
    lines = [
        "## The verdict",
        f"{complete:,} of {len(cells):,} planned cells are complete, of {architectures} architectures in "
        f"{several(domains_of(cells))}.",
    ]
    if main:
        answers = [row.answer for row in main]
        lines.append(
            f"The claim that architecture sets the ceiling: {counts(answers, ('supported', 'refuted', 'not decided'))} "
            f"of {len(main)} {'domain' if len(main) == 1 else 'domains'}."
        )
        beside = {item.domain: _without(item) for item in idle}
        lines.append(
            "\n".join(
                f"- {item.verdict.sentence} {item.sentence}{beside.get(item.verdict.domain, '')}"
                for item in read
                if item.verdict.main
            )
        )
    return "\n\n".join(lines)


def _without(idle: AtChance) -> str:
    """Say what the verdict is without the architectures that learnt nothing; the limits say which they are."""
    answer = "nothing is left" if idle.without is None else idle.without.answer
    return f" Without {len(idle.architectures)} that learnt nothing (see Limits): {answer}."


def _files(written: Sequence[str]) -> str:
    return "\n\n".join(["## Tables", "\n".join(f"- [{name}.csv]({name}.csv): {FILES[name]}" for name in written)])
