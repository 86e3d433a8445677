"""Parts that keep groups whole: all samples of a subject, a user or a speaker are in one part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minas import seeds

TRIES = 64
"""Divisions that are tried at most, of which the nearest to the shares is taken."""

PLACED = 20_000
"""Groups that are placed, all tries together: with many groups one division is as near as another."""

MISSING = 1e6
"""What a class without training samples costs: more than any distance from the shares."""


def by_group(
    targets: NDArray[np.int64], groups: NDArray[Any], shares: Sequence[float], *, seed: int
) -> list[NDArray[np.int64]]:
    """Divide samples into parts, every group as a whole, so that each class comes as near to its share in each part as it can.

    Group after group, the largest first and those of one size in a random order, goes to the part where it brings the parts'
    classes nearest to their shares; of several such divisions the nearest is taken.

    Args:
        targets: class indices, (samples,).
        groups: each sample's group, (samples,), of any kind that can be told apart and sorted.
        shares: share of each part, positive; they are scaled to a sum of 1. The first is the training part.
        seed: decides which groups go where, and the order within each part.

    Returns:
        Sample indices for each part: together all samples, each once; no part is empty. A class may be missing in a part, in
        the training part only where no division was found that avoids it.

    Raises:
        ValueError: there are fewer groups than parts.
    """
    _, places = np.unique(groups, return_inverse=True)
    _, labels = np.unique(targets, return_inverse=True)
    table = np.zeros((places.max() + 1, labels.max() + 1))
    np.add.at(table, (places.ravel(), labels.ravel()), 1.0)
    if len(table) < len(shares):
        raise ValueError(f"{len(table)} groups can't be divided into {len(shares)} parts")
    wanted = np.asarray(shares, dtype=np.float64)[:, None] / sum(shares) * table.sum(0)
    tries = max(1, min(TRIES, PLACED // len(table)))
    divisions = [_divided(table, wanted, seeds.generator(seed, "groups", number)) for number in range(tries)]
    part_of = min(divisions, key=lambda part_of: _cost(_counts(table, part_of, len(shares)), wanted))[places.ravel()]
    return [
        seeds.generator(seed, "order", part).permutation(np.flatnonzero(part_of == part)).astype(np.int64)
        for part in range(len(shares))
    ]


def _divided(table: NDArray[np.float64], wanted: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Return each group's part, shape (groups,)."""
    order = rng.permutation(len(table))
    order = order[np.argsort(-table[order].sum(1), kind="stable")]
    counts = np.zeros_like(wanted)
    part_of = np.zeros(len(table), dtype=np.int64)
    empty = set(range(len(wanted)))
    for place, group in enumerate(order):
        costs = ((counts + table[group] - wanted) ** 2 - (counts - wanted) ** 2) / wanted
        gains = costs.sum(1)
        if len(order) - place <= len(empty):  # the last groups go to what would stay empty
            gains[[part for part in range(len(wanted)) if part not in empty]] = np.inf
        part = int(np.argmin(gains))
        part_of[group] = part
        counts[part] += table[group]
        empty.discard(part)
    return part_of


def _counts(table: NDArray[np.float64], part_of: NDArray[np.int64], parts: int) -> NDArray[np.float64]:
    return np.array([table[part_of == part].sum(0) for part in range(parts)])


def _cost(counts: NDArray[np.float64], wanted: NDArray[np.float64]) -> float:
    """Return how far the parts' classes are from their shares, as chi-squared is reckoned, over the number of samples."""
    return float(((counts - wanted) ** 2 / wanted).sum() / wanted.sum()) + MISSING * int((counts[0] == 0).sum())
