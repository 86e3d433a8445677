"""Texts from Python, by way of an archive."""

from __future__ import annotations

import numpy as np
import pytest

from minas.data import arrays, formats
from minas.errors import DataError


def _read(path):
    return formats.read(path, "text", formats.Options())


def test_texts_from_python_come_back(tmp_path):
    said = ["a fine film", "日本語 😀", "", "dull"]
    source = arrays.store((said, ["good", "bad", "good", "bad"]), tmp_path)
    found = _read(source.path)
    assert found.train.inputs.tolist() == said
    assert [found.classes[target] for target in found.train.targets] == ["good", "bad", "good", "bad"]


def test_given_parts_come_back(tmp_path):
    source = arrays.store(((["a", "b"], [0, 1]), (["c", "d"], [1, 0])), tmp_path)
    found = _read(source.path)
    assert (found.train.inputs.tolist(), found.test.inputs.tolist()) == (["a", "b"], ["c", "d"])


@pytest.mark.parametrize("x", [np.zeros((4, 3)), np.array([["a", "b"]] * 4), np.arange(4)])
def test_what_is_no_text_is_refused(tmp_path, x):
    np.savez(tmp_path / "a.npz", x=x, y=[0, 1, 0, 1])
    with pytest.raises(DataError, match=r"samples of dtype \S+ and shape .*; expected texts, \(samples,\)"):
        _read(tmp_path / "a.npz")
