"""What the graph knows of operators: the literal signatures of their modules, read without torch."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import product
from typing import Any

from minas.errors import ArchitectureError, nearest
from minas.graph.structure import Node
from minas.shelf import literal, module_names

IDENTITY = "identity"
"""The operator that hands its input on: contracted in canonical form, never built."""


@cache
def _all() -> Mapping[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for module in module_names("minas.operators"):
        found |= literal("minas.operators", module, "SIGNATURES")
    return found


def signature(operator: str) -> Mapping[str, Any]:
    """Return an operator's signature; its form stands in `minas.operators`.

    Raises:
        ArchitectureError: there is no such operator; the nearest name is suggested.
    """
    found = _all().get(operator)
    if found is None:
        shown = operator if len(operator) <= 40 else f"{operator[:37]}..."
        raise ArchitectureError(f"no operator named {shown!r}{nearest(operator[:40], _all())}")
    return found


def nodes_of(operator: str) -> list[Node]:
    """Return every node that applies an operator: one for each choice of its attributes' allowed values, in order."""
    attributes = sorted(signature(operator)["attributes"].items())
    names = [name for name, _ in attributes]
    choices = product(*(allowed for _, allowed in attributes))
    return [Node(operator, tuple(zip(names, values, strict=True))) for values in choices]
