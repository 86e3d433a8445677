"""Rows of words start from vectors or from what classes say of them, and nothing else changes."""

from __future__ import annotations

import dataclasses
import math
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from minas import baselines
from minas.data import glove, texts
from minas.errors import ArchitectureError, MissingExtraError, UsageError
from minas.evaluation import vectors

FITTED = texts.fit(["good film", "bad film", "bad good plot plot plan plan"], "texts", buckets=5)
KNOWN = {"plan": 0, "good": 1, "bad": 2, "film": 3}
VECTORS = np.random.default_rng(0).normal(size=(4, 50)).astype(np.float32)
TASK = SimpleNamespace(name="toy", preprocessing=FITTED)
NAMES = sorted(baselines.of_domain("text"))


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> vectors.Start:
    monkeypatch.setattr(glove, "read", lambda: (KNOWN, VECTORS))
    return vectors.read(TASK)


def test_a_start_has_the_vectors_of_known_words_alone(start: vectors.Start) -> None:
    words = {name: int(texts.apply(FITTED, [name])[0, 0]) for name in KNOWN}
    assert sorted(words.values()) == start.numbers.tolist()
    assert start.vectors.shape == (4, 50)
    assert start.ids == FITTED["ids"]


@pytest.mark.parametrize("name", NAMES)
def test_each_baseline_has_rows_that_start_from_vectors(name: str, start: vectors.Start) -> None:
    drawn, started = (baselines.find("text", name).build((8,), 2, 3) for _ in range(2))
    vectors.apply(start, started)
    changed = 0
    for key, before in drawn.state_dict().items():
        after = started.state_dict()[key]
        if torch.equal(before, after):
            continue
        changed += 1
        others = torch.ones(len(before), dtype=torch.bool)
        others[start.numbers] = False
        assert torch.equal(before[others], after[others])
        width = min(50, before.shape[1])
        assert torch.equal(before[:, width:], after[:, width:])
        taken = after[start.numbers, :width]
        assert torch.allclose(taken.std(), before[start.numbers, :width].std(), rtol=1e-4)
        together = torch.stack([taken.flatten(), start.vectors[:, :width].flatten()])
        assert torch.corrcoef(together)[0, 1] > 0.9999
    assert changed >= 1
    again = baselines.find("text", name).build((8,), 2, 3)
    vectors.apply(start, again)
    assert all(torch.equal(one, again.state_dict()[key]) for key, one in started.state_dict().items())


def test_a_network_without_a_table_of_words_is_refused(start: vectors.Start) -> None:
    network = nn.Sequential(nn.Embedding(3, 4, padding_idx=0), nn.Linear(4, 2))
    with pytest.raises(ArchitectureError, match="no table of words"):
        vectors.apply(start, network)


def test_a_vocabulary_without_known_words_changes_nothing(start: vectors.Start) -> None:
    none = dataclasses.replace(start, numbers=start.numbers[:0], vectors=start.vectors[:0])
    network = nn.Embedding(start.ids, 4, padding_idx=0)
    before = network.weight.detach().clone()
    vectors.apply(none, network)
    assert torch.equal(before, network.weight)


def test_what_is_no_text_and_what_lacks_pyarrow_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r"samples of digits are no texts; leave out --vectors"):
        vectors.available(SimpleNamespace(name="digits", preprocessing={"kind": "image"}), "naive_bayes")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'minas\[glove\]'"):
        vectors.available(TASK, "glove")


def counted() -> tuple[torch.Tensor, torch.Tensor]:
    """Return four texts, of words 1 to 4, of two classes; 0 is padding."""
    return torch.tensor([[1, 2, 0], [1, 3, 3], [2, 4, 0], [2, 2, 3]]), torch.tensor([0, 0, 1, 1])


def test_ratios_are_those_of_naive_bayes() -> None:
    inputs, targets = counted()
    found = vectors.log_ratios(inputs, targets, classes=2, ids=7)
    assert found.numbers.tolist() == [1, 2, 3, 4]
    # Words 1 to 4 are there 2, 1, 2, 0 times in the first class and 0, 3, 1, 1 times in the second; with one more for all
    # seven whole numbers both sum to 12.
    expected = [3 * math.log((second + 1) / (first + 1)) for first, second in ((2, 0), (1, 3), (2, 1), (0, 1))]
    assert found.vectors[:, 0].tolist() == pytest.approx(expected, rel=1e-6)
    assert found.vectors[:, 1].tolist() == pytest.approx([-value for value in expected], rel=1e-6)


def test_each_class_has_a_feature_the_first_class_the_last_one() -> None:
    inputs, _ = counted()
    found = vectors.log_ratios(inputs, torch.tensor([0, 1, 2, 2]), classes=3, ids=7)
    assert found.vectors.shape == (4, 3)
    assert found.vectors[1, 1] > 0 > found.vectors[0, 1]  # the third class
    assert found.vectors[0, 2] > 0 > found.vectors[1, 2]  # the first one


def test_ratios_keep_their_length_and_pairs_and_the_rest_their_draw() -> None:
    inputs, targets = counted()
    table = nn.EmbeddingBag(20, 3, padding_idx=0)
    before = table.weight.detach().clone()
    start = vectors.log_ratios(inputs, targets, classes=2, ids=7)
    vectors.apply(start, nn.Sequential(table))
    assert torch.equal(table.weight[1:5, :2], start.vectors)
    assert torch.equal(table.weight[1:5, 2], before[1:5, 2])
    assert torch.equal(table.weight[5:], before[5:])
    assert torch.equal(table.weight[0], before[0])
