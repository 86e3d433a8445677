"""The checks beside a study's tables: the mixed model and the assumptions."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from planted_study import made_up

from minas.analysis.anova import anova
from minas.analysis.assumptions import assumptions
from minas.analysis.mixed import mixed


def test_in_balanced_cells_the_mixed_model_agrees_with_the_table():
    """There the Wald chi squared of an effect is df times the table's F, for families and within architectures alike."""
    cells = made_up(1, domains=["vision", "text"], family_effect=0.4, lambda_effect=0.1)
    found = mixed(cells, "log_action")
    table = anova([dataclasses.replace(c, strategy="s") for c in cells], "log_action", ranks=False)
    family = next(row for row in found.terms if row.term == "family")
    f = table.effect("family").f
    assert family.wald == pytest.approx(family.df * f, rel=0.01)
    assert found.instance_variance == pytest.approx(0.25, rel=0.5)
    assert found.residual_variance == pytest.approx(0.04, rel=0.15)
    assert found.converged
    assert found.warnings == ()


def test_a_variance_on_the_boundary_is_said():
    found = mixed(made_up(2, domains=["vision"], instance_sd=0.0), "log_action")
    assert found.instance_variance == pytest.approx(0, abs=1e-3)
    assert any("boundary" in warning or "singular" in warning for warning in found.warnings)


def test_without_repeated_architectures_there_is_no_mixed_model():
    assert mixed(made_up(3, domains=["vision"], lambdas=(0.0,), seeds=1), "log_action") is None


def test_normal_data_of_equal_variance_pass():
    rows = {row.of: row for row in assumptions(anova(made_up(4, instances=8), "log_action"))}
    assert rows["residuals"].p > 0.01
    assert rows["architectures"].p > 0.01
    assert rows["architectures"].values == 4 * 4 * 8
    assert rows["residuals over lambda"].p > 0.01


def test_skewed_residuals_and_unequal_variances_are_found():
    rng = np.random.default_rng(5)
    cells = [
        dataclasses.replace(c, measures={"value": rng.exponential() * (5 if c.lambda_ == 3.0 else 1)})
        for c in made_up(5, domains=["vision", "text"])
    ]
    rows = {row.of: row for row in assumptions(anova(cells, "value"))}
    assert rows["residuals"].p < 1e-6
    assert rows["residuals over lambda"].p_holm < 1e-6
    assert rows["residuals over domain"].p > 0.001
    assert all(row.p_holm >= row.p for row in rows.values())
