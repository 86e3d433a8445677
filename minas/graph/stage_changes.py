"""One-step changes of a stage: what mutation draws from, and what the neighbourhood lists.

Each function yields stages whose nodes need not be in canonical order; none has a cycle or a node without effect. They may
be isomorphic to each other or to the stage itself, and may have more or fewer nodes than the space allows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from minas.graph.space import GraphSpace, StageSpace
from minas.graph.structure import Edge, Node, Stage, dead, targets


def operators(space: GraphSpace, part: StageSpace, stage: Stage) -> Iterator[Stage]:
    """Exchange what an inner node applies."""
    for index in range(1, stage.output):
        for node in space.inner:
            if node != stage.nodes[index]:
                yield replace(stage, nodes=(*stage.nodes[:index], node, *stage.nodes[index + 1 :]))


def entries(space: GraphSpace, part: StageSpace, stage: Stage) -> Iterator[Stage]:
    """Exchange what the entry applies."""
    for node in space.entries:
        if node != stage.nodes[0]:
            yield replace(stage, nodes=(node, *stage.nodes[1:]))


def widths(space: GraphSpace, part: StageSpace, stage: Stage) -> Iterator[Stage]:
    """Go to the next smaller and the next larger width."""
    smaller = [width for width in part.widths if width < stage.width]
    larger = [width for width in part.widths if width > stage.width]
    for width in (*smaller[-1:], *larger[:1]):
        yield replace(stage, width=width)


def strides(space: GraphSpace, part: StageSpace, stage: Stage) -> Iterator[Stage]:
    """Take another stride."""
    for stride in part.strides:
        if stride != stage.stride:
            yield replace(stage, stride=stride)


def edges_added(space: GraphSpace, part: StageSpace, stage: Stage) -> Iterator[Stage]:
    """Let one more state flow where none does."""
    for edge in _possible(stage):
        if edge not in stage.edges:
            yield _rewired(stage, {*stage.edges, edge})


def edges_removed(space: GraphSpace, part: StageSpace, stage: Stage) -> Iterator[Stage]:
    """Cut an edge that no node needs."""
    for edge in stage.edges:
        left = set(stage.edges) - {edge}
        if dead(stage.output, left) is None:
            yield _rewired(stage, left)


def edges_moved(space: GraphSpace, part: StageSpace, stage: Stage) -> Iterator[Stage]:
    """Move one end of an edge."""
    for edge in stage.edges:
        left = replace(stage, edges=tuple(other for other in stage.edges if other != edge))
        for source, target in _possible(left):
            shares_an_end = (source == edge[0]) != (target == edge[1])
            moved = {*left.edges, (source, target)}
            if shares_an_end and (source, target) not in left.edges and dead(stage.output, moved) is None:
                yield _rewired(stage, moved)


def nodes_added(space: GraphSpace, part: StageSpace, stage: Stage) -> Iterator[Stage]:
    """Put one more node on an edge, or beside it, or between two nodes that no edge joins."""
    if len(stage.nodes) - 1 >= part.nodes[1]:
        return
    for source, target in _possible(stage):
        for node in space.inner:
            yield _with_node(stage, node, source, target, stage.edges)
            if (source, target) in stage.edges:
                left = [edge for edge in stage.edges if edge != (source, target)]
                yield _with_node(stage, node, source, target, left)


def nodes_removed(space: GraphSpace, part: StageSpace, stage: Stage) -> Iterator[Stage]:
    """Take a node out, with its predecessors wired to its successors, or with its edges."""
    if len(stage.nodes) - 1 <= part.nodes[0]:
        return
    for index in range(1, stage.output):
        left = {edge for edge in stage.edges if index not in edge}
        before = [source for source, target in stage.edges if target == index]
        after = [target for source, target in stage.edges if source == index]
        bridged = left | {(source, target) for source in before for target in after}
        for edges in (bridged, left):
            smaller = {(source - (source > index), target - (target > index)) for source, target in edges}
            if dead(stage.output - 1, smaller) is None:
                yield _rewired(replace(stage, nodes=(*stage.nodes[:index], *stage.nodes[index + 1 :])), smaller)


def _rewired(stage: Stage, edges: Iterable[Edge]) -> Stage:
    return replace(stage, edges=tuple(sorted(edges)))


def _with_node(stage: Stage, node: Node, source: int, target: int, edges: Iterable[Edge]) -> Stage:
    """Put a node between two others; it takes the output's index, and the output the next one."""
    new = stage.output
    shifted = {(start, end + (end == new)) for start, end in edges}
    added = {(source, new), (new, target + (target == new))}
    return Stage(stage.width, stage.stride, (*stage.nodes, node), tuple(sorted(shifted | added)))


def _possible(stage: Stage) -> list[Edge]:
    """Return every pair of vertices that an edge may join without closing a cycle, joined ones included."""
    count = stage.output + 1
    reached = _reached(count, stage.edges)
    return [
        (source, target)
        for source in range(stage.output)
        for target in range(1, count)
        if source != target and not reached[target] >> source & 1
    ]


def _reached(count: int, edges: Iterable[Edge]) -> list[int]:
    """Return for each vertex the set of vertices that can be reached from it, as the bits of an integer."""
    feeds = targets(count, edges)
    reached = [1 << vertex for vertex in range(count)]
    for vertex in reversed(range(count)):  # canonical stages only: edges lead to higher indices
        for target in feeds[vertex]:
            reached[vertex] |= reached[target]
    return reached
