"""One-step changes of an architecture, by their kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from minas.graph import stage_changes
from minas.graph.canonical import canonical, key_of_canonical
from minas.graph.space import GraphSpace, StageSpace, contains
from minas.graph.structure import Architecture, Attributes, Stage, Value

Change = Callable[[GraphSpace, Architecture], Iterator[Architecture]]


def neighbours(space: GraphSpace, architecture: Architecture) -> Iterator[Architecture]:
    """Yield every architecture of the space that is one change away, in canonical form, each once, in a fixed order."""
    architecture = canonical(architecture)
    seen = {key_of_canonical(architecture)}
    for change in CHANGES.values():
        for raw in change(space, architecture):
            other = canonical(raw)
            if contains(space, other) and (name := key_of_canonical(other)) not in seen:
                seen.add(name)
                yield other


def _in_stages(change: Callable[[GraphSpace, StageSpace, Stage], Iterator[Stage]]) -> Change:
    def changed(space: GraphSpace, architecture: Architecture) -> Iterator[Architecture]:
        stages = architecture.stages
        for index, (part, stage) in enumerate(zip(space.stages, stages, strict=False)):
            for other in change(space, part, stage):
                yield replace(architecture, stages=(*stages[:index], other, *stages[index + 1 :]))

    return changed


def _ends(space: GraphSpace, architecture: Architecture) -> Iterator[Architecture]:
    """Take another value for one of the head's names, or of the stem's."""
    for head in _others(architecture.head, space.head):
        yield replace(architecture, head=head)
    for stem in _others(architecture.stem, space.stem):
        yield replace(architecture, stem=stem)


def _others(attributes: Attributes, choices: Mapping[str, Sequence[Value]]) -> Iterator[Attributes]:
    """Yield attributes with another value for one of their names."""
    for name, value in attributes:
        for other in choices[name]:
            if other != value:
                yield tuple(sorted({**dict(attributes), name: other}.items()))


def _stage_added(space: GraphSpace, architecture: Architecture) -> Iterator[Architecture]:
    """Append the next optional stage, with as few inner nodes as it may have, all alike and in a chain."""
    if len(architecture.stages) >= len(space.stages):
        return
    part = space.stages[len(architecture.stages)]
    count = part.nodes[0]
    for entry in space.entries:
        for node in space.inner if count else (entry,):
            nodes = (entry, *[node] * count)
            edges = tuple((index, index + 1) for index in range(len(nodes)))
            for width in part.widths:
                for stride in part.strides:
                    yield replace(architecture, stages=(*architecture.stages, Stage(width, stride, nodes, edges)))


def _stage_removed(space: GraphSpace, architecture: Architecture) -> Iterator[Architecture]:
    """Drop the last stage, where it is optional."""
    if len(architecture.stages) > space.required:
        yield replace(architecture, stages=architecture.stages[:-1])


CHANGES: Mapping[str, Change] = {
    "operator": _in_stages(stage_changes.operators),
    "entry": _in_stages(stage_changes.entries),
    "width": _in_stages(stage_changes.widths),
    "stride": _in_stages(stage_changes.strides),
    "edge added": _in_stages(stage_changes.edges_added),
    "edge removed": _in_stages(stage_changes.edges_removed),
    "edge moved": _in_stages(stage_changes.edges_moved),
    "node added": _in_stages(stage_changes.nodes_added),
    "node removed": _in_stages(stage_changes.nodes_removed),
    "head": _ends,
    "stage added": _stage_added,
    "stage removed": _stage_removed,
}
"""Each kind of change: what it makes of an architecture in canonical form, results in any order of nodes."""
