"""The numbers behind a drawing of one architecture: each node's FLOPs and its share of the action, stage by stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from minas.analysis.layout import Layout, layered
from minas.graph.kinds import first_sides, kind_of
from minas.graph.prediction import Place, costs

if TYPE_CHECKING:
    from minas.graph.architecture import Architecture, Node

__all__ = ["ArchitecturePicture", "NodePicture", "Place", "StagePicture", "architecture_picture"]


@dataclass(frozen=True, kw_only=True)
class NodePicture:
    """One node: its operator and attributes, its FLOPs for one sample, its action, its share of what colours the nodes."""

    operator: str
    flops: float
    action: float | None
    share: float
    details: tuple[str, ...] = ()
    """Its attributes, a line each, where they don't stand beside its operator."""


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
        stem: what makes the first state of a sample, as a node; None where the first stage takes the sample itself.
    """

    title: str
    input_shape: tuple[int, ...]
    stages: tuple[StagePicture, ...]
    head: NodePicture
    classes: int
    coloured: str
    note: str = ""
    stem: NodePicture | None = None


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
        architecture: in canonical form.
        shape: of one sample, such as (channels, height, width).
        classes: number of outputs.
        title: what the drawing shows, such as the architecture's id.
        action: place to action, summed over the steps of a node, from a meter's table; places that it lacks show none.
        note: a sentence below the drawing.
    """
    action = action or {}
    flops = {place: float(cost.macs) for place, cost in costs(architecture, shape=shape, classes=classes).items()}
    states = _states(architecture, shape)
    measured: Mapping[Place, float] = action or flops
    whole = sum(measured.values()) or 1.0

    def node(place: Place, operator: str, details: tuple[str, ...] = ()) -> NodePicture:
        share = measured.get(place, 0.0) / whole
        return NodePicture(operator=operator, flops=flops[place], action=action.get(place), share=share, details=details)

    stages = tuple(
        StagePicture(
            shape=states[place],
            nodes=tuple(node((place, number), _operator(item)) for number, item in enumerate(stage.nodes)),
            layout=layered(len(stage.nodes) + 1, stage.edges),
        )
        for place, stage in enumerate(architecture.stages)
    )
    head = node((len(stages), 0), "linear")
    operator = kind_of(architecture.kind).stem
    given = tuple(f"{name} {value}" for name, value in architecture.stem)
    return ArchitecturePicture(
        title=title,
        input_shape=shape,
        stages=stages,
        head=head,
        classes=classes,
        coloured="action" if action else "flops",
        note=note,
        stem=None if operator is None else node((-1, 0), operator.replace("_", " "), given),
    )


def _operator(node: Node) -> str:
    attributes = ", ".join(f"{name}={value}" for name, value in node.attributes)
    return f"{node.operator} {attributes}".strip().replace("_", " ")


def _states(architecture: Architecture, shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Return each stage's state as (width, *positions)."""
    sides = first_sides(architecture, shape)
    states: list[tuple[int, ...]] = []
    for stage in architecture.stages:
        sides = tuple(-(-side // stage.stride) for side in sides)
        states.append((stage.width, *sides))
    return states
