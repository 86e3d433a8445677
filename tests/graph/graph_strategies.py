"""What the graph's tests share: the shipped space, random architectures, and renumberings of their nodes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import networkx as nx
import numpy as np
from hypothesis import strategies as st

from minas import config, resources
from minas.graph import space as graph_space
from minas.graph.space import GraphSpace
from minas.graph.structure import Architecture, Node, Stage

VISION = graph_space.from_document(config.read(resources.find("search_spaces", "vision")))

SMALL = """
[space]
schema = 1
name = "small"
domain = "vision"
kind = "image"
[[stages]]
name = "first"
widths = [4, 8]
strides = [2]
nodes = [1, 2]
[[stages]]
name = "second"
widths = [8]
strides = [1, 2]
nodes = [0, 1]
optional = true
[operators]
entry = ["conv3x3"]
inner = ["conv3x3", "maxpool3x3", "identity"]
[head]
grid = [1, 2]
"""

seeds = st.integers(0, 2**32 - 1)


def small_space(text: str = SMALL) -> GraphSpace:
    """Return a space that can be listed in full."""
    document = config.parse(text, source="small.toml")
    space = graph_space.from_document(document)
    document.finish()
    return space


def architecture(nodes: Sequence[str], edges: Iterable[tuple[int, int]], *, width: int = 8) -> Architecture:
    """Return an architecture of one stage, its nodes given by their operators, the entry first."""
    stage = Stage(width, 2, tuple(Node(name) for name in nodes), tuple(sorted(edges)))
    return Architecture("image", (stage,), (("grid", 3),))


def renumbered(value: Architecture, rng: np.random.Generator) -> Architecture:
    """Return the same architecture with the inner nodes of each stage in random order."""
    return replace(value, stages=tuple(_renumbered_stage(stage, rng) for stage in value.stages))


def _renumbered_stage(stage: Stage, rng: np.random.Generator) -> Stage:
    order = [0, *(1 + rng.permutation(stage.output - 1)).tolist(), stage.output]
    place = {old: new for new, old in enumerate(order)}
    edges = tuple(sorted((place[source], place[target]) for source, target in stage.edges))
    return replace(stage, nodes=tuple(stage.nodes[old] for old in order[:-1]), edges=edges)


def as_networkx(stage: Stage) -> nx.DiGraph:
    """Return a stage as a graph whose vertices carry all that tells them apart."""
    graph = nx.DiGraph()
    for index, node in enumerate(stage.nodes):
        graph.add_node(index, label=(index == 0, node))
    graph.add_node(stage.output, label="output")
    graph.add_edges_from(stage.edges)
    return graph


def isomorphic(first: Stage, second: Stage) -> bool:
    """Tell by networkx's search (VF2) whether two stages are the same graph."""
    return bool(nx.is_isomorphic(as_networkx(first), as_networkx(second), node_match=lambda a, b: a["label"] == b["label"]))
