"""`architecture.json`: all of an export but its weights, as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from minas.data import texts
from minas.errors import ArchitectureError
from minas.graph.architecture import Architecture, dump, load
from minas.graph.kinds import Kind, ids_below, kind_of

SCHEMA = 1
_KEYS = ("schema", "architecture", "shape", "classes", "preprocessing", "measures", "provenance")


@dataclass(frozen=True)
class Document:
    """What `architecture.json` says; the fields are those of `minas.exports.Content`."""

    architecture: Architecture
    shape: tuple[int, ...]
    classes: tuple[str, ...]
    preprocessing: Mapping[str, Any]
    measures: Mapping[str, float | None]
    provenance: Mapping[str, Any]


def dumps(document: Document) -> str:
    """Return the JSON text of a document.

    Raises:
        ArchitectureError: a value that JSON has no word for, such as NaN or an array.
    """
    values = {
        "schema": SCHEMA,
        "architecture": dump(document.architecture),
        "shape": list(document.shape),
        "classes": list(document.classes),
        "preprocessing": dict(document.preprocessing),
        "measures": dict(document.measures),
        "provenance": dict(document.provenance),
    }
    try:
        return json.dumps(values, indent=2, allow_nan=False) + "\n"
    except (TypeError, ValueError) as error:
        raise ArchitectureError(f"an export holds JSON values only: {error}") from error


def loads(text: str, *, where: str) -> Document:
    """Return the document that a JSON text holds, every value checked.

    Args:
        text: the content of an `architecture.json`.
        where: the file, for error messages.

    Raises:
        ArchitectureError: anything that `dumps` would not have written.
    """
    values = _parse(text, where)
    if not isinstance(values, dict):
        raise ArchitectureError(f"{where} holds no JSON object")
    missing = [key for key in _KEYS if key not in values]
    if missing:
        raise ArchitectureError(f"{where} lacks {', '.join(missing)}")
    if type(values["schema"]) is not int or values["schema"] != SCHEMA:
        raise ArchitectureError(f"{where}: schema is {values['schema']!r}, this version of MINAS reads {SCHEMA}")
    try:
        architecture = load(values["architecture"])
    except ArchitectureError as error:
        raise ArchitectureError(f"{where}: {error}") from error
    document = Document(
        architecture,
        _shape(values["shape"], kind_of(architecture.kind), where),
        _classes(values["classes"], where),
        *(_table(values, key, where) for key in ("preprocessing", "measures", "provenance")),
    )
    _check_preprocessing(document, where)
    return document


def _check_preprocessing(document: Document, where: str) -> None:
    """Refuse preprocessing of texts that no text could go through; where nothing is said of it, samples are whole numbers."""
    if document.architecture.kind != "text" or not document.preprocessing:
        return
    ids = ids_below(document.architecture)
    assert ids is not None
    problem = texts.problem(document.preprocessing, words_a_sample=document.shape[0], ids=ids)
    if problem is not None:
        raise ArchitectureError(f"{where}: preprocessing: {problem}")


def _parse(text: str, where: str) -> Any:
    """Return a JSON text's value; numbers that are not finite and names that stand twice are errors."""
    try:
        return json.loads(text, parse_constant=_not_finite, parse_float=_finite, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise ArchitectureError(f"{where} is not valid JSON: {error}") from error


def _not_finite(word: str) -> float:
    raise ValueError(f"{word} is no JSON number")


def _finite(digits: str) -> float:
    value = float(digits)
    return value if math.isfinite(value) else _not_finite(digits)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _shape(value: Any, kind: Kind, where: str) -> tuple[int, ...]:
    numbers = isinstance(value, list) and all(type(size) is int and size < 2**31 for size in value)
    if not numbers or not kind.accepts(value):
        raise ArchitectureError(f"{where}: shape must be {kind.form}, each a positive integer")
    return tuple(value)


def _classes(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(name, str) for name in value):
        raise ArchitectureError(f"{where}: classes must be a list of at least one name")
    twice = next((name for place, name in enumerate(value) if name in value[:place]), None)
    if twice is not None:
        raise ArchitectureError(f"{where}: the class {twice[:60]!r} stands twice among classes; each has a name of its own")
    return tuple(value)


def _table(values: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
    value = values[key]
    if not isinstance(value, dict):
        raise ArchitectureError(f"{where}: {key} must be an object")
    return value
