"""The line of texts: words and pairs of words, counted."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from minas.data.task import Part
from minas.lines import LINES, judge
from minas.lines.naive_bayes import counts, terms

pytest.importorskip("sklearn")


def test_terms_are_words_and_neighbours_without_padding():
    assert terms(np.array([5, 7, 5, 0, 0])) == [(5,), (7,), (5,), (5, 7), (7, 5)]
    assert terms(np.array([0, 0])) == []


def test_counts_leave_out_what_is_not_known():
    columns = {(5,): 0, (7, 5): 1, (9,): 2}
    table = counts(np.array([[5, 7, 5], [8, 8, 0], [9, 0, 0]]), columns)
    assert table.toarray().tolist() == [[2, 1, 0], [0, 0, 0], [0, 0, 1]]


def part(samples: int, seed: int) -> Part:
    """Texts of the same words in each class; only which of them stand side by side tells the classes apart."""
    rng = np.random.default_rng(seed)
    targets = np.arange(samples) % 2
    rows = rng.integers(10, 400, (samples, 12))
    for row, label in zip(rows, targets, strict=True):
        place = rng.integers(0, 8)
        row[place : place + 4] = [1, 2, 3, 4] if label else [2, 1, 4, 3]
    return Part(rows, targets)


def test_pairs_of_words_tell_apart_what_words_alone_do_not():
    task = SimpleNamespace(train=part(200, 0), validation=part(100, 1), test=part(100, 2))
    assert judge(LINES.get("naive_bayes"), task).test["error"].mean < 0.1
