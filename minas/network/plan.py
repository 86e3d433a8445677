"""The order in which a network applies its operators, and which states each of them takes. Knows no torch."""

from __future__ import annotations

from dataclasses import dataclass

from minas.graph.architecture import Architecture, Node, sources
from minas.graph.kinds import kind_of
from minas.graph.signatures import Merge, is_masked, merge_of


@dataclass(frozen=True)
class Application:
    """One operator of the network.

    States are numbered in the order in which they come to be: 0 is the sample, or what a stem makes of it, k the state that
    the k-th application gives.

    Attributes:
        name: its name in the module and in the state dict, such as `"stage0_node2"`.
        node: the operator and its attributes.
        inputs: features that it takes.
        outputs: features that it gives.
        stride: s positions along an axis become ceil(s / stride).
        sources: numbers of the states that it takes, ascending.
        merge: how they become one.
        masked: whether it takes, behind its states, the mask of their padding.
    """

    name: str
    node: Node
    inputs: int
    outputs: int
    stride: int
    sources: tuple[int, ...]
    merge: Merge
    masked: bool = False

    @property
    def edges(self) -> int:
        """How many states the operator takes at once."""
        return len(self.sources) if self.merge == "currents" else 1


@dataclass(frozen=True)
class Plan:
    """All applications in order, the numbers of the states that the head takes, how these merge, and if it takes a mask."""

    applications: tuple[Application, ...]
    output: tuple[int, ...]
    merge: Merge
    masked: bool = False


def plan(architecture: Architecture, *, inputs: int) -> Plan:
    """Return the plan of a valid architecture in canonical form, for first states of so many features.

    A stage's output is no operator: the next stage's entry, or the head, takes the states that feed it, merged as the kind of
    state says. Other nodes merge as their operators say.
    """
    kind = kind_of(architecture.kind)
    applications: list[Application] = []
    incoming: tuple[int, ...] = (0,)
    width = inputs
    for number, stage in enumerate(architecture.stages):
        first = len(applications) + 1
        feeding = [tuple(first + source for source in found) for found in sources(stage.output + 1, stage.edges)]
        for index, node in enumerate(stage.nodes):
            name, masked = f"stage{number}_node{index}", is_masked(node.operator)
            if index == 0:
                entry = Application(name, node, width, stage.width, stage.stride, incoming, kind.merge, masked)
                applications.append(entry)
            else:
                merge = merge_of(node.operator)
                applications.append(Application(name, node, stage.width, stage.width, 1, feeding[index], merge, masked))
        incoming, width = feeding[stage.output], stage.width
    return Plan(tuple(applications), incoming, kind.merge, is_masked(kind.head))
