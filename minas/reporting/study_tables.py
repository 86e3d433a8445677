"""A study's result as tables: a CSV file each, and one JSON object with all of them."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from minas.analysis.cells import Cell, as_rows
from minas.analysis.claims import OtherClaims
from minas.analysis.mixed import Mixed
from minas.analysis.study import StudyAnalysis

Rows = list[dict[str, Any]]

FILES = {
    "cells": "every cell: its levels, how it ended, its measures",
    "counted": "cells planned and complete, by domain and family",
    "left_out": "cells that a response does without, and why",
    "effects": "tables of variance, type II and III, of values and of ranks",
    "skipped": "responses and effects that these cells allow no test of, and why",
    "crossed": "effects of topology and domain, where the same topologies run in every domain",
    "assumptions": "tests of what the tables take for granted",
    "mixed": "the mixed models beside the tables, with their warnings",
    "families": "families in pairs",
    "over_lambda": "each lambda against none, paired by seed",
    "verdicts": "shares of architecture and strategy, and the verdicts",
    "floors": "each architecture's energy floor",
    "missing": "strategies without a reading for the floors, and why",
    "claims": "the other claims with their verdicts",
    "reached": "cells that reach the fixed accuracy, by domain and family",
    "modularity": "modularity of each graph beside random graphs of its degrees",
    "gaming": "what tells a frugal network from a rescaled or a silent one",
}
"""Name of a table to what it holds."""


def tables(analysis: StudyAnalysis, claims: OtherClaims) -> dict[str, Rows]:
    """Return the rows of each table but the cells' own, in the order of `FILES`."""
    found = {
        "counted": as_rows(analysis.counted),
        "left_out": as_rows(analysis.left_out),
        "effects": as_rows(analysis.effects),
        "skipped": [*_skipped(analysis), *as_rows(claims.uncrossed)],
        "crossed": as_rows(claims.crossed),
        "assumptions": as_rows(analysis.assumptions),
        "mixed": [row for item in analysis.mixed for row in _mixed(item)],
        "families": as_rows(analysis.families),
        "over_lambda": as_rows([*analysis.over_lambda, *claims.over_lambda]),
        "verdicts": as_rows(analysis.ceiling.verdicts),
        "floors": as_rows(analysis.ceiling.floors),
        "missing": as_rows(analysis.ceiling.missing),
        "claims": as_rows(claims.claims),
        "reached": as_rows(claims.reached),
        "modularity": as_rows(claims.modular),
        "gaming": as_rows(claims.gaming),
    }
    return {name: [{key: finite(value) for key, value in row.items()} for row in rows] for name, rows in found.items()}


def cell_rows(cells: Iterable[Cell]) -> Rows:
    """Return a row for each cell: levels, status and reason, then every measure."""
    return [
        {
            "domain": cell.domain,
            "family": cell.family,
            "instance": cell.instance,
            "lambda": cell.lambda_,
            "functional": cell.functional,
            "strategy": cell.strategy,
            "seed": cell.seed,
            "status": cell.status,
            "reason": cell.reason,
            **{f"measures.{name}": finite(value) for name, value in cell.measures.items()},
        }
        for cell in cells
    ]


def csv_of(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as CSV, None as an empty field, columns in the order in which they first appear."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def finite(value: Any) -> Any:
    """Return a value, and None for a number that is not finite: neither JSON nor a spreadsheet has a word for it."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _skipped(analysis: StudyAnalysis) -> Rows:
    whole = [{"response": name, "reason": reason} for name, reason in analysis.skipped.items()]
    return [*whole, *({"response": table.response, "reason": reason} for table in analysis.tables for reason in table.dropped)]


def _mixed(item: Mixed) -> Rows:
    """Return a row for each effect of a mixed model, and one for a model that came to no end."""
    beside = {
        "instance_variance": item.instance_variance,
        "residual_variance": item.residual_variance,
        "converged": item.converged,
        "warnings": "; ".join(item.warnings),
    }
    rows = as_rows(item.terms) or [{"response": item.response, "term": None, "wald": None, "df": None, "p": None}]
    return [{**row, **beside} for row in rows]
