"""Texts as rows of whole numbers, by a vocabulary of the training part alone."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minas.data import ngrams, texts
from minas.data.words import bigram_bucket, bucket, words
from minas.errors import DataError

TRAIN = ["a good film", "a bad film", "a good, good cast", "unique"]


def test_frequent_words_come_first_and_equal_ones_by_letter():
    found = texts.fit(TRAIN, "here", buckets=8)
    assert found == {"kind": "text", "length": 4, "buckets": 8, "words": ["a", "good", "film"], "ids": 12}
    assert texts.fit(["z z b a b a a"], "here")["words"] == ["a", "b", "z"]


def test_preprocessing_is_json():
    found = texts.fit([*TRAIN, "日本 日本"], "here")
    assert json.loads(json.dumps(found)) == found
    assert (texts.apply(found, TRAIN) == texts.apply(json.loads(json.dumps(found)), TRAIN)).all()


def test_a_word_is_its_place_a_rare_one_its_bucket_and_the_rest_padding():
    found = texts.fit(TRAIN, "here", buckets=8)
    rows = texts.apply(found, ["film unique good", "a a a a a a", ""])
    assert rows.dtype == np.int64
    assert rows.tolist() == [[11, 1 + bucket("unique", 8), 10, 0], [9, 9, 9, 9], [1 + bucket("", 8), 0, 0, 0]]


def test_a_full_vocabulary_keeps_the_most_frequent_words():
    found = texts.fit(TRAIN, "here", ids=11, buckets=8)
    assert (found["words"], found["ids"]) == (["a", "good"], 11)


def test_the_length_fits_most_texts_and_is_bounded():
    short, long = ["a b"] * 990, ["a b " * 5] * 10
    assert texts.fit([*short, *long], "here")["length"] == 2
    assert texts.fit([*short, *long, *long], "here")["length"] == 10
    assert texts.fit(["a b " * 1000] * 4, "here")["length"] == texts.LONGEST


def test_texts_without_any_word_are_refused():
    with pytest.raises(DataError, match="here: no training text has a word"):
        texts.fit(["...", ""], "here")


@given(st.lists(st.text(max_size=40), min_size=1, max_size=6), st.lists(st.text(max_size=40), max_size=6))
@settings(deadline=None)
def test_any_texts_become_rows_within_the_vocabulary(train, other):
    if not any(list(words(text)) for text in train):
        return
    found = texts.fit(train, "here", ids=64, buckets=16)
    rows = texts.apply(found, [*train, *other])
    assert rows.shape == (len(train) + len(other), found["length"])
    assert found["ids"] <= 64
    assert ((rows >= 0) & (rows < found["ids"])).all()
    assert (rows[:, 0] > 0).all()
    # Padding stands behind all words.
    assert (np.diff((rows == 0).astype(int), axis=1) >= 0).all()


def test_too_many_texts_are_refused(monkeypatch):
    monkeypatch.setattr("minas.data.raw.LARGEST_ARRAY", 7)
    with pytest.raises(DataError, match="8 values; expected at most 7"):
        texts.apply(texts.fit(TRAIN, "here"), ["a", "b"])


def test_values_are_texts_that_can_be_encoded():
    found = texts.values(["a", np.str_("b"), "half \ud83d", "\ud83d\ude00"], "here")
    assert found.tolist() == ["a", "b", "half \ufffd", "😀"]
    assert found.dtype == object
    with pytest.raises(DataError, match="here: sample 1 is of type int; expected a text"):
        texts.values(["a", 3], "here")


def test_content_differs_wherever_texts_do():
    cases = [["ab", "c"], ["a", "bc"], ["abc"], ["abc", ""], ["", "abc"], [], ["ab", "d"]]
    assert len({texts.content(case).tobytes() for case in cases}) == len(cases)


def test_a_bag_holds_each_word_and_each_pair():
    rows = np.array([[5, 7, 5, 0], [9, 0, 0, 0]])
    found = ngrams.hashed(rows, 1000)
    one, two = (lambda a: 1 + bigram_bucket(a, 0, 1000)), (lambda a, b: 1 + bigram_bucket(a, b, 1000))
    assert found.tolist() == [[one(5), one(7), one(5), 0, two(5, 7), two(7, 5), 0], [one(9), 0, 0, 0, 0, 0, 0]]


@given(st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=6), st.integers(1, 1 << 20))
def test_bags_stay_within_their_buckets(row, buckets):
    row = sorted(row, key=lambda value: value == 0)
    found = ngrams.hashed(np.array([row]), buckets)[0]
    assert len(found) == 2 * len(row) - 1
    assert ((found >= 0) & (found <= buckets)).all()
    assert (found[: len(row)] > 0).tolist() == [value > 0 for value in row]


def test_pairs_are_spread_over_the_buckets():
    """As evenly as chance would: the share of buckets left empty is near exp(-pairs / buckets)."""
    rows = np.stack(np.meshgrid(np.arange(1, 101), np.arange(1, 101)), axis=-1).reshape(-1, 2)
    pairs = ngrams.hashed(rows, 1 << 13)[:, 2]
    empty = 1 - len(np.unique(pairs)) / (1 << 13)
    assert abs(empty - np.exp(-len(rows) / (1 << 13))) < 0.03
