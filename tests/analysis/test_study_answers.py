"""Tables of unfinished studies: what can't be told from the architectures is named, and lambda keeps its own error term."""

from __future__ import annotations

import dataclasses
import warnings

import numpy as np
import pytest
from planted_study import made_up

from minas.analysis.anova import Anova, anova
from minas.analysis.answers import spanning
from minas.analysis.cells import Cell

PAIRS = (("a", "b"), ("c", "d"))


def first_seed(**changes: object) -> list[Cell]:
    """Cells of the first seed of a study in which a seed trains each architecture by one of two pairs of strategies."""
    cells = made_up(1, **{"domains": ["vision", "text"], "strategies": ("a", "b", "c", "d"), "seeds": 1, **changes})
    return [cell for cell in cells if cell.strategy in PAIRS[int(cell.instance[-1]) % 2]]


def quietly(cells: list[Cell]) -> Anova:
    """Analyse; a warning is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return anova(cells, "log_action")


def test_strategies_that_go_with_architectures_are_dropped_by_name():
    table = quietly(first_seed(instances=4))
    reasons = dict(row.split(": ", 1) for row in table.dropped)
    assert reasons["strategy"].startswith("can't be told from the architectures in these cells")
    for term in ("domain x strategy", "family x strategy", "lambda x strategy"):
        assert reasons[term] == "left out with strategy, which is a part of it"
    assert not [row for row in table.effects if "strategy" in row.term]
    assert sum(row.df for row in table.effects if (row.kind, row.ranked) == ("II", False)) == table.cells - 1


def test_lambda_is_tested_against_the_answers_of_an_unfinished_study_too():
    """As in the means over the strategies of each architecture, where its answers to lambda are the residual."""
    cells = first_seed(instances=4, answer_sd=0.5)
    groups: dict[tuple[object, ...], list[Cell]] = {}
    for cell in cells:
        groups.setdefault((*cell.architecture, cell.lambda_), []).append(cell)
    means = [
        dataclasses.replace(
            own[0],
            strategy="all",
            measures={"action": float(np.exp(np.mean([np.log(cell.measures["action"] or 0) for cell in own])))},
        )
        for own in groups.values()
    ]
    table, beside = quietly(cells), quietly(means)
    for term in ("lambda", "family x lambda", "domain x family x lambda"):
        row, other = table.effect(term), beside.effect(term)
        assert (row.error_term, other.error_term) == ("instance x lambda", "residual")
        assert (row.error_df, row.f, row.p) == pytest.approx((other.error_df, other.f, other.p))
    assert "instance x lambda: is the residual here, as no cells would be left beside it" in beside.dropped


def test_an_architecture_that_lacks_a_level_takes_no_error_term_from_the_others():
    cells = made_up(2, domains=["vision"], answer_sd=0.5)
    broken = [
        dataclasses.replace(cell, status="diverged") if (cell.instance, cell.lambda_) == ("random-0", 3.0) else cell
        for cell in cells
    ]
    row = quietly(broken).effect("lambda")
    assert (row.error_term, row.error_df) == ("instance x lambda", 16 * 4 - 1)
    assert row.p == pytest.approx(quietly(cells).effect("lambda").p, abs=0.2)
    (told,) = quietly(broken).dropped
    assert told.startswith("instance x lambda: only 63 of 64 degrees of freedom can be estimated")


def test_answers_that_no_architecture_shows_beyond_the_factor_itself_are_named():
    """Of each family only the first architecture was trained by both strategies."""
    cells = made_up(3, domains=["vision"], strategies=("a", "b"), instances=2, lambdas=(0.0,))
    table = quietly([cell for cell in cells if cell.strategy == "a" or cell.instance.endswith("0")])
    assert table.effect("strategy").error_term == "residual"
    assert any(row.startswith("instance x strategy: can't be told from the other effects") for row in table.dropped)


def test_a_partly_finished_second_seed_gives_back_what_it_can():
    """The second seed is there for one domain alone: strategies can be told, how they differ by domain can't."""
    both = made_up(4, domains=["vision", "text"], strategies=("a", "b", "c", "d"), seeds=2, instances=4)
    cells = [
        c for c in both if (c.strategy in PAIRS[(int(c.instance[-1]) + c.seed) % 2]) and (c.seed == 0 or c.domain == "text")
    ]
    table = quietly(cells)
    assert any(row.startswith("domain x strategy: can't be told from the architectures") for row in table.dropped)
    assert (table.effect("strategy").df, table.effect("strategy").error_term) == (3, "instance x strategy")
    assert table.effect("lambda").error_term == "instance x lambda"
    assert sum(row.df for row in table.effects if (row.kind, row.ranked) == ("II", False)) == table.cells - 1


def test_columns_that_span():
    rng = np.random.default_rng(0)
    free = rng.normal(size=(30, 4))
    columns = np.hstack([free, free @ rng.normal(size=(4, 3))])
    found = spanning(columns)
    assert found.shape == (30, 4)
    assert np.linalg.matrix_rank(np.hstack([found, columns])) == 4
    assert spanning(free) is free
