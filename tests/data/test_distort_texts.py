"""Texts with unknown words, and with words missing."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from minas.data import distort_texts
from minas.data.task import DataSource, Task
from minas.domains import text


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Task:
    """A hundred texts of twenty known words each, and a shorter one."""
    rng, path = np.random.default_rng(0), tmp_path_factory.mktemp("texts") / "data.npz"
    lines = [" ".join(f"word{number}" for number in rng.integers(0, 50, 20)) for _ in range(100)]
    np.savez(path, x=np.array([*lines, "word1 word2"]), y=np.arange(101) % 2)
    return text.load(DataSource(path=str(path)))


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def known(task: Task) -> torch.Tensor:
    """Many texts of ten known words, with padding behind them."""
    first = 1 + task.preprocessing["buckets"]
    words = first + torch.arange(10).repeat(2000, 1)
    return torch.cat((words, torch.zeros(2000, 10, dtype=torch.int64)), 1)


def test_the_share_of_words_becomes_unknown_in_its_place_and_padding_stays(task: Task) -> None:
    inputs = known(task)
    outputs = distort_texts.unknown_words(task, inputs, generator())
    changed = outputs != inputs
    assert not changed[:, 10:].any()
    assert float(changed[:, :10].float().mean()) == pytest.approx(distort_texts.UNKNOWN, abs=0.02)
    buckets = outputs[changed]
    assert int(buckets.min()) >= 1
    assert int(buckets.max()) <= task.preprocessing["buckets"]
    assert len(buckets.unique()) > 0.7 * task.preprocessing["buckets"], "any bucket, not one for all"


def test_the_share_of_words_is_missing_and_the_rest_moves_up(task: Task) -> None:
    inputs = known(task)
    outputs = distort_texts.dropped_words(task, inputs, generator())
    left = outputs != 0
    assert float(left[:, :10].float().mean()) == pytest.approx(1 - distort_texts.DROPPED, abs=0.02)
    rising = outputs[:, 1:] > outputs[:, :-1]
    assert torch.equal(rising, left[:, 1:]), "in their order, with no gap"


def test_a_text_of_one_word_keeps_it(task: Task) -> None:
    inputs = torch.tensor([[7, 0, 0]]).repeat(50, 1)
    assert torch.equal(distort_texts.dropped_words(task, inputs, generator()), inputs)
    unknown = distort_texts.unknown_words(task, inputs, generator())
    assert unknown[:, 0].bool().all()
    assert not unknown[:, 1:].any()
