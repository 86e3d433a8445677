"""Our space of graphs as a list of categorical choices of fixed length, as tools need it that know no graphs.

The genes are the number of stages, the head's values and, for each stage that there may be: its width, its stride, how many
inner nodes it has, what its entry and each of its inner nodes apply, and a bit for each edge that may join two of its
vertices. Edges run from a vertex to a later one, so there are no cycles. What a genome says of nodes and stages that are not
there has no effect. A node that nothing feeds takes the stage's entry, and one that feeds nothing goes to its output, as when
our own stages are wired at random; a genome whose architecture is not in the space, or over its limits, is none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from minas.graph.canonical import canonical
from minas.graph.signatures import nodes_of
from minas.graph.space import GraphSpace, contains
from minas.graph.structure import Architecture, Node, Stage
from minas.graph.wiring import attach

Genome = Mapping[str, Any]
"""The chosen value of each gene, by its name."""

OUTPUT = "output"


def _nodes(operators: tuple[str, ...]) -> dict[str, Node]:
    """Return every node that operators may be, by a text that names it with its attributes."""
    found = [node for operator in operators for node in nodes_of(operator)]
    return {" ".join([node.operator, *(f"{name}={value}" for name, value in node.attributes)]): node for node in found}


class Flat:
    """The flat encoding of a space of graphs.

    Args:
        space: the space.
        admits: tells whether an architecture keeps the limits that can be told before it is built.

    Attributes:
        genes: name to the values that it may take, in order.
    """

    def __init__(self, space: GraphSpace, admits: Callable[[Architecture], bool] = lambda architecture: True) -> None:
        self._space = space
        self._admits = admits
        self._entries, self._inner = _nodes(space.operators.entry), _nodes(space.operators.inner)
        self.genes: dict[str, list[Any]] = {"stages": list(range(space.required, len(space.stages) + 1))}
        self.genes |= {f"head {name}": list(values) for name, values in sorted(space.head.items())}
        for part in space.stages:
            least, most = part.nodes
            self.genes |= {
                f"{part.name} width": list(part.widths),
                f"{part.name} stride": list(part.strides),
                f"{part.name} nodes": list(range(least, most + 1)),
                f"{part.name} entry": list(self._entries),
            }
            self.genes |= {f"{part.name} node {place}": list(self._inner) for place in range(1, most + 1)}
            self.genes |= {f"{part.name} edge {source} {target}": [False, True] for source, target in _edges(most)}

    def architecture(self, genome: Genome) -> Architecture | None:
        """Return the architecture of a genome in canonical form, or None where the space has it not."""
        stages = tuple(self._stage(genome, place) for place in range(genome["stages"]))
        head = tuple((name, genome[f"head {name}"]) for name in sorted(self._space.head))
        found = canonical(Architecture(kind=self._space.heading.kind, stages=stages, head=head))
        return found if contains(self._space, found) and self._admits(found) else None

    def _stage(self, genome: Genome, place: int) -> Stage:
        part = self._space.stages[place]
        count, name = genome[f"{part.name} nodes"], part.name
        inner = [self._inner[genome[f"{name} node {number}"]] for number in range(1, count + 1)]
        edges = []
        for source, target in _edges(part.nodes[1]):
            end = count + 1 if target == OUTPUT else int(target)
            if genome[f"{name} edge {source} {target}"] and source <= count and (target == OUTPUT or end <= count):
                edges.append((source, end))
        nodes = (self._entries[genome[f"{name} entry"]], *inner)
        return Stage(genome[f"{name} width"], genome[f"{name} stride"], nodes, attach(count, edges))


def _edges(most: int) -> list[tuple[int, int | str]]:
    """Return every edge that a stage of so many inner nodes may have: from 0, the entry, and the nodes 1 to `most`."""
    between: list[tuple[int, int | str]] = [(s, t) for t in range(1, most + 1) for s in range(t)]
    return between + [(source, OUTPUT) for source in range(most + 1)]
