"""Architectures as JSON values, and back: what is read may come from a stranger, and is checked at every step."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from minas.errors import ArchitectureError, nearest
from minas.graph.signatures import signature
from minas.graph.structure import Architecture, Attributes, Edge, Node, Stage
from minas.graph.validation import LARGEST, validate

SCHEMA = 1
"""Version of the form that `dump` gives."""

LARGEST_TEXT = 1 << 20
"""Characters of JSON that are read; the largest valid architectures take a few hundred thousand."""

_LONGEST_NAME = 100


def dump(architecture: Architecture) -> dict[str, Any]:
    """Return an architecture as JSON values; `load` gives it back."""
    stem = {"stem": dict(architecture.stem)} if architecture.stem else {}
    return {
        "schema": SCHEMA,
        "kind": architecture.kind,
        **stem,
        "stages": [_dump_stage(stage) for stage in architecture.stages],
        "head": dict(architecture.head),
    }


def _dump_stage(stage: Stage) -> dict[str, Any]:
    return {
        "width": stage.width,
        "stride": stage.stride,
        "nodes": [_dump_node(node) for node in stage.nodes],
        "edges": [list(edge) for edge in stage.edges],
    }


def _dump_node(node: Node) -> dict[str, Any]:
    attributes = {"attributes": dict(node.attributes)} if node.attributes else {}
    return {"operator": node.operator, **attributes}


def loads(text: str) -> Architecture:
    """Return the architecture that a JSON text describes.

    Raises:
        ArchitectureError: it is no JSON, is longer than 2**20 characters, or no valid architecture.
    """
    if len(text) > LARGEST_TEXT:
        raise ArchitectureError(f"architecture: {len(text):,} characters; expected at most {LARGEST_TEXT:,}")
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ArchitectureError(f"architecture: not valid JSON: {str(error)[:200]}") from error
    return load(values)


def load(values: Any) -> Architecture:
    """Return the architecture that JSON values describe, its nodes numbered as there, with left-out attributes filled in.

    Raises:
        ArchitectureError: they are not of the form that `dump` gives, or not valid; the message names the place.
    """
    required = {"schema", "kind", "stages", "head"}
    table = _table(values, "architecture", required | {"stem"}, required=required)
    if type(table["schema"]) is not int or table["schema"] != SCHEMA:
        raise ArchitectureError(f"architecture: schema is {_shown(table['schema'])}; this version of MINAS reads {SCHEMA}")
    stages = _list(table["stages"], "stages", LARGEST["stages"])
    architecture = Architecture(
        kind=_name(table["kind"], "kind"),
        stages=tuple(_load_stage(stage, f"stages[{index}]") for index, stage in enumerate(stages)),
        head=_attributes(table["head"], "head"),
        stem=_attributes(table.get("stem", {}), "stem"),
    )
    validate(architecture)
    return architecture


def _load_stage(values: Any, place: str) -> Stage:
    names = {"width", "stride", "nodes", "edges"}
    table = _table(values, place, names, required=names)
    nodes = _list(table["nodes"], f"{place}.nodes", LARGEST["nodes"])
    edges = _list(table["edges"], f"{place}.edges", len(nodes) * (len(nodes) + 1) // 2)
    return Stage(
        width=_integer(table["width"], f"{place}.width"),
        stride=_integer(table["stride"], f"{place}.stride"),
        nodes=tuple(_load_node(node, f"{place}.nodes[{index}]") for index, node in enumerate(nodes)),
        edges=tuple(sorted(_load_edge(edge, f"{place}.edges[{index}]") for index, edge in enumerate(edges))),
    )


def _load_node(values: Any, place: str) -> Node:
    table = _table(values, place, {"operator", "attributes"}, required={"operator"})
    operator = _name(table["operator"], f"{place}.operator")
    given = _attributes(table.get("attributes", {}), f"{place}.attributes")
    try:
        allowed = signature(operator)["attributes"]
    except ArchitectureError as error:
        raise ArchitectureError(f"{place}.operator: {error}") from error
    left_out = {name: values[0] for name, values in allowed.items()}
    return Node(operator, tuple(sorted({**left_out, **dict(given)}.items())))


def _load_edge(values: Any, place: str) -> Edge:
    source, target = _list(values, place, 2, least=2)
    return _integer(source, place), _integer(target, place)


def _attributes(values: Any, place: str) -> Attributes:
    if not isinstance(values, Mapping) or len(values) > 20:
        raise ArchitectureError(f"{place}: expected an object of at most 20 names, not {_shown(values)}")
    for name, value in values.items():
        _name(name, place)
        if not isinstance(value, str | int | float):
            raise ArchitectureError(f"{place}.{name}: expected a text, a number, true or false, not {_shown(value)}")
        if isinstance(value, str):
            _name(value, f"{place}.{name}")
    return tuple(sorted(values.items()))


def _table(values: Any, place: str, names: set[str], *, required: set[str]) -> Mapping[str, Any]:
    if not isinstance(values, Mapping):
        raise ArchitectureError(f"{place}: expected an object, not {_shown(values)}")
    for name in values:
        if name not in names:
            hint = nearest(_name(name, place), names)
            raise ArchitectureError(f"{place}: unknown name {name!r}{hint}")
    missing = sorted(required - set(values))
    if missing:
        raise ArchitectureError(f"{place}: needs {missing[0]!r}")
    return values


def _list(values: Any, place: str, most: int, *, least: int = 0) -> list[Any]:
    if not isinstance(values, list | tuple):
        raise ArchitectureError(f"{place}: expected a list, not {_shown(values)}")
    if not least <= len(values) <= most:
        expected = f"{least}" if least == most else f"{least} to {most}"
        raise ArchitectureError(f"{place}: has {len(values):,} items; expected {expected}")
    return list(values)


def _integer(value: Any, place: str) -> int:
    if type(value) is not int or abs(value) > LARGEST["integer"]:
        raise ArchitectureError(f"{place}: expected a small whole number, not {_shown(value)}")
    return value


def _name(value: Any, place: str) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_NAME:
        raise ArchitectureError(f"{place}: expected a text of at most {_LONGEST_NAME} characters, not {_shown(value)}")
    return value


def _shown(value: Any) -> str:
    """Return a value in a few words; hostile ones may be huge or nested, so they are never printed whole."""
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 10**18:
        return "a huge number"
    text = repr(value[:60] if isinstance(value, str) else value)
    return text if len(text) <= 50 else f"{text[:47]}..."
