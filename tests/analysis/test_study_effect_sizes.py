"""Sizes of effects: against published intervals, and by simulation."""

from __future__ import annotations

import numpy as np
import pytest

from minas.analysis.effect_sizes import eta_interval, omega_squared, partial_eta_squared


@pytest.mark.parametrize(
    ("f", "effect_df", "error_df", "low", "high"),
    [
        (6.00, 1, 42, 0.0117, 0.2801),
        (2.65, 6, 42, 0.0174, 0.3577),
        (1.50, 1, 16, 0.0, 0.3167),
        (4.00, 3, 16, 0.0357, 0.5671),
    ],
)
def test_intervals_are_those_of_smithson_2001_and_fidler_and_thompson_2001(f, effect_df, error_df, low, high):
    """Their 90% intervals, as R's apaTables documents them."""
    assert eta_interval(f, effect_df, error_df, level=0.9) == pytest.approx((low, high), abs=5e-5)


def test_the_simplest_case_by_hand():
    """Two groups, 1 2 3 and 3 4 5: SS 6 and 4, F = 6, eta squared .6; omega squared (6 - 1) / (6 + 4 + 1)."""
    assert partial_eta_squared(6, 1, 4) == pytest.approx(0.6)
    assert omega_squared(6, 1, 6) == pytest.approx(5 / 11)


def test_bounds_hold_for_very_small_and_very_large_f():
    assert eta_interval(0.0, 3, 20) == (0.0, 0.0)
    assert eta_interval(0.02, 3, 20) == (0.0, 0.0)
    low, high = eta_interval(1e5, 3, 2000)
    assert 0.99 < low < partial_eta_squared(1e5, 3, 2000) < high < 1


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5])
def test_intervals_cover_the_share_that_a_one_way_design_really_has(share):
    """Four groups of ten with a between variance that is the share of the whole."""
    from scipy.stats import f_oneway

    rng = np.random.default_rng(0)
    means = np.array([-1.5, -0.5, 0.5, 1.5])
    means *= np.sqrt(share / (1 - share) / np.mean(means**2))
    covered = 0
    for _ in range(400):
        low, high = eta_interval(float(f_oneway(*(means[:, None] + rng.normal(size=(4, 10)))).statistic), 3, 36)
        covered += low <= share <= high
    assert 0.92 <= covered / 400 <= 0.98
