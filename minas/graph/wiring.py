"""Random wirings of a stage: undirected random graphs, oriented by an order of their nodes.

After Xie et al. 2019, "Exploring randomly wired neural networks for image recognition" (arXiv 1904.01569): a random graph's
edges run from the earlier to the later node of an order; nodes that nothing feeds take the stage's entry, nodes that feed
nothing go to its output.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from minas.graph.structure import Edge

if TYPE_CHECKING:
    import numpy as np

Generator = Literal["chain", "erdos_renyi", "watts_strogatz", "barabasi_albert"]
Order = Literal["index", "random"]


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """How stages are wired when they are sampled: the `[wiring]` table of a search space.

    Attributes:
        generators: each sampled stage takes one of them, each as likely.
        order: by which edges are oriented: the generator's own numbering, or a random one.
        probability: Erdos-Renyi: of each edge.
        neighbours: Watts-Strogatz: of each node in the ring.
        rewiring: Watts-Strogatz: probability that an edge is rewired.
        attachment: Barabasi-Albert: edges that each new node brings.
    """

    generators: tuple[Generator, ...] = ("chain", "erdos_renyi", "watts_strogatz", "barabasi_albert")
    order: Order = "random"
    probability: float = field(default=0.4, metadata={"minimum": 0, "maximum": 1})
    neighbours: int = field(default=2, metadata={"minimum": 2})
    rewiring: float = field(default=0.25, metadata={"minimum": 0, "maximum": 1})
    attachment: int = field(default=1, metadata={"minimum": 1})

    def __post_init__(self) -> None:
        """Refuse a table that leaves nothing to choose from."""
        if not self.generators:
            raise ValueError("generators is empty; expected at least one")


def wire(wiring: Wiring, count: int, rng: np.random.Generator) -> tuple[Edge, ...]:
    """Return the sorted edges of a random stage.

    Args:
        wiring: the generators and their parameters.
        count: inner nodes, so the entry is 0, inner nodes are 1 to count, the output is count + 1.
        rng: two integers, and as many as there are nodes for a random order, are drawn from it.
    """
    generator = wiring.generators[int(rng.integers(len(wiring.generators)))]
    seed = int(rng.integers(2**31))
    edges = [(min(pair) + 1, max(pair) + 1) for pair in _inner(generator)(wiring, count, seed)]
    if wiring.order == "random" and generator != "chain":
        place = _permutation(count, rng)
        edges = [(place[source], place[target]) for source, target in edges]
    return attach(count, [(min(edge), max(edge)) for edge in edges])


def attach(count: int, edges: list[Edge]) -> tuple[Edge, ...]:
    """Return the edges of inner nodes 1 to count with those that join them to the entry, 0, and the output, count + 1."""
    fed, feeding = {target for _, target in edges}, {source for source, _ in edges}
    entry = [(0, node) for node in range(1, count + 1) if node not in fed]
    output = [(node, count + 1) for node in range(1, count + 1) if node not in feeding]
    return tuple(sorted({*edges, *entry, *output} or {(0, 1)}))


def _permutation(count: int, rng: np.random.Generator) -> dict[int, int]:
    """Return a random renumbering of 1 to count, by Fisher and Yates, from whole numbers only."""
    places = list(range(1, count + 1))
    for last in range(count - 1, 0, -1):
        other = int(rng.integers(last + 1))
        places[last], places[other] = places[other], places[last]
    return dict(enumerate(places, start=1))


def _inner(generator: Generator) -> Callable[[Wiring, int, int], list[Edge]]:
    return {
        "chain": _chain,
        "erdos_renyi": _erdos_renyi,
        "watts_strogatz": _watts_strogatz,
        "barabasi_albert": _barabasi_albert,
    }[generator]


def _chain(wiring: Wiring, count: int, seed: int) -> list[Edge]:
    return [(node, node + 1) for node in range(count - 1)]


def _erdos_renyi(wiring: Wiring, count: int, seed: int) -> list[Edge]:
    import networkx as nx

    return list(nx.gnp_random_graph(count, wiring.probability, seed=seed).edges)


def _watts_strogatz(wiring: Wiring, count: int, seed: int) -> list[Edge]:
    if count < 3:  # a ring needs three nodes
        return _chain(wiring, count, seed)
    import networkx as nx

    return list(nx.watts_strogatz_graph(count, min(wiring.neighbours, count - 1), wiring.rewiring, seed=seed).edges)


def _barabasi_albert(wiring: Wiring, count: int, seed: int) -> list[Edge]:
    if count < 2:
        return []
    import networkx as nx

    return list(nx.barabasi_albert_graph(count, min(wiring.attachment, count - 1), seed=seed).edges)
