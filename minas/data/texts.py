"""Texts as a network takes them: rows of whole numbers, by a vocabulary that is fitted on the training part alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minas.data import raw
from minas.data.words import bucket, words
from minas.errors import DataError

PADDING = 0
"""Fills a sample behind its last word."""
IDS = 1 << 14
"""Most different whole numbers in samples, padding and buckets included: the rows of an embedding."""
BUCKETS = 1 << 12
"""Whole numbers that words outside of the vocabulary share, by their hash."""
LONGEST = 256
"""Most words of a sample."""

_RARE = 2
_FITTING = 0.99


def fit(train: Sequence[str] | NDArray[Any], where: str, *, ids: int = IDS, buckets: int = BUCKETS) -> dict[str, Any]:
    """Return the preprocessing of texts, as JSON values.

    The vocabulary holds the words that occur at least twice, the most frequent ones first, as many as `ids` leaves room for.
    All others, those that training texts hold once among them, share `buckets` numbers, which are trained by them.

    Args:
        train: the training part's texts, (samples,).
        where: what errors name.
        ids: most different whole numbers, padding and buckets included.
        buckets: for words outside of the vocabulary.

    Returns:
        `kind`, `length` (words of a sample: as many as 99% of the training texts have at most, no more than 256), `buckets`,
        `words` (the vocabulary in its order) and `ids` (how many whole numbers there are). A word of the vocabulary has the
        number 1 + buckets + its place, another one 1 + the bucket of its hash; 0 is padding.

    Raises:
        DataError: no text has a word.
    """
    counts: Counter[str] = Counter()
    lengths = []
    for text in train:
        found = list(words(text))
        counts.update(found)
        lengths.append(len(found))
    if not counts:
        raise DataError(f"{where}: no training text has a word; expected texts")
    frequent = sorted((word for word, count in counts.items() if count >= _RARE), key=lambda word: (-counts[word], word))
    vocabulary = frequent[: ids - buckets - 1]
    length = int(np.quantile(lengths, _FITTING, method="inverted_cdf"))
    return {
        "kind": "text",
        "length": min(max(length, 1), LONGEST),
        "buckets": buckets,
        "words": vocabulary,
        "ids": 1 + buckets + len(vocabulary),
    }


def problem(preprocessing: Mapping[str, Any], *, words_a_sample: int, ids: int) -> str | None:
    """Return in words why preprocessing is not such as `fit` returns, or None; it may come from a stranger's file.

    Args:
        preprocessing: JSON values.
        words_a_sample: how many whole numbers a sample has for the network.
        ids: bound of the whole numbers that the network takes.
    """
    kind, length, buckets, vocabulary, given = (
        preprocessing.get(name) for name in ("kind", "length", "buckets", "words", "ids")
    )
    if kind != "text":
        return f"kind is {_shown(kind)}, expected 'text'"
    if type(length) is not int or length != words_a_sample:
        return f"length is {_shown(length)}, expected {words_a_sample}, the words of a sample"
    if type(buckets) is not int or buckets < 1:
        return f"buckets is {_shown(buckets)}, expected a whole number of at least 1"
    if not isinstance(vocabulary, list) or not all(isinstance(word, str) for word in vocabulary):
        return "words is no list of texts, expected the vocabulary"
    if len(set(vocabulary)) < len(vocabulary):
        return "a word stands twice among words"
    numbers = 1 + buckets + len(vocabulary)
    if type(given) is not int or given != numbers:
        return f"ids is {_shown(given)}, expected {numbers}: padding, the buckets and the words"
    if numbers > ids:
        return f"it gives {numbers} different whole numbers, and the network takes those below {ids}"
    return None


def _shown(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 40 else f"{shown[:37]}..."


def apply(preprocessing: Mapping[str, Any], texts: Iterable[str]) -> NDArray[np.int64]:
    """Return texts as a network takes them: a row of whole numbers each, cut or filled with padding behind its last word.

    Args:
        preprocessing: what `fit` returned.
        texts: (samples,).

    Returns:
        (samples, length), int64, from 0 (padding) to `ids` - 1. No row is all padding: a text without a word is one word
        outside of the vocabulary.

    Raises:
        DataError: there are more texts than memory should hold, or one text is given where several are expected.
    """
    if isinstance(texts, str):
        raise DataError("one text was given; expected several: put it in a list")
    rows = list(texts)
    length, buckets = int(preprocessing["length"]), int(preprocessing["buckets"])
    raw.check_size(len(rows) * length, "texts")
    numbers = {word: 1 + buckets + place for place, word in enumerate(preprocessing["words"])}
    out = np.full((len(rows), length), PADDING, np.int64)
    for row, text in zip(out, rows, strict=True):
        place = 0
        for word in words(text):
            if place == length:
                break
            row[place] = numbers.get(word) or 1 + bucket(word, buckets)
            place += 1
        if place == 0:
            row[0] = 1 + bucket("", buckets)
    return out


def values(texts: Iterable[Any], where: str) -> NDArray[Any]:
    """Return texts as a reader hands them on: an array of Python's own `str`, (samples,), each valid Unicode.

    A fixed-width array would take the space of the longest text for each.

    Raises:
        DataError: one is no text.
    """
    found = list(texts)
    for place, text in enumerate(found):
        if not isinstance(text, str):
            raise DataError(f"{where}: sample {place} is of type {type(text).__name__}; expected a text")
    out = np.empty(len(found), object)
    out[:] = [clean(str(text)) for text in found]
    return out


def clean(text: str) -> str:
    """Return a text in which halves of characters that lack the other half are replaced, so that it can be encoded."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def content(texts: Iterable[str]) -> NDArray[np.uint8]:
    """Return all texts as one array of bytes, which differs wherever texts do; for a task's digest."""
    encoded = [text.encode("utf-8") for text in texts]
    joined = b"".join(len(text).to_bytes(8, "little") + text for text in encoded)
    return np.frombuffer(joined, np.uint8)
