"""Does least action bring modular graphs? Modularity beyond what a graph's degrees alone bring, never the bare figure.

Even a random graph has groups that fit it by chance, the more so the sparser it is; so each graph is compared with random ones
in which every node keeps its degree.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Edge = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Modularity:
    """A graph's modularity Q beside that of its degree-preserving random graphs.

    Attributes:
        q: of the graph, the best partition found (Newman and Girvan 2004, Physical Review E 69: 026113; found by Louvain).
        null_mean, null_sd: of the random graphs' Q, found the same way.
        excess: q - null_mean: the figure to report.
        z: the excess in standard deviations of the random graphs; None where they are all alike.
        p: one-sided, that a random graph has as much.
        nodes, edges: of the graph, read without directions and without parallel edges.
    """

    q: float
    null_mean: float
    null_sd: float
    excess: float
    z: float | None
    p: float
    nodes: int
    edges: int


def modularity(edges: Iterable[Edge], *, nulls: int = 100, seed: int = 0) -> Modularity | str:
    """Compare a graph's modularity with that of random graphs of the same degrees.

    The random graphs come from swapping the ends of two edges, ten times as often as there are edges (Maslov and Sneppen 2002,
    Science 296: 910).

    Returns:
        Why there is nothing to compare: the graph is so small or so full that its degrees leave no other graph.
    """
    import networkx as nx

    graph = nx.Graph()
    graph.add_edges_from((a, b) for a, b in edges if a != b)
    if graph.number_of_edges() < 2 or graph.number_of_nodes() < 4:
        return f"{graph.number_of_nodes()} nodes and {graph.number_of_edges()} edges have too few groupings"
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(nulls):
        other = graph.copy()
        swaps = 10 * graph.number_of_edges()
        try:
            nx.double_edge_swap(other, nswap=swaps, max_tries=100 * swaps, seed=int(rng.integers(2**31)))
        except nx.NetworkXException:
            return "its degrees leave hardly any other graph"
        found.append(_best(other, rng))
    q, mean, spread = _best(graph, rng), float(np.mean(found)), float(np.std(found, ddof=1))
    return Modularity(
        q=q,
        null_mean=mean,
        null_sd=spread,
        excess=q - mean,
        z=(q - mean) / spread if spread > 1e-12 else None,
        p=(1 + sum(value >= q - 1e-12 for value in found)) / (1 + nulls),
        nodes=graph.number_of_nodes(),
        edges=graph.number_of_edges(),
    )


@dataclass(frozen=True, kw_only=True)
class Association:
    """Whether architectures of less action are more modular, at equal FLOPs.

    Attributes:
        correlation: partial rank correlation of the excess with the action, given FLOPs: negative where less action goes with
            more modular graphs.
        low, high: its 95% interval by Fisher's transformation, with one degree of freedom less for what is given.
        p: two-sided, by Student's t.
        architectures: how many.
    """

    correlation: float
    low: float
    high: float
    p: float
    architectures: int


def with_action(excess: Sequence[float], action: Sequence[float], flops: Sequence[float]) -> Association | None:
    """Correlate the excess of architectures with their action at equal FLOPs, all taken as ranks.

    Returns:
        None with fewer than six architectures, or where any of the three doesn't vary once FLOPs are given.
    """
    from scipy.stats import rankdata, t

    count = len(excess)
    if count < 6:
        return None
    ranks = [rankdata(values) for values in (excess, action, flops)]
    given = np.stack([np.ones(count), ranks[2]], axis=1)
    left = [values - given @ np.linalg.lstsq(given, values, rcond=None)[0] for values in ranks[:2]]
    if min(float(np.ptp(values)) for values in left) < 1e-9:
        return None
    r = float(np.corrcoef(left[0], left[1])[0, 1])
    df = count - 3
    reach = 1.959964 / math.sqrt(count - 4)
    low, high = (math.tanh(math.atanh(max(-0.999999, min(0.999999, r))) + side * reach) for side in (-1, 1))
    p = float(2 * t.sf(abs(r) * math.sqrt(df / max(1e-12, 1 - r * r)), df))
    return Association(correlation=r, low=low, high=high, p=p, architectures=count)


def _best(graph: Any, rng: np.random.Generator, tries: int = 5) -> float:
    """Return the largest Q of some runs of Louvain's method, which depends on the order of the nodes."""
    from networkx.algorithms import community

    return max(
        float(community.modularity(graph, community.louvain_communities(graph, seed=int(rng.integers(2**31)))))
        for _ in range(tries)
    )
