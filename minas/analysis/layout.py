"""Where the nodes and edges of one stage stand in a drawing: a layered layout, from top to bottom.

Nodes stand in layers by their longest path from the entry. Edges that skip layers run in lanes between the nodes, one for
all edges from the same node, so they never run through a node. The order inside layers is improved by sweeps and swaps until
edges cross little; positions then follow the neighbours, as far as the gaps allow. The method is that of Sugiyama, Tagawa
and Toda (1981), in small.

Lengths are in units of a node's width across, and of the distance of layers down.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import networkx as nx

LANE = 0.22
"""Width of the lane of an edge that passes a layer."""
GAP = 0.16
"""The least distance of two neighbours in a layer."""
HEIGHT = 0.56
"""Height of a node's box as a share of the distance of layers."""
PORT = 0.16
"""The greatest distance of two edges' ends at a node."""

Edge = tuple[int, int]
Item = tuple[int, int]  # (node, -1), or (number of nodes + source, layer) of a lane
Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Places of a stage's nodes and routes of its edges.

    Attributes:
        centres: (x, y) of each node's centre, y growing downwards from 0; x from 0 to `width`.
        routes: edge to the points that it goes through: out of a box, straight through each lane, into a box.
        width: across all boxes and lanes.
        layers: how many layers there are.
    """

    centres: tuple[Point, ...]
    routes: dict[Edge, tuple[Point, ...]]
    width: float
    layers: int


def layered(nodes: int, edges: Iterable[Edge]) -> Layout:
    """Lay out a directed acyclic graph whose last node is drawn as a point, where all its edges meet.

    Args:
        nodes: how many; they are numbered from 0.
        edges: from a lower to a higher number.

    Returns:
        The layout; the same for the same graph, always.
    """
    edges = sorted(set(edges))
    layer_of = _layer_of(nodes, edges)
    chains = {
        (a, b): [(a, -1), *((nodes + a, layer) for layer in range(layer_of[a] + 1, layer_of[b])), (b, -1)] for a, b in edges
    }
    links = sorted({link for chain in chains.values() for link in itertools.pairwise(chain)})
    across = _across(_ordered(_layers(layer_of, chains), links), links)
    return _drawn(nodes, layer_of, chains, across)


def _layer_of(nodes: int, edges: Sequence[Edge]) -> list[int]:
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(nodes))
    graph.add_edges_from(edges)
    out = [0] * nodes
    for layer, generation in enumerate(nx.topological_generations(graph)):
        for node in generation:
            out[node] = layer
    return out


def _layers(layer_of: Sequence[int], chains: dict[Edge, list[Item]]) -> list[list[Item]]:
    layers: list[list[Item]] = [[] for _ in range(max(layer_of) + 1)]
    for node, layer in enumerate(layer_of):
        layers[layer].append((node, -1))
    for lane in sorted({item for chain in chains.values() for item in chain if item[1] >= 0}):
        layers[lane[1]].append(lane)
    return layers


def _neighbours(links: Sequence[tuple[Item, Item]]) -> tuple[dict[Item, list[Item]], dict[Item, list[Item]]]:
    above: dict[Item, list[Item]] = {}
    below: dict[Item, list[Item]] = {}
    for upper, lower in links:
        above.setdefault(lower, []).append(upper)
        below.setdefault(upper, []).append(lower)
    return above, below


def _ordered(layers: list[list[Item]], links: Sequence[tuple[Item, Item]]) -> list[list[Item]]:
    """Order each layer so that links cross little: barycentre sweeps down and up, then swaps of neighbours."""
    above, below = _neighbours(links)
    best, fewest = layers, _crossings(layers, links)
    current = [list(layer) for layer in layers]
    for sweep in range(12):
        near = above if sweep % 2 == 0 else below
        for layer in range(len(current)) if sweep % 2 == 0 else range(len(current) - 1, -1, -1):
            rank = {item: place for row in current for place, item in enumerate(row)}
            current[layer] = sorted(current[layer], key=lambda item: _mean([rank[n] for n in near.get(item, [])], rank[item]))
        current = _swapped(current, links)
        if (crossings := _crossings(current, links)) < fewest:
            best, fewest = [list(layer) for layer in current], crossings
    return best


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else float(otherwise)


def _crossings(layers: Sequence[Sequence[Item]], links: Sequence[tuple[Item, Item]]) -> int:
    rank = {item: (row, place) for row, layer in enumerate(layers) for place, item in enumerate(layer)}
    spans: dict[int, list[tuple[int, int]]] = {}
    for upper, lower in links:
        spans.setdefault(rank[upper][0], []).append((rank[upper][1], rank[lower][1]))
    return sum((a[0] - b[0]) * (a[1] - b[1]) < 0 for between in spans.values() for a, b in itertools.combinations(between, 2))


def _swapped(layers: list[list[Item]], links: Sequence[tuple[Item, Item]]) -> list[list[Item]]:
    fewest = _crossings(layers, links)
    for layer in layers:
        for left in range(len(layer) - 1):
            layer[left], layer[left + 1] = layer[left + 1], layer[left]
            if (crossings := _crossings(layers, links)) < fewest:
                fewest = crossings
            else:
                layer[left], layer[left + 1] = layer[left + 1], layer[left]
    return layers


def _breadth(item: Item) -> float:
    return 1.0 if item[1] == -1 else LANE


def _across(layers: Sequence[Sequence[Item]], links: Sequence[tuple[Item, Item]]) -> dict[Item, float]:
    """Give each item its x: near its neighbours' mean, in the layer's order, with the least gaps kept."""
    above, below = _neighbours(links)
    x = {item: float(place) for layer in layers for place, item in enumerate(layer)}
    for layer in layers:
        x |= _spread(layer, [0.0] * len(layer))
    for sweep in range(24):
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            wanted = [_mean([x[near] for near in (*above.get(item, []), *below.get(item, []))], x[item]) for item in layer]
            x |= _spread(layer, wanted)
    return x


def _spread(layer: Sequence[Item], wanted: Sequence[float]) -> dict[Item, float]:
    """Return the positions nearest to those wanted, in least squares, that keep order and gaps (pooling violators)."""
    offsets = [0.0]
    for left, right in itertools.pairwise(layer):
        offsets.append(offsets[-1] + (_breadth(left) + _breadth(right)) / 2 + GAP)
    blocks: list[tuple[float, int]] = []
    for offset, goal in zip(offsets, wanted, strict=True):
        blocks.append((goal - offset, 1))
        while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
            (later, many), (earlier, few) = blocks.pop(), blocks.pop()
            blocks.append(((later * many + earlier * few) / (many + few), many + few))
    free = [value for value, count in blocks for _ in range(count)]
    return {item: base + offset for item, base, offset in zip(layer, free, offsets, strict=True)}


def _drawn(nodes: int, layer_of: Sequence[int], chains: dict[Edge, list[Item]], across: dict[Item, float]) -> Layout:
    left = min(x - _breadth(item) / 2 for item, x in across.items())
    right = max(x + _breadth(item) / 2 for item, x in across.items())
    across = {item: round(x - left, 6) for item, x in across.items()}
    leaving = _ports(chains, across, end=0, point=nodes - 1)
    arriving = _ports(chains, across, end=1, point=nodes - 1)
    routes = {}
    for edge, chain in chains.items():
        points = [(leaving[edge], layer_of[edge[0]] + HEIGHT / 2)]
        for item in chain[1:-1]:
            points += [(across[item], item[1] - HEIGHT / 2), (across[item], item[1] + HEIGHT / 2)]
        routes[edge] = (*points, (arriving[edge], layer_of[edge[1]] - HEIGHT / 2))
    centres = tuple((across[node, -1], float(layer_of[node])) for node in range(nodes))
    return Layout(centres=centres, routes=routes, width=right - left, layers=max(layer_of) + 1)


def _ports(chains: dict[Edge, list[Item]], across: dict[Item, float], *, end: int, point: int) -> dict[Edge, float]:
    """Return edge to the x at which it leaves (end 0) or enters (end 1) its node: side by side, in the order of the lanes.

    Edges that start in one lane leave at one place; all edges into `point` enter at its centre.
    """
    near = {edge: chain[1 if end == 0 else -2] for edge, chain in chains.items()}
    out = {}
    for node in {edge[end] for edge in chains}:
        own = [edge for edge in chains if edge[end] == node]
        places = sorted({near[edge] for edge in own}, key=lambda item: (across[item], item))
        pitch = 0.0 if node == point else min(PORT, 0.8 / len(places))
        for edge in own:
            out[edge] = across[node, -1] + (places.index(near[edge]) - (len(places) - 1) / 2) * pitch
    return out
