"""The whole analysis of a study: every table of every response, the checks beside them, and the ceiling."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from minas.analysis.anova import Anova, Effect, anova
from minas.analysis.assumptions import Assumption, assumptions
from minas.analysis.ceiling import Ceiling, ceiling
from minas.analysis.cells import Cell
from minas.analysis.contrasts import FamilyDifference, LambdaDifference, families, over_lambda
from minas.analysis.floors import RULE, Rule
from minas.analysis.mixed import Mixed, mixed
from minas.analysis.responses import RESPONSES, Counted, LeftOut, count, observe


@dataclass(frozen=True, kw_only=True)
class StudyAnalysis:
    """What a study's cells say.

    Attributes:
        counted: cells planned and complete, by domain and family.
        left_out: the cells that a response does without, by reason.
        tables: of each response that has one.
        effects: the rows of all tables.
        skipped: response to why it has no table.
        assumptions: tested, of each table.
        mixed: the mixed models.
        families: of each response, the families of each domain in pairs.
        over_lambda: of each response, each lambda against none, paired.
        ceiling: the verdicts.
    """

    counted: tuple[Counted, ...]
    left_out: tuple[LeftOut, ...]
    tables: tuple[Anova, ...]
    effects: tuple[Effect, ...]
    skipped: dict[str, str]
    assumptions: tuple[Assumption, ...]
    mixed: tuple[Mixed, ...]
    families: tuple[FamilyDifference, ...]
    over_lambda: tuple[LambdaDifference, ...]
    ceiling: Ceiling


def analyse(cells: Iterable[Cell], *, rule: Rule = RULE) -> StudyAnalysis:
    """Analyse a study's cells.

    Raises:
        MissingExtraError: statsmodels or pandas is not installed.
    """
    everything = list(cells)
    tables: list[Anova] = []
    skipped: dict[str, str] = {}
    checks: list[Mixed] = []
    for response in RESPONSES:
        try:
            tables.append(anova(everything, response))
        except ValueError as error:
            skipped[response.name] = str(error)
            continue
        check = mixed(everything, response)
        if check is not None:
            checks.append(check)
    return StudyAnalysis(
        counted=tuple(count(everything)),
        left_out=tuple(row for response in RESPONSES for row in observe(everything, response).left_out),
        tables=tuple(tables),
        effects=tuple(row for table in tables for row in table.effects),
        skipped=skipped,
        assumptions=tuple(row for table in tables for row in assumptions(table)),
        mixed=tuple(checks),
        families=tuple(row for response in RESPONSES for row in families(everything, response)),
        over_lambda=tuple(row for response in RESPONSES for row in over_lambda(everything, response)),
        ceiling=ceiling(everything, rule=rule),
    )
