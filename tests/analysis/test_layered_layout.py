from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minas.analysis.layout import GAP, HEIGHT, Layout, layered


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, list[tuple[int, int]]]:
    """A stage as canonical architectures have them: every node is reached from the entry and reaches the output."""
    nodes = draw(st.integers(2, 8))
    edges = {(draw(st.integers(0, b - 1)), b) for b in range(1, nodes)}
    edges |= draw(st.sets(st.sampled_from([(a, b) for b in range(nodes) for a in range(b)])))
    for a in range(nodes - 1):
        if not any(source == a for source, _ in edges):
            edges.add((a, nodes - 1))
    return nodes, sorted(edges)


@settings(max_examples=150, deadline=None)
@given(graphs())
def test_boxes_keep_apart_and_inside(graph: tuple[int, list[tuple[int, int]]]) -> None:
    layout = layered(*graph)
    for (x, y), (other, same) in itertools.combinations(layout.centres, 2):
        assert y != same or abs(x - other) >= 1 + GAP - 1e-5
    assert all(0.5 - 1e-5 <= x <= layout.width - 0.5 + 1e-5 for x, _ in layout.centres)
    assert layout.layers == 1 + max(y for _, y in layout.centres)


def bends(layout: Layout) -> list[tuple[float, float]]:
    return [point for route in layout.routes.values() for point in route[1:-1]]


@settings(max_examples=150, deadline=None)
@given(graphs())
def test_no_edge_runs_through_a_node(graph: tuple[int, list[tuple[int, int]]]) -> None:
    layout = layered(*graph)
    for x, y in bends(layout):
        layer = round(y)
        assert abs(abs(y - layer) - HEIGHT / 2) < 1e-9
        for centre, row in layout.centres:
            assert row != layer or abs(x - centre) > 0.5 + GAP / 2


@settings(max_examples=150, deadline=None)
@given(graphs())
def test_every_edge_leaves_its_source_and_enters_its_target(graph: tuple[int, list[tuple[int, int]]]) -> None:
    nodes, edges = graph
    layout = layered(nodes, edges)
    assert sorted(layout.routes) == edges
    for (a, b), route in layout.routes.items():
        assert route[0][1] == pytest.approx(layout.centres[a][1] + HEIGHT / 2)
        assert route[-1][1] == pytest.approx(layout.centres[b][1] - HEIGHT / 2)
        assert abs(route[0][0] - layout.centres[a][0]) <= 0.45
        assert abs(route[-1][0] - layout.centres[b][0]) <= (0.45 if b < nodes - 1 else 1e-9)
        assert all(low < high for (_, low), (_, high) in itertools.pairwise(route))
    assert layered(nodes, reversed(edges)) == layout


def test_a_chain_is_straight() -> None:
    layout = layered(5, [(0, 1), (1, 2), (2, 3), (3, 4)])
    assert {x for x, _ in layout.centres} == {0.5}
    assert [y for _, y in layout.centres] == [0, 1, 2, 3, 4]
    assert layout.width == pytest.approx(1.0)


def test_crossings_that_can_be_avoided_are() -> None:
    # 0 feeds 1 and 2; 1 feeds 4 and 2 feeds 3: numbers suggest a crossing, order avoids it.
    layout = layered(6, [(0, 1), (0, 2), (1, 4), (2, 3), (3, 5), (4, 5)])
    x = [place for place, _ in layout.centres]
    assert (x[1] - x[2]) * (x[4] - x[3]) > 0


def test_edges_from_one_node_share_their_lane() -> None:
    layout = layered(5, [(0, 1), (1, 2), (2, 3), (0, 3), (0, 4), (3, 4)])
    assert layout.routes[0, 3][:5] == layout.routes[0, 4][:5]
