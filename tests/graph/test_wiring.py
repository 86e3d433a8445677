"""Wirings join every node to the entry and the output, and follow their generators."""

from __future__ import annotations

import graph_strategies as shared
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minas.graph.structure import dead
from minas.graph.wiring import Generator, Wiring, wire

GENERATORS: list[Generator] = ["chain", "erdos_renyi", "watts_strogatz", "barabasi_albert"]


@settings(deadline=None)
@given(
    seed=shared.seeds,
    count=st.integers(0, 12),
    generator=st.sampled_from(GENERATORS),
    order=st.sampled_from(["index", "random"]),
    probability=st.floats(0, 1),
    neighbours=st.integers(2, 15),
    attachment=st.integers(1, 15),
)
def test_every_wiring_is_a_sorted_graph_without_dead_nodes(seed: int, count: int, **options: object) -> None:
    generator = options.pop("generator")
    wiring = Wiring(generators=(generator,), **options)  # type: ignore[arg-type]
    edges = wire(wiring, count, np.random.default_rng(seed))
    assert list(edges) == sorted(set(edges))
    assert all(0 <= source < target <= count + 1 for source, target in edges)
    assert dead(count + 1, edges) is None


def inner_edges(wiring: Wiring, count: int, seed: int) -> int:
    edges = wire(wiring, count, np.random.default_rng(seed))
    return sum(source > 0 and target <= count for source, target in edges)


def test_generators_give_the_edges_that_define_them() -> None:
    count = 8
    for seed in range(20):
        assert wire(Wiring(generators=("chain",)), 3, np.random.default_rng(seed)) == ((0, 1), (1, 2), (2, 3), (3, 4))
        assert inner_edges(Wiring(generators=("watts_strogatz",), neighbours=4), count, seed) == count * 4 // 2
        assert inner_edges(Wiring(generators=("barabasi_albert",), attachment=2), count, seed) == (count - 2) * 2
        assert inner_edges(Wiring(generators=("erdos_renyi",), probability=0), count, seed) == 0
        assert inner_edges(Wiring(generators=("erdos_renyi",), probability=1), count, seed) == count * (count - 1) // 2
    counts = [inner_edges(Wiring(generators=("erdos_renyi",), probability=0.25), count, seed) for seed in range(300)]
    assert np.mean(counts) == pytest.approx(0.25 * count * (count - 1) / 2, abs=0.5)


def test_a_random_order_changes_which_way_hubs_point() -> None:
    def entry_degrees(order: str) -> set[int]:
        wiring = Wiring(generators=("barabasi_albert",), order=order)  # type: ignore[arg-type]
        wirings = [wire(wiring, 8, np.random.default_rng(seed)) for seed in range(50)]
        return {sum(source == 0 for source, _ in edges) for edges in wirings}

    assert entry_degrees("index") == {1}  # the first node leads to all others
    assert len(entry_degrees("random")) > 2


def test_every_generator_is_drawn() -> None:
    wiring = Wiring()
    seen = {wire(wiring, 5, np.random.default_rng(seed)) for seed in range(100)}
    assert len(seen) > 30
