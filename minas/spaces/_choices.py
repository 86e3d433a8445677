"""Genomes of categorical choices: what spaces that are lists of named choices share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from minas.spaces import Variation

Genome = tuple[int, ...]
"""For each gene the index of its level."""

VARIATION = Variation(crossover=0.3, further=0.0)
"""One gene a child. A gene is much of such an architecture, so that what made a parent good seldom survives more changes.

Chosen on other objectives than those that `benchmarks/tables.py` reports: there, further mutations cost hypervolume.
"""


def sample(levels: Sequence[int], rng: np.random.Generator) -> Genome:
    """Return a random genome.

    Args:
        levels: the number of levels of each gene, at least 1.
        rng: source of chance.
    """
    return tuple(int(rng.integers(count)) for count in levels)


def mutate(genome: Genome, levels: Sequence[int], rng: np.random.Generator) -> Genome:
    """Return a genome of which one gene has another level; the same one where no gene has a choice."""
    free = [place for place, count in enumerate(levels) if count > 1]
    if not free:
        return genome
    place = free[int(rng.integers(len(free)))]
    level = (genome[place] + 1 + int(rng.integers(levels[place] - 1))) % levels[place]
    return (*genome[:place], level, *genome[place + 1 :])


def cross(first: Genome, second: Genome, rng: np.random.Generator) -> Genome:
    """Return a genome that takes each gene from either parent, by a fair coin."""
    return tuple(a if own else b for a, b, own in zip(first, second, rng.random(len(first)) < 0.5, strict=True))


def neighbours(genome: Genome, levels: Sequence[int]) -> Iterator[Genome]:
    """Yield all genomes of which one gene has another level."""
    for place, count in enumerate(levels):
        for level in range(count):
            if level != genome[place]:
                yield (*genome[:place], level, *genome[place + 1 :])
