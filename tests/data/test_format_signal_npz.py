"""NumPy archives of signals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from minas.data import formats
from minas.errors import DataError

PLAIN = formats.Options()


def test_signals_keep_their_layout_and_values(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(6, 2, 9)) * 300
    np.savez(tmp_path / "a.npz", x=x, y=["a", "b"] * 3, x_test=x[:2], y_test=["a", "b"], groups=[1, 1, 2, 2, 3, 3])
    found = formats.read(tmp_path / "a.npz", "signal", PLAIN)
    np.testing.assert_array_equal(found.train.inputs, x.astype(np.float32))
    assert (found.classes, len(found.test or ())) == (("a", "b"), 2)
    assert found.train.groups is not None


def test_one_channel_needs_no_axis_and_whole_numbers_become_real_ones(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.arange(40, dtype=np.uint8).reshape(4, 10), y=[0, 1, 0, 1])
    found = formats.read(tmp_path / "a.npz", "signal", PLAIN)
    assert (found.train.inputs.shape, found.train.inputs.dtype) == ((4, 1, 10), np.float32)


def test_what_is_no_signal_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros((4, 1, 2, 3)), y=[0, 1, 0, 1])
    with pytest.raises(DataError, match=r"train: signals of shape \(4, 1, 2, 3\); expected \(samples, channels, time\)"):
        formats.read(tmp_path / "a.npz", "signal", PLAIN)
