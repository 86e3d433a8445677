"""An architecture: stages of typed directed acyclic graphs, independent of weights."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

Value = str | int | float | bool
"""What an attribute of a node, of the head or of the stem may hold."""

Attributes = tuple[tuple[str, Value], ...]
"""Names with their values, sorted by name."""

Edge = tuple[int, int]
"""From a node's index to a higher one's, in canonical form; the stage's output has the index `len(nodes)`."""


@dataclass(frozen=True)
class Node:
    """One operator application.

    Attributes:
        operator: its name on the shelf of operators.
        attributes: what the operator leaves open, sorted by name.
    """

    operator: str
    attributes: Attributes = ()


@dataclass(frozen=True)
class Stage:
    """A graph between two changes of width and resolution.

    Node 0 is the entry: it takes the previous stage's output (or the sample, or what the stem makes of it), changes the width
    and applies the stride. The others keep both. The output, at index `len(nodes)`, is no operator: it is the mean of the
    states that feed it, as is the input of every node with several incoming edges, where signatures don't say otherwise.

    Attributes:
        width: channels of all its states.
        stride: by how much the entry divides the resolution.
        nodes: the operators, the entry first.
        edges: the flow of states, sorted.
    """

    width: int
    stride: int
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    @property
    def output(self) -> int:
        """The index of the stage's output."""
        return len(self.nodes)


@dataclass(frozen=True)
class Architecture:
    """One point of a search space.

    Attributes:
        kind: the kind of state that flows, such as `"image"`.
        stages: in the order in which a sample passes them.
        head: what the head leaves open, sorted by name: `(("grid", 3),)` for images.
        stem: likewise for the stem; empty where the kind of state has none.
    """

    kind: str
    stages: tuple[Stage, ...]
    head: Attributes
    stem: Attributes = ()


def sources(count: int, edges: Iterable[Edge]) -> list[list[int]]:
    """Return for each of `count` vertices the ascending indices of those that feed it."""
    found: list[list[int]] = [[] for _ in range(count)]
    for source, target in sorted(edges):
        found[target].append(source)
    return found


def targets(count: int, edges: Iterable[Edge]) -> list[list[int]]:
    """Return for each of `count` vertices the ascending indices of those that it feeds."""
    found: list[list[int]] = [[] for _ in range(count)]
    for source, target in sorted(edges):
        found[source].append(target)
    return found


def depths(count: int, edges: Collection[Edge]) -> list[int] | None:
    """Return for each vertex the edges on the longest path that leads to it, or None where the graph has a cycle."""
    feeds, waiting = targets(count, edges), [len(vertices) for vertices in sources(count, edges)]
    found = [0] * count
    ready = [vertex for vertex in range(count) if not waiting[vertex]]
    for vertex in ready:
        for target in feeds[vertex]:
            found[target] = max(found[target], found[vertex] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    return found if len(ready) == count else None


def dead(count: int, edges: Iterable[Edge]) -> int | None:
    """Return the first node of an acyclic stage that lies on no path from the entry to the output, or None.

    Args:
        count: nodes of the stage, the output not counted.
        edges: its edges.
    """
    fed = {0, *(target for _, target in edges)}
    feeding = {source for source, _ in edges}
    return next((node for node in range(count) if node not in fed or node not in feeding), None)
