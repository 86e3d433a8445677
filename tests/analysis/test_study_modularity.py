"""Modularity beyond the null: on graphs whose answer is known."""

from __future__ import annotations

import itertools

import networkx as nx
import numpy as np
import pytest

from minas.analysis.modularity import Modularity, modularity, with_action


def test_zacharys_club_has_its_known_modularity_and_more_than_its_degrees_bring():
    """The largest Q of this graph is .4198 (Brandes and others 2008, by exhaustive optimisation)."""
    found = modularity(nx.karate_club_graph().edges(), nulls=30)
    assert isinstance(found, Modularity)
    assert found.q == pytest.approx(0.4198, abs=1e-3)
    assert found.excess == pytest.approx(found.q - found.null_mean)
    assert found.z > 2
    assert (found.nodes, found.edges) == (34, 78)


def test_cliques_on_a_ring_are_modular_beyond_chance():
    found = modularity(nx.ring_of_cliques(4, 5).edges(), nulls=30)
    assert found.excess > 0.2
    assert found.p == pytest.approx(1 / 31)


def test_a_random_graph_has_a_large_q_and_no_excess():
    """The reason for the null: a sparse random graph reaches a Q that looks modular."""
    zs = []
    for seed in range(5):
        found = modularity(nx.gnm_random_graph(40, 60, seed=seed).edges(), nulls=20, seed=seed)
        assert found.q > 0.35
        zs.append(found.z)
    assert abs(np.mean(zs)) < 1.5


@pytest.mark.parametrize("edges", [[], [(0, 1)], [(0, 1), (1, 2)], list(itertools.combinations(range(6), 2))])
def test_graphs_that_leave_no_choice_say_so(edges):
    assert isinstance(modularity(edges, nulls=3), str)


def test_directions_loops_and_parallel_edges_do_not_count():
    edges = list(nx.ring_of_cliques(3, 4).edges())
    doubled = [*edges, *((b, a) for a, b in edges), (0, 0)]
    assert modularity(edges, nulls=5) == modularity(doubled, nulls=5)


def test_the_association_is_at_equal_flops():
    """Both follow FLOPs; beyond that nothing binds them, until it is planted."""
    rng = np.random.default_rng(0)
    flops = rng.normal(13, 1, 60)
    excess, action = flops + rng.normal(0, 0.1, 60), flops + rng.normal(0, 0.1, 60)
    free = with_action(excess, action, flops)
    bound = with_action(excess - 2 * (action - flops), action, flops)
    assert free.p > 0.01
    assert free.low < 0 < free.high
    assert bound.correlation < -0.6
    assert bound.p < 1e-6
    assert with_action(excess[:5], action[:5], flops[:5]) is None
    assert with_action([0.0] * 60, action, flops) is None
