"""What can be said of an architecture before it is built: its cost, and figures of its graph."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from minas.graph.signatures import signature
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
        depth: linear operators on the path with most of them, the head's included.
    """

    macs: int
    params: int
    activations: int
    stages: int
    nodes: int
    edges: int
    longest_path: int
    depth: int


def features(architecture: Architecture, *, shape: Sequence[int], classes: int) -> Features:
    """Predict cost and graph figures of an architecture in canonical form.

    An operator with kernel side k takes k^d * inputs * outputs multiply-accumulates at each of its output positions, in d
    dimensions of space, and k^d * inputs where it is depthwise. Biases, normalisations and pooling count none.

    Args:
        architecture: in canonical form.
        shape: of a sample, without the batch: (channels, height, width).
        classes: outputs of the head.
    """
    inputs, sides = shape[0], tuple(shape[1:])
    costs: list[tuple[int, int, int]] = []
    for stage in architecture.stages:
        sides = tuple(math.ceil(side / stage.stride) for side in sides)
        for index, node in enumerate(stage.nodes):
            costs += _node_costs(node, inputs if index == 0 else stage.width, stage.width, sides)
        inputs = stage.width
    costs.append(_head_cost(architecture, inputs, len(sides), classes))
    macs, params, activations = (sum(column) for column in zip(*costs, strict=True))
    return Features(
        macs=macs,
        params=params,
        activations=activations,
        stages=len(architecture.stages),
        nodes=sum(stage.output for stage in architecture.stages),
        edges=sum(len(stage.edges) for stage in architecture.stages),
        longest_path=sum(_longest(stage, [1] * stage.output) for stage in architecture.stages),
        depth=1 + sum(_longest(stage, [_linear_count(node) for node in stage.nodes]) for stage in architecture.stages),
    )


def _node_costs(node: Node, inputs: int, outputs: int, sides: tuple[int, ...]) -> Iterator[tuple[int, int, int]]:
    """Yield multiply-accumulates, parameters and activations of each linear operator of a node."""
    channels = {"in": inputs, "out": outputs, "squeezed": max(1, outputs // 4)}
    for linear in signature(node.operator)["linear"]:
        positions = 1 if linear.get("positions") == "one" else math.prod(sides)
        yield _linear_cost(linear, channels[linear["inputs"]], channels[linear["outputs"]], positions, len(sides))


def _linear_cost(
    linear: Mapping[str, Any], inputs: int, outputs: int, positions: int, dimensions: int
) -> tuple[int, int, int]:
    weights = linear["kernel"] ** dimensions * (inputs if linear.get("depthwise") else inputs * outputs)
    params = weights + outputs * (2 * bool(linear.get("norm")) + bool(linear.get("bias")))
    return positions * weights, params, positions * outputs


def _head_cost(architecture: Architecture, width: int, dimensions: int, classes: int) -> tuple[int, int, int]:
    grid = dict(architecture.head)["grid"]
    weights = int(grid) ** dimensions * width * classes
    return weights, weights + classes, classes


def _linear_count(node: Node) -> int:
    return len(signature(node.operator)["linear"])


def _longest(stage: Stage, lengths: Sequence[int]) -> int:
    """Return the largest sum of lengths over the nodes of a path from the entry to the output."""
    longest: list[int] = []
    for vertex, before in enumerate(sources(stage.output + 1, stage.edges)):
        own = lengths[vertex] if vertex < stage.output else 0
        longest.append(own + max((longest[source] for source in before), default=0))
    return longest[-1]
