"""Genomes of categorical choices."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from minas.spaces import _choices

LEVELS = st.lists(st.integers(1, 4), min_size=1, max_size=6)


@given(LEVELS, st.integers(0, 2**32))
def test_samples_and_crosses_stay_within_the_levels(levels, seed):
    rng = np.random.default_rng(seed)
    first, second = _choices.sample(levels, rng), _choices.sample(levels, rng)
    child = _choices.cross(first, second, rng)
    for genome in (first, second, child):
        assert len(genome) == len(levels)
        assert all(0 <= level < count for level, count in zip(genome, levels, strict=True))
    assert all(gene in pair for gene, pair in zip(child, zip(first, second, strict=True), strict=True))


@given(LEVELS, st.integers(0, 2**32))
def test_a_mutation_is_one_of_the_neighbours_and_neighbours_differ_in_one_gene(levels, seed):
    rng = np.random.default_rng(seed)
    genome = _choices.sample(levels, rng)
    near = list(_choices.neighbours(genome, levels))
    assert len(near) == len(set(near)) == sum(count - 1 for count in levels)
    assert all(sum(a != b for a, b in zip(genome, other, strict=True)) == 1 for other in near)
    changed = _choices.mutate(genome, levels, rng)
    assert changed in near if near else changed == genome


def test_every_level_of_every_gene_comes_by_mutation_and_either_parent_by_crossing():
    rng = np.random.default_rng(0)
    seen = {_choices.mutate((0, 1), (3, 2), rng) for _ in range(200)}
    assert seen == set(_choices.neighbours((0, 1), (3, 2)))
    assert {_choices.cross((0, 0), (1, 1), rng) for _ in range(200)} == {(0, 0), (0, 1), (1, 0), (1, 1)}
