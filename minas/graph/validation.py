"""What makes an architecture valid: known operators, a place for each node, no node that feeds nothing."""

from __future__ import annotations

from minas.errors import ArchitectureError, nearest
from minas.graph.signatures import IDENTITY, signature
from minas.graph.structure import Architecture, Node, Stage, Value, dead, depths

LARGEST = {"stages": 16, "nodes": 64, "width": 65_536, "stride": 64, "grid": 32, "integer": 2**31}
"""Bounds on what is taken for an architecture at all; search spaces set narrower ones."""

HEADS: dict[str, dict[str, tuple[int, int]]] = {"image": {"grid": (1, LARGEST["grid"])}}
"""What each kind's head leaves open, with the least and the largest value. An image's: pooled to grid x grid, then linear."""


def validate(architecture: Architecture) -> None:
    """Check that a network can be built from an architecture, and that each of its nodes has an effect.

    Raises:
        ArchitectureError: it can't; the message names the place, such as `stages[0].nodes[2]`.
    """
    check_head(architecture.kind, architecture.head)
    if not 1 <= len(architecture.stages) <= LARGEST["stages"]:
        raise ArchitectureError(f"stages: there are {len(architecture.stages)}; expected 1 to {LARGEST['stages']}")
    for index, stage in enumerate(architecture.stages):
        _check_stage(stage, architecture.kind, f"stages[{index}]")


def check_head(kind: str, head: tuple[tuple[str, Value], ...]) -> None:
    """Check that a head fits its kind of state.

    Raises:
        ArchitectureError: an unknown kind, or a head with other names or values than the kind's.
    """
    if kind not in HEADS:
        raise ArchitectureError(f"kind: no kind of state named {kind!r}{nearest(kind, HEADS)}")
    known = HEADS[kind]
    if [name for name, _ in head] != sorted(known):
        raise ArchitectureError(f"head: has {', '.join(name for name, _ in head) or 'nothing'}; expected {', '.join(known)}")
    for name, value in head:
        least, most = known[name]
        _check_range(value, least, most, f"head.{name}")


def check_node(node: Node, kind: str, place: str, *, entry: bool) -> None:
    """Check that an operator exists, takes this kind of state, may stand where it stands and has its attributes.

    Raises:
        ArchitectureError: it doesn't.
    """
    try:
        found = signature(node.operator)
    except ArchitectureError as error:
        raise ArchitectureError(f"{place}.operator: {error}") from error
    if found["kind"] != kind:
        raise ArchitectureError(f"{place}.operator: {node.operator} takes {found['kind']} states; expected {kind}")
    if entry and (node.operator == IDENTITY or not found["entry"]):
        raise ArchitectureError(f"{place}.operator: {node.operator} can't be a stage's entry, as it can't change the width")
    allowed = found["attributes"]
    if [name for name, _ in node.attributes] != sorted(allowed):
        expected = ", ".join(sorted(allowed)) or "none"
        given = ", ".join(name for name, _ in node.attributes) or "none"
        raise ArchitectureError(f"{place}.attributes: {node.operator} has {expected}; given are {given}")
    for name, value in node.attributes:
        if not any(type(value) is type(choice) and value == choice for choice in allowed[name]):
            raise ArchitectureError(f"{place}.attributes.{name}: {value!r:.50}; expected one of {allowed[name]}")


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
    if type(value) is not int or not least <= value <= most:
        shown = "a huge number" if type(value) is int and abs(value) > 10**18 else f"{value!r:.50}"
        raise ArchitectureError(f"{place}: {shown}; expected a whole number in {least} to {most}")
