"""Hashed words and pairs of words, as a bag takes them (Weinberger et al. 2009; Joulin et al. 2017)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

PRIME = (1 << 31) - 1


def hashed(samples: NDArray[Any], buckets: int) -> NDArray[np.int64]:
    """Return the buckets of each sample's words and of its pairs of neighbouring words.

    They are whole-number arithmetic on the samples alone, which a network can repeat: see `minas.data.words.bigram_bucket`.
    A single word is the pair of it and 0, which no pair of two words is.

    Args:
        samples: (samples, length), whole numbers below 2**31, 0 is padding and stands behind all words.
        buckets: how many; words and pairs share them.

    Returns:
        (samples, 2 * length - 1), int64: 1 to `buckets`, first a place for each word, then one for each pair; 0 where there is
        no word, or no second one.
    """
    tokens = np.asarray(samples, np.int64)
    first = np.concatenate([tokens, tokens[:, :-1]], axis=1)
    second = np.concatenate([np.zeros_like(tokens), tokens[:, 1:]], axis=1)
    there = np.concatenate([tokens != 0, tokens[:, 1:] != 0], axis=1)
    mixed = (first * 92821 + second) % PRIME
    return np.where(there, 1 + mixed * (mixed + 48271) % PRIME % buckets, 0)
