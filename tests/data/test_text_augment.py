"""Leaving out words of training texts."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from minas.data.text_augment import augmentation, without_words
from minas.errors import ConfigError

TEXTS = st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=6), min_size=1, max_size=5)


def rows(texts: list[list[int]]) -> torch.Tensor:
    return torch.tensor([text + [0] * (8 - len(text)) for text in texts])


@given(texts=TEXTS, share=st.floats(0, 0.99), seed=st.integers(0, 99))
def test_what_is_left_keeps_its_order_and_padding_stands_behind(texts: list[list[int]], share: float, seed: int) -> None:
    before = rows(texts)
    after = without_words(before.clone(), torch.Generator().manual_seed(seed), share=share)
    for text, row in zip(texts, after.tolist(), strict=True):
        left = [word for word in row if word]
        assert row == left + [0] * (8 - len(left))
        assert left, "no text is padding alone"
        remaining = iter(text)
        assert all(word in remaining for word in left), "a part of the words, in their order"


def test_the_share_is_left_out() -> None:
    before = torch.arange(1, 41).repeat(500, 1)
    after = without_words(before, torch.Generator().manual_seed(0), share=0.3)
    assert float((after == 0).float().mean()) == pytest.approx(0.3, abs=0.01)
    assert torch.equal(without_words(before, torch.Generator().manual_seed(0), share=0.0), before)


@pytest.mark.parametrize("value", [-0.1, 1, float("nan"), "0.2"])
def test_a_share_that_makes_no_sense_is_refused(value: object) -> None:
    with pytest.raises(ConfigError, match=r"augmentation: word_dropout = .*; expected a share from 0, below 1"):
        augmentation({"word_dropout": value})


def test_no_augmentation_where_nothing_is_left_out() -> None:
    assert augmentation({"word_dropout": 0}) is None
    with pytest.raises(ConfigError, match=r"no augmentation of texts named 'word_drop'; did you mean 'word_dropout'"):
        augmentation({"word_drop": 0.1})
