"""Topology crossed with domain, on cells in which the effects are planted."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from planted_study import made_up

from minas.analysis.cells import Cell
from minas.analysis.crossed import crossed, crossed_cells, crossed_tables


def topologies(*, interaction: float, main: float = 0.0, domains: tuple[str, ...] = ("vision", "text")) -> list[Cell]:
    """Cells of three MLPs; the second has more error by `main`, and in the second domain by `interaction` more."""
    rng = np.random.default_rng(5)
    names = {"conventional-0": "MLP", "conventional-1": "MLP w64", "conventional-2": "MLP w32", "conventional-3": "LeNet-5"}
    out = []
    for cell in made_up(1, domains=domains, families=["conventional"], instances=4, strategies=("a", "b")):
        name = names[cell.instance]
        error = 0.2 + (main + (interaction if cell.domain == domains[1] else 0.0)) * (name == "MLP w64")
        error += 0.05 * (cell.strategy == "b") + rng.normal(0, 0.01)
        out.append(dataclasses.replace(cell, instance=name, measures={**cell.measures, "error": error}))
    return out


def rows(cells: list[Cell]) -> dict[str, object]:
    return {row.term: row for row in crossed(cells) if (row.response, row.kind, row.ranked) == ("error", "II", False)}


def test_only_topologies_that_run_everywhere_count():
    cells = topologies(interaction=0.0)
    assert {cell.instance for cell in crossed_cells(cells)} == {"MLP", "MLP w64", "MLP w32"}
    without = [cell for cell in cells if (cell.instance, cell.domain) != ("MLP w32", "text")]
    assert {cell.instance for cell in crossed_cells(without)} == {"MLP", "MLP w64"}
    one = [cell for cell in cells if cell.instance in ("MLP", "LeNet-5")]
    assert crossed_cells(one) == []
    assert crossed([cell for cell in cells if cell.domain == "vision"]) == ()


def test_an_interaction_is_found_and_its_absence_too():
    found = rows(topologies(interaction=0.05))
    assert found["domain x topology"].p < 1e-6
    assert found["domain x topology"].error_term == "residual"
    free = rows(topologies(interaction=0.0, main=0.05))
    assert free["topology"].p < 1e-6
    assert free["domain x topology"].p > 0.01
    assert {"domain", "topology", "lambda", "strategy", "residual"} <= set(free)


def test_every_effect_is_tested_strategy_among_them():
    """Strategy b has more error by .05 in all topologies: crossed with them, it is tested against what the seeds leave."""
    found = rows(topologies(interaction=0.0))
    assert {row.error_term for term, row in found.items() if term != "residual"} == {"residual"}
    assert found["strategy"].p < 1e-20
    assert found["domain x strategy"].p > 0.01
    residual = found["residual"]
    for row in found.values():
        if row.term != "residual":
            assert row.f == pytest.approx(row.mean_square / residual.mean_square)


def test_what_is_dropped_is_told_in_its_own_words():
    cells = [c for c in topologies(interaction=0.0) if (c.instance, c.domain, c.strategy) != ("MLP w32", "text", "b")]
    whole = crossed_tables(cells)
    assert whole.untested == ()
    cells = [c for c in cells if (c.domain, c.strategy) != ("text", "b")]
    told = [row.reason for row in crossed_tables(cells).untested if row.response == "error"]
    assert told == ["topologies that run in every domain: domain x strategy: no cell has strategy b, domain text"]
    assert "domain x strategy" not in rows(cells)


def test_a_response_without_a_table_says_why():
    cells = [dataclasses.replace(c, measures={"error": c.measures["error"]}) for c in topologies(interaction=0.01)]
    (row,) = crossed_tables(cells).untested
    assert (row.response, row.reason) == ("log_action", "topologies that run in every domain: no cell has it")


def test_sums_of_squares_are_those_of_a_balanced_table():
    """By hand: sums over cell means of a balanced table, whatever the model's coding."""
    cells = crossed_cells(topologies(interaction=0.03))
    values: dict[tuple[str, str], list[float]] = {}
    for cell in cells:
        values.setdefault((cell.domain, cell.instance), []).append(cell.measures["error"])
    each = len(next(iter(values.values())))
    table = np.array([[np.mean(values[d, t]) for t in ("MLP", "MLP w64", "MLP w32")] for d in ("vision", "text")])
    left = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0, keepdims=True) + table.mean()
    assert rows(topologies(interaction=0.03))["domain x topology"].sum_of_squares == pytest.approx(
        each * float((left**2).sum())
    )


def test_cells_without_action_give_the_error_alone():
    cells = [dataclasses.replace(c, measures={"error": c.measures["error"]}) for c in topologies(interaction=0.01)]
    assert {row.response for row in crossed(cells)} == {"error"}
    assert all(math.isfinite(row.sum_of_squares) for row in crossed(cells))
