"""Architectures, and what can be done with one: the names that other parts of MINAS import."""

from __future__ import annotations

from minas.graph.canonical import canonical, key
from minas.graph.exchange import dump, load, loads
from minas.graph.structure import Architecture, Edge, Node, Stage, Value, sources, targets
from minas.graph.validation import validate

__all__ = [
    "Architecture",
    "Edge",
    "Node",
    "Stage",
    "Value",
    "canonical",
    "dump",
    "key",
    "load",
    "loads",
    "sources",
    "targets",
    "validate",
]
