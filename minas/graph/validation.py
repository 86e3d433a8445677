"""What makes an architecture valid: known operators, a place for each node, no node that feeds nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from minas.errors import ArchitectureError
from minas.graph.kinds import End, kind_of
from minas.graph.signatures import NODES, in_words, is_allowed, kinds_of, serves, signature
from minas.graph.structure import Architecture, Attributes, Node, Stage, Value, dead, depths

LARGEST = {"stages": 16, "nodes": 64, "width": 65_536, "stride": 64, "integer": 2**31}
"""Bounds on what is taken for an architecture at all; search spaces set narrower ones."""


def validate(architecture: Architecture) -> None:
    """Check that a network can be built from an architecture, and that each of its nodes has an effect.

    Raises:
        ArchitectureError: it can't; the message names the place, such as `stages[0].nodes[2]`.
    """
    check_end(architecture.kind, "head", architecture.head)
    check_end(architecture.kind, "stem", architecture.stem)
    if not 1 <= len(architecture.stages) <= LARGEST["stages"]:
        raise ArchitectureError(f"stages: there are {len(architecture.stages)}; expected 1 to {LARGEST['stages']}")
    for index, stage in enumerate(architecture.stages):
        _check_stage(stage, architecture.kind, f"stages[{index}]")


def check_end(kind: str, place: End, given: Attributes) -> None:
    """Check that what an architecture says of its head or stem fits its kind of state.

    Raises:
        ArchitectureError: an unknown kind, or other names or values than that kind's head or stem has.
    """
    try:
        operator = kind_of(kind).end(place)
    except ArchitectureError as error:
        raise ArchitectureError(f"kind: {error}") from error
    allowed = signature(operator)["attributes"] if operator else {}
    if [name for name, _ in given] != sorted(allowed):
        names = ", ".join(name for name, _ in given)
        raise ArchitectureError(f"{place}: has {names or 'nothing'}; expected {', '.join(allowed) or 'nothing'}")
    for name, value in given:
        check_attribute(value, allowed[name], f"{place}.{name}")


def check_node(node: Node, kind: str, place: str, *, entry: bool) -> None:
    """Check that an operator exists, takes this kind of state, may stand where it stands and has its attributes.

    Raises:
        ArchitectureError: it doesn't.
    """
    try:
        found = signature(node.operator)
    except ArchitectureError as error:
        raise ArchitectureError(f"{place}.operator: {error}") from error
    if found["place"] not in NODES:
        raise ArchitectureError(f"{place}.operator: {node.operator} is a {found['place']}, which no node applies")
    if not serves(node.operator, kind):
        takes = " or ".join(kinds_of(node.operator))
        raise ArchitectureError(f"{place}.operator: {node.operator} takes {takes} states; expected {kind}")
    if entry and found["place"] != "entry":
        raise ArchitectureError(f"{place}.operator: {node.operator} can't be a stage's entry, as it can't change the width")
    allowed = found["attributes"]
    if [name for name, _ in node.attributes] != sorted(allowed):
        expected = ", ".join(sorted(allowed)) or "none"
        given = ", ".join(name for name, _ in node.attributes) or "none"
        raise ArchitectureError(f"{place}.attributes: {node.operator} has {expected}; given are {given}")
    for name, value in node.attributes:
        check_attribute(value, allowed[name], f"{place}.attributes.{name}")


def _check_stage(stage: Stage, kind: str, place: str) -> None:
    _check_range(stage.width, 1, LARGEST["width"], f"{place}.width")
    _check_range(stage.stride, 1, LARGEST["stride"], f"{place}.stride")
    if not 1 <= stage.output <= LARGEST["nodes"]:
        raise ArchitectureError(f"{place}.nodes: there are {stage.output:,}; expected 1 to {LARGEST['nodes']}")
    for index, node in enumerate(stage.nodes):
        check_node(node, kind, f"{place}.nodes[{index}]", entry=index == 0)
    _check_edges(stage, place)


def _check_edges(stage: Stage, place: str) -> None:
    for source, target in stage.edges:
        if not (0 <= source < stage.output and 0 < target <= stage.output and source != target):
            raise ArchitectureError(
                f"{place}.edges: [{source}, {target}]; expected a source in 0 to {stage.output - 1} and another target in 1 "
                f"to {stage.output} (node 0 is the entry, {stage.output} the output)"
            )
    if list(stage.edges) != sorted(set(stage.edges)):
        raise ArchitectureError(f"{place}.edges: must be sorted, each of them once")
    if depths(stage.output + 1, stage.edges) is None:
        raise ArchitectureError(f"{place}.edges: there is a cycle; expected a directed acyclic graph")
    lost = dead(stage.output, stage.edges)
    if lost is not None:
        raise ArchitectureError(f"{place}.nodes[{lost}]: lies on no path from the entry to the output")


def _check_range(value: Value, least: int, most: int, place: str) -> None:
    check_attribute(value, {"least": least, "most": most}, place)


def check_attribute(value: Value, allowed: Sequence[Value] | Mapping[str, int], place: str) -> None:
    """Check an attribute's value against what its signature allows.

    Raises:
        ArchitectureError: it is another one; the message names the place.
    """
    if not is_allowed(value, allowed):
        shown = "a huge number" if type(value) is int and abs(value) > 10**18 else f"{value!r:.50}"
        raise ArchitectureError(f"{place}: {shown}; expected {in_words(allowed)}")
