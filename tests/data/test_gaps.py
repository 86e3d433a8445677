"""Signals of unequal lengths, and missing values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from minas.data import gaps
from minas.errors import DataError


@given(arrays.arrays(np.float64, (2, 7), elements=st.floats(-5, 5)), arrays.arrays(np.bool_, (2, 7)))
def test_a_line_stays_a_line_and_what_is_there_stays(values: np.ndarray, missing: np.ndarray) -> None:
    missing[:, 3] = False
    out = gaps.filled(np.where(missing, np.nan, values), "x")
    assert (out[~missing] == values[~missing]).all()
    assert np.isfinite(out).all()
    line = np.arange(14.0).reshape(2, 7)
    missing[:, [0, -1]] = False
    np.testing.assert_allclose(gaps.filled(np.where(missing, np.nan, line), "x"), line)


def test_an_empty_channel_can_not_be_filled() -> None:
    with pytest.raises(DataError, match="x: channel 2 holds no value"):
        gaps.filled(np.array([[1.0, np.nan], [np.nan, np.nan]]), "x")


def test_shorter_signals_stay_at_their_last_values() -> None:
    samples = [np.array([[1, 2], [3, 4]]), np.array([[1, 2, 3], [4, 5, 6]])]
    assert gaps.longest([samples[:1], samples]) == 3
    assert gaps.padded(samples, 4, "x").tolist() == [[[1, 2, 2, 2], [3, 4, 4, 4]], [[1, 2, 3, 3], [4, 5, 6, 6]]]


def test_one_long_signal_among_many_is_not_put_into_memory_unasked() -> None:
    with pytest.raises(DataError, match="expected at most"):
        gaps.padded([np.ones((2, 1))] * 1000, 1 << 20, "x")
