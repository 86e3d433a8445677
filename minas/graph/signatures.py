"""What the graph knows of operators: the literal signatures of their modules, read without torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import product
from typing import Any, Literal

from minas.errors import ArchitectureError, nearest
from minas.graph.structure import Node, Value
from minas.shelf import literal, module_names

PACKAGE = "minas.operators"

IDENTITY = "identity"
"""The operator that hands its input on: contracted in canonical form, never built."""

ANY = "any"
"""Stands for every kind of state in the signature of an operator that doesn't care."""

Merge = Literal["mean", "maximum", "currents"]
"""How states that meet become one: by their mean, by their elementwise maximum, or inside the operator that takes them all and
sums the currents of one linear operator for each."""

NODES = ("entry", "inner")
"""The places of operators that nodes apply; the others are the ends of a network."""


@cache
def modules() -> Mapping[str, str]:
    """Return the module of every operator on the shelf, by the operator's name, sorted by names.

    Raises:
        TypeError: two modules hold operators of one name.
    """
    found: dict[str, str] = {}
    for module in module_names(PACKAGE):
        for name in literal(PACKAGE, module, "SIGNATURES"):
            if name in found:
                raise TypeError(f"operator '{name}' stands in both {found[name]}.py and {module}.py")
            found[name] = module
    return dict(sorted(found.items()))


def signature(operator: str) -> Mapping[str, Any]:
    """Return an operator's signature; its form stands in `minas.operators`.

    Raises:
        ArchitectureError: there is no such operator; the nearest name is suggested.
    """
    module = modules().get(operator)
    if module is None:
        shown = operator if len(operator) <= 40 else f"{operator[:37]}..."
        raise ArchitectureError(f"no operator named {shown!r}{nearest(operator[:40], modules())}")
    found: Mapping[str, Any] = literal(PACKAGE, module, "SIGNATURES")[operator]
    return found


def merge_of(operator: str) -> Merge:
    """Return how the states of several incoming edges become an operator's input; of a head: those of a stage's output."""
    found: Merge = signature(operator).get("merge", "mean")
    return found


def is_masked(operator: str) -> bool:
    """Tell whether an operator takes, behind its states, a mask that says which of their positions are no padding."""
    return bool(signature(operator).get("masked", False))


def kinds_of(operator: str) -> Sequence[str]:
    """Return the kinds of state that an operator takes; `("any",)` for all of them."""
    kinds = signature(operator)["kind"]
    return (kinds,) if isinstance(kinds, str) else tuple(kinds)


def serves(operator: str, kind: str) -> bool:
    """Tell whether an operator takes a kind of state."""
    return bool({kind, ANY} & set(kinds_of(operator)))


def is_allowed(value: Value, allowed: Sequence[Value] | Mapping[str, int]) -> bool:
    """Tell whether an attribute may have a value: one of a list, or a whole number from `least` to `most`."""
    if isinstance(allowed, Mapping):
        return type(value) is int and allowed["least"] <= value <= allowed["most"]
    return any(type(value) is type(choice) and value == choice for choice in allowed)


def in_words(allowed: Sequence[Value] | Mapping[str, int]) -> str:
    """Return the values that an attribute may have, in words for an error's text."""
    if isinstance(allowed, Mapping):
        return f"a whole number in {allowed['least']} to {allowed['most']}"
    return f"one of {', '.join(map(repr, allowed))}"


def nodes_of(operator: str) -> list[Node]:
    """Return every node that applies an operator: one for each choice of its attributes' allowed values, in order."""
    attributes = sorted(signature(operator)["attributes"].items())
    names = [name for name, _ in attributes]
    choices = product(*(allowed for _, allowed in attributes))
    return [Node(operator, tuple(zip(names, values, strict=True))) for values in choices]
