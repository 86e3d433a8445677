"""Bounds that a table of architectures has of itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from minas.analysis.bounds import table_bounds


def plain(values):
    """The rule, as one would do it by hand: every row beside every other."""
    front = [row for row in values if not any((other <= row).all() and (other < row).any() for other in values)]
    median = np.median(values[:, 0])
    useful = [row for row in values if row[0] <= median]
    ideal = np.min(useful, axis=0)
    reference = [median, *np.max(front, axis=0)[1:]]
    return [(i, r if r > i else m) for i, r, m in zip(ideal, reference, values.max(axis=0), strict=True)]


@given(arrays(np.float64, st.tuples(st.integers(2, 25), st.integers(1, 3)), elements=st.integers(0, 12).map(float)))
def test_bounds_follow_the_rule(values):
    expected = plain(values)
    assume(all(reference > ideal for ideal, reference in expected))
    assert [(bounds.ideal, bounds.reference) for bounds in table_bounds(values)] == expected


def test_rows_without_all_figures_are_left_out():
    values = np.array([[1.0, 4.0], [2.0, 3.0], [3.0, 1.0], [0.0, np.nan]])
    assert table_bounds(values) == table_bounds(values[:3])


def test_one_architecture_that_dominates_all_leaves_bounds_to_the_dearest():
    bounds = table_bounds(np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 9.0]]))
    assert [(one.ideal, one.reference) for one in bounds] == [(1.0, 2.0), (1.0, 9.0)]


@pytest.mark.parametrize(
    ("values", "text"),
    [([[np.nan, 1.0]], "no row has all"), ([[1.0, 5.0], [2.0, 5.0]], "the objective 1 is 5"), ([[2.0], [2.0]], "objective 0")],
)
def test_a_table_without_bounds_is_refused(values, text):
    with pytest.raises(ValueError, match=text):
        table_bounds(np.array(values))
