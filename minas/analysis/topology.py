"""The numbers behind a drawing of one architecture: each node's FLOPs and its share of the action, stage by stage."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from minas.analysis.layout import Layout, layered
from minas.graph.signatures import signature as known

if TYPE_CHECKING:
    from minas.graph.architecture import Architecture, Node

Place = tuple[int, int]
"""(stage, node), both from 0; the head is (number of stages, 0)."""


@dataclass(frozen=True, kw_only=True)
class NodePicture:
    """One node: its operator and attributes, its FLOPs for one sample, its action, its share of what colours the nodes."""

    operator: str
    flops: float
    action: float | None
    share: float


@dataclass(frozen=True, kw_only=True)
class StagePicture:
    """One stage: its state's shape, its nodes, and the layout of nodes and output (the last place of the layout)."""

    shape: tuple[int, ...]
    nodes: tuple[NodePicture, ...]
    layout: Layout


@dataclass(frozen=True, kw_only=True)
class ArchitecturePicture:
    """One architecture.

    Attributes:
        title: what the drawing shows.
        input_shape: shape of one sample.
        stages: from the input to the head.
        head: the classifier, as a node.
        classes: number of its outputs.
        coloured: the measure whose shares colour the nodes: `action`, or `flops` where no action is known.
        note: a sentence below the drawing, or "".
    """

    title: str
    input_shape: tuple[int, ...]
    stages: tuple[StagePicture, ...]
    head: NodePicture
    classes: int
    coloured: str
    note: str = ""


def node_flops(signature: Mapping[str, Any], *, inputs: int, outputs: int, sides: Sequence[int]) -> int:
    """Return a node's FLOPs for one sample: the multiply-accumulates of its linear operators.

    Args:
        signature: the operator's literal signature.
        inputs: channels that come in.
        outputs: channels that go out.
        sides: of the output, in each dimension of space.
    """
    widths = {"in": inputs, "out": outputs, "squeezed": max(1, outputs // 4)}
    total = 0
    for linear in signature["linear"]:
        maps = widths[linear["outputs"]] * (1 if linear.get("depthwise") else widths[linear["inputs"]])
        total += maps * linear["kernel"] ** len(sides) * (1 if linear.get("positions") == "one" else math.prod(sides))
    return total


def architecture_picture(
    architecture: Architecture,
    *,
    shape: tuple[int, ...],
    classes: int,
    title: str = "",
    action: Mapping[Place, float] | None = None,
    note: str = "",
) -> ArchitecturePicture:
    """Work out what a drawing of an architecture shows.

    Args:
        architecture: of kind image.
        shape: (channels, height, width) of one sample.
        classes: number of outputs.
        title: what the drawing shows, such as the architecture's id.
        action: place to action, summed over the steps of a node, from a meter's table; places that it lacks show none.
        note: a sentence below the drawing.
    """
    action = action or {}
    flops, states = _flops(architecture, shape, classes)
    measured: Mapping[Place, float] = action or flops
    whole = sum(measured.values()) or 1.0

    def node(place: Place, operator: str) -> NodePicture:
        share = measured.get(place, 0.0) / whole
        return NodePicture(operator=operator, flops=flops[place], action=action.get(place), share=share)

    stages = tuple(
        StagePicture(
            shape=states[place],
            nodes=tuple(node((place, number), _operator(item)) for number, item in enumerate(stage.nodes)),
            layout=layered(len(stage.nodes) + 1, stage.edges),
        )
        for place, stage in enumerate(architecture.stages)
    )
    head = node((len(stages), 0), "linear")
    coloured = "action" if action else "flops"
    return ArchitecturePicture(
        title=title, input_shape=shape, stages=stages, head=head, classes=classes, coloured=coloured, note=note
    )


def _operator(node: Node) -> str:
    attributes = ", ".join(f"{name}={value}" for name, value in node.attributes)
    return f"{node.operator} {attributes}".strip().replace("_", " ")


def _flops(
    architecture: Architecture, shape: tuple[int, ...], classes: int
) -> tuple[dict[Place, float], list[tuple[int, ...]]]:
    """Return place to FLOPs, and each stage's state as (channels, height, width)."""
    flops: dict[Place, float] = {}
    states: list[tuple[int, ...]] = []
    width, *sides = shape
    for place, stage in enumerate(architecture.stages):
        sides = [-(-side // stage.stride) for side in sides]
        for number, node in enumerate(stage.nodes):
            inputs = width if number == 0 else stage.width
            flops[place, number] = node_flops(known(node.operator), inputs=inputs, outputs=stage.width, sides=sides)
        width = stage.width
        states.append((width, *sides))
    grid = int(dict(architecture.head).get("grid", 1))
    flops[len(states), 0] = width * grid ** len(sides) * classes
    return flops, states
