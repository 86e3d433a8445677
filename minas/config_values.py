"""TOML values as the types of a dataclass's fields, with errors that say what was expected."""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from functools import cache
from typing import Any, Literal, NoReturn, Protocol, Union, cast

from minas.config_lines import Key
from minas.errors import ConfigError, nearest

_RANGES: dict[str, tuple[str, Callable[[float, float], bool]]] = {
    "minimum": ("at least", lambda value, limit: value >= limit),
    "exclusive_minimum": ("above", lambda value, limit: value > limit),
    "maximum": ("at most", lambda value, limit: value <= limit),
    "exclusive_maximum": ("below", lambda value, limit: value < limit),
}
_SCALARS: dict[Any, str] = {str: "a text in quotes", int: "an integer", float: "a number", bool: "true or false"}


class Source(Protocol):
    """Where a value comes from."""

    source: str

    def line(self, path: Sequence[Key]) -> int | None:
        """Return the line on which a value stands."""


@dataclass(frozen=True)
class Place:
    """Where a value stands in a document, for errors."""

    document: Source
    path: tuple[Key, ...]

    def inside(self, key: Key) -> Place:
        """Return the place of one of this value's parts."""
        return Place(self.document, (*self.path, key))

    def __str__(self) -> str:
        """Return the path as users write it: `stages[0].width`."""
        text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in self.path)
        return text.removeprefix(".") or "the file"

    def fail(self, text: str) -> NoReturn:
        """Raise a ConfigError that names the file and the line."""
        line = self.document.line(self.path) if self.path else None
        raise ConfigError(f"{where(self.document.source, line)}: {text}")


def where(source: str, line: int | None) -> str:
    """Return a file and a line, where known, as errors begin."""
    return source if line is None else f"{source}, line {line}"


def origin_of(kind: Any) -> Any:
    """Return a type without its arguments, both forms of unions as `typing.Union`."""
    origin = typing.get_origin(kind) or kind
    return Union if origin is types.UnionType else origin


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    return typing.get_type_hints(kind)


def convert(value: Any, kind: Any, limits: Mapping[str, Any], place: Place) -> Any:
    """Return what tomllib read as a type.

    Args:
        value: a TOML value.
        kind: one of the types that `minas.config` lists.
        limits: the metadata of the field that it is for.
        place: where it stands.

    Raises:
        ConfigError: it is not of that type, or out of range.
    """
    if kind is Any:
        return value
    origin, arguments = origin_of(kind), typing.get_args(kind)
    if is_dataclass(kind) and isinstance(value, Mapping):
        return _build(value, cast(type, kind), place)
    if origin is Union:
        return _one_of(value, arguments, limits, place)
    if origin is Literal:
        return _choice(value, arguments, place)
    if origin is tuple and isinstance(value, list) and _fits(value, arguments):
        kinds = [arguments[0]] * len(value) if arguments[-1] is Ellipsis else arguments
        return tuple(convert(value[i], kinds[i], limits, place.inside(i)) for i in range(len(value)))
    if origin in (dict, Mapping) and isinstance(value, Mapping):
        return {name: convert(item, arguments[1], limits, place.inside(name)) for name, item in value.items()}
    if kind in _SCALARS and _is_scalar(value, kind):
        return _in_range(float(value) if kind is float else value, kind, limits, place)
    return place.fail(f"{place} must be {expected(kind, limits)}, not {_shown(value)}")


def _fits(value: list[Any], arguments: tuple[Any, ...]) -> bool:
    return arguments[-1] is Ellipsis or len(value) == len(arguments)


def _is_scalar(value: Any, kind: Any) -> bool:
    if kind is float and type(value) in (int, float):
        return bool(abs(value) <= 1.7e308)  # false for nan, which no range would catch, and infinity
    return type(value) is kind and (kind is not int or -(2**63) <= value < 2**63)


def _in_range(value: Any, kind: Any, limits: Mapping[str, Any], place: Place) -> Any:
    if kind in (int, float) and any(not _RANGES[name][1](value, limits[name]) for name in _RANGES if name in limits):
        place.fail(f"{place} must be {expected(kind, limits)}, not {_shown(value)}")
    return value


def _one_of(value: Any, kinds: tuple[Any, ...], limits: Mapping[str, Any], place: Place) -> Any:
    kinds = tuple(kind for kind in kinds if kind is not type(None))
    if type(value) in kinds or len(kinds) == 1:
        return convert(value, type(value) if type(value) in kinds else kinds[0], limits, place)
    for kind in kinds:
        try:
            return convert(value, kind, limits, place)
        except ConfigError:
            continue
    return place.fail(f"{place} must be {_any_of(kinds, limits)}, not {_shown(value)}")


def _choice(value: Any, choices: tuple[Any, ...], place: Place) -> Any:
    if any(type(value) is type(choice) and value == choice for choice in choices):
        return value
    hint = nearest(value, [str(choice) for choice in choices]) if isinstance(value, str) else ""
    hint = hint if "did you mean" in hint else ""
    return place.fail(f"{place} must be {expected(Literal[choices], {})}, not {_shown(value)}{hint}")


def _build(table: Mapping[str, Any], kind: type, place: Place) -> Any:
    parts = {key_of(part): part for part in fields(kind) if part.init}
    for name in table:
        if name not in parts:
            place.inside(name).fail(f"unknown key '{name}' in {place}{nearest(name, parts)}")
    for name, part in parts.items():
        if name not in table and part.default is MISSING and part.default_factory is MISSING:
            place.fail(f"{place} needs the key '{name}': {expected(_hints(kind)[part.name], part.metadata)}")
    hints = _hints(kind)
    given = [(parts[name], item, place.inside(name)) for name, item in table.items()]
    values = {part.name: convert(item, hints[part.name], part.metadata, inside) for part, item, inside in given}
    try:
        return kind(**values)
    except ConfigError:
        raise
    except ValueError as error:
        place.fail(f"{place}: {error}")


def expected(kind: Any, limits: Mapping[str, Any]) -> str:
    """Return what a type expects, in a few words."""
    origin, arguments = origin_of(kind), typing.get_args(kind)
    if origin is Union:
        return _any_of(arguments, limits)
    if origin is Literal:
        return "one of " + ", ".join(_shown(choice) for choice in arguments)
    if origin is tuple:
        if arguments[-1] is Ellipsis:
            return f"a list, each item {expected(arguments[0], limits)}"
        return f"a list of {len(arguments)}: " + ", ".join(expected(part, limits) for part in arguments)
    if origin in (dict, Mapping):
        return f"a table, each value {expected(arguments[1], limits)}"
    if is_dataclass(kind):
        return "a table with the keys " + ", ".join(_required(fields(kind)))
    ranges = " and ".join(f"{_RANGES[name][0]} {limits[name]}" for name in _RANGES if name in limits)
    return _SCALARS.get(kind, str(kind)) + (f", {ranges}" if ranges and kind in (int, float) else "")


def _any_of(kinds: Sequence[Any], limits: Mapping[str, Any]) -> str:
    return " or ".join(expected(kind, limits) for kind in kinds if kind is not type(None))


def _required(parts: Sequence[Field[Any]]) -> list[str]:
    names = [key_of(part) for part in parts if part.default is MISSING and part.default_factory is MISSING]
    return names or [key_of(part) for part in parts]


def key_of(part: Field[Any]) -> str:
    """Return the key of a field in TOML."""
    return part.name.removesuffix("_")


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, float) and not math.isfinite(value):
        return f"{value} (not a finite number)"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
