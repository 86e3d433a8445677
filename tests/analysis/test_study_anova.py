"""Tables of variance against figures that others published, and on made-up studies whose effects are known."""

from __future__ import annotations

import dataclasses
import math
import subprocess
import sys

import numpy as np
import pytest
from planted_study import made_up

from minas.analysis import extras
from minas.analysis.anova import anova
from minas.analysis.cells import Cell, along_path, as_rows
from minas.analysis.multiple import holm
from minas.analysis.responses import response
from minas.errors import MissingExtraError

PURITY = {
    "1": ((1, -1, 0), (-2, -3, -4), (-2, 0, 1), (1, 4, 0)),
    "2": ((1, -2, -3), (0, 4, 2), (-1, 0, -2), (0, 3, 2)),
    "3": ((2, 4, 0), (-2, 0, 2), (1, -1, 2), (3, 2, 1)),
}
"""Three determinations of purity in four batches of three suppliers (Montgomery, Design and Analysis of Experiments)."""

CONFORMITY = """
8 low low, 4 high low, 8 high low, 7 low low, 10 low low, 6 low low, 12 medium low, 4 medium low, 13 low low, 12 low low,
4 medium low, 13 high low, 7 low low, 9 medium low, 9 high low, 24 high low, 6 low low, 7 high low, 23 high low, 13 high low,
8 low low, 12 low low, 19 high high, 12 medium high, 21 low high, 9 high high, 23 low high, 7 high high, 17 medium high,
14 medium high, 11 high high, 16 medium high, 15 low high, 20 medium high, 8 medium high, 12 low high, 14 high high,
14 medium high, 17 medium high, 7 medium high, 17 medium high, 13 high high, 16 low high, 10 high high, 15 medium high
"""
"""Conformity by authoritarianism and the partner's status (Moore and Krupat 1971; `Moore` of R's carData): unbalanced."""

OATS = {
    "Victory": ((111, 130, 157, 174), (61, 91, 97, 100), (68, 64, 112, 86), (74, 89, 81, 122), (62, 90, 100, 116), (53, 74, 118, 113)),
    "Golden rain": ((117, 114, 161, 141), (70, 108, 126, 149), (60, 102, 89, 96), (64, 103, 132, 133), (80, 82, 94, 126), (89, 82, 86, 104)),
    "Marvellous": ((105, 140, 118, 156), (96, 124, 121, 144), (89, 129, 132, 124), (70, 89, 104, 117), (63, 70, 109, 99), (97, 99, 119, 121)),
}  # fmt: skip
"""Yields of plots of three varieties, each split over four amounts of nitrogen (Yates 1935; `oats` of R's MASS)."""


def cell(value: float, **levels: object) -> Cell:
    base = {"domain": "d", "family": "f", "instance": "i", "lambda_": 0.0, "functional": "action", "strategy": "s", "seed": 0}
    return Cell(**{**base, **levels}, measures={"value": float(value)})


def test_a_family_is_tested_against_its_instances_as_in_montgomerys_nested_design():
    cells = [
        cell(value, family=supplier, instance=str(batch), seed=seed)
        for supplier, batches in PURITY.items()
        for batch, values in enumerate(batches)
        for seed, value in enumerate(values)
    ]
    table = anova(cells, "value")
    for kind in ("II", "III"):
        family, instance = table.effect("family", kind=kind), table.effect("instance", kind=kind)
        assert (family.sum_of_squares, family.df) == (pytest.approx(15.06, abs=0.005), 2)
        assert (instance.sum_of_squares, instance.df) == (pytest.approx(69.92, abs=0.005), 9)
        assert table.effect("residual", kind=kind).sum_of_squares == pytest.approx(63.33, abs=0.005)
        assert (family.error_term, family.error_df) == ("instance", 9)
        assert (family.f, family.p) == (pytest.approx(0.97, abs=0.005), pytest.approx(0.416, abs=0.001))
        assert (instance.error_term, instance.f) == ("residual", pytest.approx(2.94, abs=0.005))
        assert instance.p == pytest.approx(0.01667, abs=1e-5)


def test_types_ii_and_iii_of_unbalanced_data_are_those_of_rs_car():
    rows = [row.split() for row in CONFORMITY.replace("\n", " ").split(",")]
    table = anova([cell(int(v), functional=f, strategy=p, seed=n) for n, (v, f, p) in enumerate(rows)], "value")
    expected = {
        ("II", "functional"): (11.61, 2, 0.2770, 0.759564),
        ("II", "strategy"): (212.21, 1, 10.1207, 0.002874),
        ("II", "functional x strategy"): (175.49, 2, 4.1846, 0.022572),
        ("III", "functional"): (36.02, 2, 0.8589, 0.431492),
        ("III", "strategy"): (239.56, 1, 11.4250, 0.001657),
        ("III", "functional x strategy"): (175.49, 2, 4.1846, 0.022572),
    }
    for (kind, term), (squares, df, f, p) in expected.items():
        row = table.effect(term, kind=kind)
        assert (row.sum_of_squares, row.df) == (pytest.approx(squares, abs=0.006), df)
        assert (row.f, row.p) == (pytest.approx(f, abs=1e-4), pytest.approx(p, abs=2e-6))
        assert row.error_term == "residual"
    assert table.effect("residual").sum_of_squares == pytest.approx(817.76, abs=0.005)


def test_effects_within_architectures_are_those_of_rs_split_plot():
    cells = [
        cell(value, family=variety, instance=str(block), lambda_=dose / 5)
        for variety, blocks in OATS.items()
        for block, values in enumerate(blocks)
        for dose, value in enumerate(values)
    ]
    table = anova(cells, "value")
    nitrogen, both = table.effect("lambda"), table.effect("family x lambda")
    assert (nitrogen.sum_of_squares, nitrogen.f) == (pytest.approx(20020, abs=1), pytest.approx(37.686, abs=1e-3))
    assert nitrogen.p == pytest.approx(2.46e-12, rel=0.01)
    assert (both.sum_of_squares, both.f, both.p) == (pytest.approx(322, abs=0.5), pytest.approx(0.303, abs=1e-3), pytest.approx(0.932, abs=1e-3))  # fmt: skip
    residual = table.effect("residual")
    assert (residual.df, residual.sum_of_squares) == (45, pytest.approx(7969, abs=0.5))
    assert table.effect("family").sum_of_squares == pytest.approx(1786, abs=0.5)
    assert (table.effect("instance").df, table.effect("instance").sum_of_squares) == (15, pytest.approx(15875 + 6013, abs=1))


def test_lambda_is_tested_against_the_architectures_own_answers_to_it():
    table = anova(made_up(1, domains=["vision"], answer_sd=0.4, lambda_effect=0.1, strategies=("a", "b")), "log_action")
    answers = table.effect("instance x lambda")
    for term in ("lambda", "family x lambda"):
        row = table.effect(term)
        assert (row.error_term, row.error_df) == ("instance x lambda", 16 * 4)
        assert row.f == pytest.approx(row.mean_square / answers.mean_square)
    assert answers.p is not None
    assert answers.p < 1e-6
    assert table.effect("lambda x strategy").error_term == "residual"


def test_balanced_sums_of_squares_add_up_to_the_whole():
    cells = made_up(2, family_effect=0.4, lambda_effect=-0.3, answer_sd=0.2, strategies=("a", "b"), seeds=2)
    table = anova(cells, "log_action")
    values = np.log([c.measures["action"] for c in cells])
    rows = [row for row in table.effects if row.kind == "II" and not row.ranked]
    assert sum(row.sum_of_squares for row in rows) == pytest.approx(((values - values.mean()) ** 2).sum())
    assert sum(row.df for row in rows) == len(cells) - 1


def test_failed_cells_are_counted_and_left_out():
    cells = made_up(3, domains=["vision", "text"])
    cells[0] = dataclasses.replace(cells[0], status="diverged", reason="loss became NaN")
    cells[1] = dataclasses.replace(cells[1], measures={"action": None})
    cells[2] = dataclasses.replace(cells[2], measures={"action": 0.0})
    cells[3] = dataclasses.replace(cells[3], measures={"action": math.inf})
    table = anova(cells, "log_action")
    assert table.cells == len(cells) - 4
    assert {(row.domain, row.family, row.reason): row.cells for row in table.left_out} == {
        ("vision", "conventional", "diverged: loss became NaN"): 1,
        ("vision", "conventional", "no action"): 2,
        ("vision", "conventional", "action is not above 0, so it has no logarithm"): 1,
    }
    assert as_rows(table.left_out)[0].keys() == {"response", "domain", "family", "reason", "cells"}


def test_what_cannot_be_estimated_is_dropped_by_name():
    cells = [c for c in made_up(4, domains=["vision", "text"]) if (c.domain, c.family) != ("text", "front")]
    table = anova(cells, "log_action")
    assert "domain x family: no cell has domain text, family front" in table.dropped
    assert table.effect("family").df == 3
    with pytest.raises(KeyError):
        table.effect("domain x family")


def test_one_architecture_a_family_leaves_the_family_untested():
    row = anova(made_up(5, domains=["vision"], instances=1), "log_action").effect("family")
    assert (row.f, row.p, row.eta, row.error_term) == (None, None, None, None)
    assert row.sum_of_squares > 0


def test_too_few_cells_are_refused():
    with pytest.raises(ValueError, match="log_action: 3 cells have it: too few"):
        anova(made_up(6)[:3], "log_action")


def test_ranks_stand_beside_the_values_and_do_not_care_about_a_monotone_change():
    cells = made_up(7, domains=["vision"], family_effect=0.5)
    as_log, as_it_is = anova(cells, "log_action"), anova(cells, "action")
    assert as_log.effect("family", ranked=True).f == pytest.approx(as_it_is.effect("family", ranked=True).f)
    assert as_log.effect("family").f != pytest.approx(as_it_is.effect("family").f)


def test_the_path_of_a_functional_holds_what_has_none():
    cells = made_up(8, domains=["vision"], families=["random"], instances=1, seeds=1)
    other = [dataclasses.replace(c, functional="activation") for c in cells if c.lambda_ > 0]
    path = along_path(
        [dataclasses.replace(c, functional="none") if c.lambda_ == 0 else c for c in [*cells, *other]], "activation"
    )
    assert sorted(c.lambda_ for c in path) == sorted(c.lambda_ for c in cells)
    assert {c.functional for c in path} == {"activation"}


def test_holms_correction_is_statsmodels_own():
    from statsmodels.stats.multitest import multipletests

    chances = [0.01, 0.04, 0.03, 0.005, 0.9, 0.04]
    assert holm(chances) == pytest.approx(multipletests(chances, method="holm")[1].tolist())


def test_the_analysis_is_imported_without_statsmodels_pandas_and_torch():
    code = "import sys, minas.analysis.anova; print(*sorted({'torch', 'statsmodels', 'pandas', 'scipy'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.strip() == ""


@pytest.mark.parametrize("package", ["statsmodels", "pandas"])
def test_without_a_package_the_extra_is_named(monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    for name in [name for name in sys.modules if name.startswith(f"{package}.")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(MissingExtraError, match=rf"{package}: pip install 'minas\[study\]'"):
        getattr(extras, package)(*(["formula.api"] if package == "statsmodels" else []))


def test_a_gap_is_test_error_minus_training_error():
    one = cell(0.0)
    assert response("gap").of(dataclasses.replace(one, measures={"test_error": 0.3, "train_error": 0.1})) == pytest.approx(0.2)
    assert response("gap").of(dataclasses.replace(one, measures={"test_error": 0.3})) == "no train_error"


def _alarms(draws: int, **design: object) -> float:
    """Return how often families without any effect are called different, every third cell of one family missing."""
    found = 0
    for seed in range(draws):
        cells = made_up(seed, domains=["vision"], families=["a", "b", "c"], instances=4, lambdas=(0.0, 1.0), seeds=2, **design)
        cells = [c for place, c in enumerate(cells) if c.family != "a" or place % 3]
        p = anova(cells, "log_action", ranks=False).effect("family").p
        assert p is not None
        found += p < 0.05
    return found / draws


@pytest.mark.slow
def test_families_without_an_effect_are_rarely_called_different():
    """Against the residual it would be nearly always: architectures differ by far more than seeds."""
    assert 0.005 <= _alarms(120, instance_sd=1.0, noise=0.1) <= 0.11
