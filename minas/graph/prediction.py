"""What can be said of an architecture before it is built: its cost, and figures of its graph."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from minas.graph.cost import Cost, linear_costs, linear_count
from minas.graph.kinds import first_sides, first_width, kind_of
from minas.graph.signatures import merge_of, signature
from minas.graph.structure import Architecture, Node, Stage, sources


@dataclass(frozen=True, kw_only=True)
class Features:
    """Figures of an architecture for samples of one shape.

    Attributes:
        macs: multiply-accumulates of one forward pass, for one sample.
        params: trainable parameters.
        activations: elements that linear operators put out, for one sample.
        stages: stages.
        nodes: operators, entries included.
        edges: edges inside stages.
        longest_path: operators on the longest path from the sample to the head.
        depth: linear operators on the path with most of them, those of stem and head included.
    """

    macs: int
    params: int
    activations: int
    stages: int
    nodes: int
    edges: int
    longest_path: int
    depth: int


Place = tuple[int, int]
"""(stage, node), both from 0; the stem is (-1, 0), the head (number of stages, 0)."""


def costs(architecture: Architecture, *, shape: Sequence[int], classes: int) -> dict[Place, Cost]:
    """Predict the cost of each part of an architecture in canonical form, in the order in which a sample passes them.

    Biases, normalisations and pooling count no multiply-accumulates.

    Args:
        architecture: in canonical form.
        shape: of a sample, without the batch, as its kind of state says: (channels, height, width) for images.
        classes: outputs of the head.
    """
    kind = kind_of(architecture.kind)
    sides, repeats = kind.sizes(shape, "position"), math.prod(kind.sizes(shape, "repeated"))
    width = first_width(architecture, shape)
    found: dict[Place, Cost] = {}

    def add(place: Place, node: Node, inputs: int, outputs: int, edges: int = 1) -> None:
        rows = linear_costs(
            signature(node.operator),
            dict(node.attributes),
            inputs=inputs,
            outputs=outputs,
            sides=sides,
            repeats=repeats,
            edges=edges,
        )
        found[place] = sum(rows, Cost())

    if kind.stem is not None:
        add((-1, 0), Node(kind.stem, architecture.stem), math.prod(kind.sizes(shape, "features")), width)
    sides = first_sides(architecture, shape)
    for number, stage in enumerate(architecture.stages):
        sides = tuple(math.ceil(side / stage.stride) for side in sides)
        feeding = sources(stage.output + 1, stage.edges)
        for index, node in enumerate(stage.nodes):
            edges = len(feeding[index]) if index and merge_of(node.operator) == "currents" else 1
            add((number, index), node, width if index == 0 else stage.width, stage.width, edges)
        width = stage.width
    add((len(architecture.stages), 0), Node(kind.head, architecture.head), width, classes)
    return found


def features(architecture: Architecture, *, shape: Sequence[int], classes: int) -> Features:
    """Predict cost and graph figures of an architecture in canonical form; for its arguments see `costs`."""
    total = sum(costs(architecture, shape=shape, classes=classes).values(), Cost())
    return Features(
        macs=total.macs,
        params=total.params,
        activations=total.activations,
        stages=len(architecture.stages),
        nodes=sum(stage.output for stage in architecture.stages),
        edges=sum(len(stage.edges) for stage in architecture.stages),
        longest_path=sum(_longest(stage, [1] * stage.output) for stage in architecture.stages),
        depth=_depth(architecture),
    )


def _depth(architecture: Architecture) -> int:
    kind = kind_of(architecture.kind)
    ends = sum(linear_count(signature(operator)) for operator in (kind.stem, kind.head) if operator is not None)
    lengths = ([linear_count(signature(node.operator)) for node in stage.nodes] for stage in architecture.stages)
    return ends + sum(_longest(stage, found) for stage, found in zip(architecture.stages, lengths, strict=True))


def _longest(stage: Stage, lengths: Sequence[int]) -> int:
    """Return the largest sum of lengths over the nodes of a path from the entry to the output."""
    longest: list[int] = []
    for vertex, before in enumerate(sources(stage.output + 1, stage.edges)):
        own = lengths[vertex] if vertex < stage.output else 0
        longest.append(own + max((longest[source] for source in before), default=0))
    return longest[-1]
