"""The canonical form of an architecture, and its key: equal for isomorphic graphs, different otherwise.

Identities are contracted first. Then each stage's nodes are put into an order that doesn't depend on how they were numbered,
by individualisation and refinement (McKay and Piperno 2014, "Practical graph isomorphism, II", arXiv 1301.1493): nodes are
told apart by their operators and, again and again, by what surrounds them; where that leaves equals, one of them is singled
out, each in turn, and the smallest outcome counts. Symmetries found on the way spare the branches that they make equal.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from minas.errors import ArchitectureError
from minas.graph.exchange import dump
from minas.graph.signatures import IDENTITY
from minas.graph.structure import Architecture, Edge, Node, Stage, depths, sources, targets

Colours = tuple[int, ...]
"""A class for each vertex; the classes are ordered, and numbered from 0."""

Trace = tuple[tuple[int, tuple[int, ...], tuple[int, ...]], ...]
"""What a refined colouring looks like from outside: the same for isomorphic graphs."""

MOST_BRANCHES = 5_000
"""No graph that anybody would train comes near; stops files that were made to be hard."""


def canonical(architecture: Architecture) -> Architecture:
    """Return the architecture's canonical form, from which its network is built.

    Raises:
        ArchitectureError: a stage has a cycle, or is made to be hard to put in order.
    """
    return replace(architecture, stages=tuple(canonical_stage(stage) for stage in architecture.stages))


def key(architecture: Architecture) -> str:
    """Return the canonical key: SHA-256, in hexadecimal, of the canonical form as JSON.

    The schema's version is left out, so that a later version of the form needn't change the keys of what could be said before.

    Raises:
        ArchitectureError: as `canonical`.
    """
    return key_of_canonical(canonical(architecture))


def key_of_canonical(architecture: Architecture) -> str:
    """Return the canonical key of an architecture that is known to be in canonical form."""
    values = dump(architecture)
    del values["schema"]
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def canonical_stage(stage: Stage) -> Stage:
    """Return one stage with identities contracted and nodes in canonical order, every edge from a lower index to a higher one.

    The last ones are kept: a child shares most of its stages with its parents, and is asked for its form several times.

    Raises:
        ArchitectureError: as `canonical`.
    """
    values = [stage.width, stage.stride, *(value for node in stage.nodes for _, value in node.attributes)]
    return _canonical_stage(stage, tuple([repr(value) for value in values]))  # 1 and true are equal, and not the same


@lru_cache(maxsize=2048)
def _canonical_stage(stage: Stage, written: tuple[str, ...]) -> Stage:
    nodes, edges = _contract(stage)
    order = _order(nodes, edges)
    place = {vertex: index for index, vertex in enumerate(order)}
    return Stage(
        width=stage.width,
        stride=stage.stride,
        nodes=tuple(nodes[vertex] for vertex in order[:-1]),
        edges=tuple(sorted((place[source], place[target]) for source, target in edges)),
    )


def _contract(stage: Stage) -> tuple[list[Node], set[Edge]]:
    """Wire the predecessors of each identity to its successors, and drop it."""
    edges = set(stage.edges)
    if depths(stage.output + 1, edges) is None:
        raise ArchitectureError("a stage has a cycle; expected a directed acyclic graph")
    kept = [index for index, node in enumerate(stage.nodes) if node.operator != IDENTITY or index == 0]
    for index in range(1, stage.output):
        if stage.nodes[index].operator == IDENTITY:
            before = [source for source, target in edges if target == index]
            after = [target for source, target in edges if source == index]
            edges = {edge for edge in edges if index not in edge} | {(source, target) for source in before for target in after}
    place = {vertex: index for index, vertex in enumerate([*kept, stage.output])}
    return [stage.nodes[index] for index in kept], {(place[source], place[target]) for source, target in edges}


def _order(nodes: Sequence[Node], edges: set[Edge]) -> list[int]:
    """Return the vertices, output last, in canonical order, which is also a topological one."""
    count = len(nodes) + 1
    before, after = sources(count, edges), targets(count, edges)
    depth = depths(count, edges) or []
    names = [json.dumps([node.operator, node.attributes]) for node in nodes] + [""]

    # Vertices with the same name and the same neighbours are interchangeable: they are ordered as one, next to each other.
    twins: dict[tuple[str, tuple[int, ...], tuple[int, ...]], list[int]] = {}
    for vertex in range(count):
        twins.setdefault((names[vertex], tuple(before[vertex]), tuple(after[vertex])), []).append(vertex)
    groups = list(twins.values())
    group_of = {vertex: index for index, group in enumerate(groups) for vertex in group}
    group_edges = {(group_of[source], group_of[target]) for source, target in edges}

    described = [(depth[group[0]], names[group[0]], len(group)) for group in groups]
    ranks = {value: rank for rank, value in enumerate(sorted(set(described)))}
    search = _Search(len(groups), group_edges)
    search.explore(tuple(ranks[value] for value in described), [], [])
    ordered = sorted(range(len(groups)), key=search.best_colours.__getitem__)
    return [vertex for index in ordered for vertex in groups[index]]


class _Search:
    """The search tree over colourings of one graph.

    Attributes:
        best: the smallest sequence of traces, from the root to a leaf, seen so far.
        best_colours: the colouring at that leaf, which tells all vertices apart.
        best_chosen: the vertices singled out on the way there.
        symmetries: permutations of the vertices that leave the graph as it is, seen so far.
    """

    def __init__(self, count: int, edges: set[Edge]) -> None:
        self.count = count
        self.before = sources(count, edges)
        self.after = targets(count, edges)
        self.best: list[Trace] = []
        self.best_colours: Colours = ()
        self.best_chosen: list[int] = []
        self.symmetries: list[list[int]] = []
        self.branches = 0

    def explore(self, colours: Colours, traces: list[Trace], chosen: list[int]) -> int:
        """Search below one colouring.

        Returns:
            The level of the tree at which to go on: a higher one than this where a symmetry has shown that everything on the
            way back is a copy of what was seen.
        """
        self.branches += 1
        if self.branches > MOST_BRANCHES:
            raise ArchitectureError("a stage is too regular to be put in canonical order")
        colours, trace = self.refine(colours)
        traces = [*traces, trace]
        if self.best_colours and traces > self.best[: len(traces)]:
            return len(chosen)
        cell = self.target_cell(colours)
        if not cell:
            return self.leaf(colours, traces, chosen)
        tried: list[int] = []
        for vertex in cell:
            if tried and self.is_copy(vertex, tried, chosen):
                continue
            tried.append(vertex)
            single = tuple(2 * colour + (index != vertex) for index, colour in enumerate(colours))
            level = self.explore(single, traces, [*chosen, vertex])
            if level < len(chosen):
                return level
        return len(chosen)

    def refine(self, colours: Colours) -> tuple[Colours, Trace]:
        """Split classes by the classes of the neighbours until nothing changes."""
        classes = len(set(colours))
        while True:
            seen = [
                (
                    colours[vertex],
                    tuple(sorted([colours[other] for other in self.before[vertex]])),
                    tuple(sorted([colours[other] for other in self.after[vertex]])),
                )
                for vertex in range(self.count)
            ]
            ranks = {value: rank for rank, value in enumerate(sorted(set(seen)))}
            colours = tuple([ranks[value] for value in seen])
            if len(ranks) == classes:
                return colours, tuple(sorted(seen))
            classes = len(ranks)

    def target_cell(self, colours: Colours) -> list[int]:
        """Return the vertices of the smallest class with several, the first of those; empty where there is none."""
        cells: dict[int, list[int]] = {}
        for vertex, colour in enumerate(colours):
            cells.setdefault(colour, []).append(vertex)
        _, _, cell = min(((len(cell), colour, cell) for colour, cell in cells.items() if len(cell) > 1), default=(0, 0, []))
        return cell

    def leaf(self, colours: Colours, traces: list[Trace], chosen: list[int]) -> int:
        """Compare a full order with the best one. A leaf's last trace holds all edges, so equal traces mean a symmetry."""
        if not self.best_colours or traces < self.best:
            self.best, self.best_colours, self.best_chosen = traces, colours, chosen
            return len(chosen)
        if traces > self.best:
            return len(chosen)
        at = {colour: vertex for vertex, colour in enumerate(self.best_colours)}
        self.symmetries.append([at[colour] for colour in colours])
        pairs = zip(chosen, self.best_chosen, strict=True)
        return next(level for level, (ours, best) in enumerate(pairs) if ours != best)

    def is_copy(self, vertex: int, tried: list[int], chosen: list[int]) -> bool:
        """Tell whether a known symmetry that keeps all chosen vertices maps a vertex that was tried to this one."""
        usable = [symmetry for symmetry in self.symmetries if all(symmetry[fixed] == fixed for fixed in chosen)]
        reached, waiting = {vertex}, [vertex]
        while waiting:
            at = waiting.pop()
            for symmetry in usable:
                for other in (symmetry[at], symmetry.index(at)):
                    if other not in reached:
                        reached.add(other)
                        waiting.append(other)
        return any(other in reached for other in tried)
