"""TOML files, read into frozen dataclasses, with errors that name the file, the line, the key and the nearest right key.

Fields may be str, int, float (integers are taken for them), bool, Optional and other unions, Literal, `tuple[X, ...]`,
`tuple[X, Y]`, `Mapping[str, X]`, nested dataclasses, and Any for what somebody else reads. A field whose key is a word of
Python, such as lambda, ends in an underscore: `lambda_`. Ranges stand in a field's metadata: `field(metadata={"minimum": 0})`,
with `minimum`, `maximum`, `exclusive_minimum` and `exclusive_maximum`; in a list or mapping they hold for each item. What goes
further a dataclass checks in its `__post_init__`: a ValueError raised there gets the place put before its text.
"""

from __future__ import annotations

import math
import re
import tomllib
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal, NoReturn, TypeVar, Union, cast

import tomli_w

from minas import config_lines
from minas.config_lines import Key
from minas.errors import ConfigError, nearest

Section = TypeVar("Section")

LARGEST_FILE = 1 << 20
"""Bytes; a hand-written TOML file has a few thousand, and parsing time grows with size."""

_RANGES: dict[str, tuple[str, typing.Callable[[float, float], bool]]] = {
    "minimum": ("at least", lambda value, limit: value >= limit),
    "exclusive_minimum": ("above", lambda value, limit: value > limit),
    "maximum": ("at most", lambda value, limit: value <= limit),
    "exclusive_maximum": ("below", lambda value, limit: value < limit),
}
_SCALARS: dict[Any, str] = {str: "a text in quotes", int: "an integer", float: "a number", bool: "true or false"}


@dataclass
class Document:
    """One TOML file, of which each part of MINAS takes its own sections.

    Attributes:
        source: the file's path, as errors name it.
        text: the file's content.
        values: what tomllib made of it.
    """

    source: str
    text: str
    values: Mapping[str, Any]
    _asked: set[str] = field(default_factory=set)

    def section(self, name: str, kind: type[Section]) -> Section:
        """Return one top-level table as a dataclass, or any top-level value as a type that the module's docstring lists.

        A table that is missing counts as empty, so a dataclass whose fields all have defaults may be left out.

        Raises:
            ConfigError: the value is missing or not as the type says.
        """
        self._asked.add(name)
        place = _Place(self, (name,))
        if name not in self.values and not is_dataclass(kind):
            if _origin(kind) is tuple and typing.get_args(kind)[-1] is Ellipsis:
                return cast(Section, ())
            _Place(self, ()).fail(f"the key '{name}' is missing: {_expected(kind, {})}")
        return cast(Section, _convert(self.values.get(name, {}), kind, {}, place))

    def sections(self, name: str, kind: type[Section]) -> tuple[Section, ...]:
        """Return an array of tables, `[[name]]`, as a tuple of dataclasses; empty where there is none.

        Raises:
            ConfigError: it is no array of tables, or one of them is not as the dataclass says.
        """
        return cast(tuple[Section, ...], self.section(name, tuple[kind, ...]))  # type: ignore[valid-type]

    def finish(self) -> None:
        """Refuse top-level keys that nobody has asked for.

        Raises:
            ConfigError: there is one; the nearest right key is suggested.
        """
        for name in self.values:
            if name not in self._asked:
                _Place(self, (name,)).fail(f"unknown key '{name}'{nearest(name, self._asked)}")

    def line(self, path: Sequence[Key]) -> int | None:
        """Return the line, from 1, on which a value, or the innermost table around it, first stands."""
        return next((self._lines[part] for part in _prefixes(tuple(path)) if part in self._lines), None)

    @cached_property
    def _lines(self) -> Mapping[tuple[Key, ...], int]:
        return config_lines.find(self.text)


def read(path: str | Path) -> Document:
    """Read a TOML file.

    Raises:
        ConfigError: it can't be read, is larger than 1 MiB, is not UTF-8 text or not TOML.
    """
    try:
        with Path(path).open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror or error}") from error
    if len(content) > LARGEST_FILE:
        raise ConfigError(f"{path}: larger than {LARGEST_FILE:,} bytes; expected a small TOML file")
    try:
        return parse(content.decode("utf-8-sig"), source=str(path))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: byte {error.start} is not UTF-8; expected a TOML file, which is UTF-8 text") from error


def parse(text: str, *, source: str) -> Document:
    """Read TOML from a text; `source` is what errors name.

    Raises:
        ConfigError: it is not TOML.
    """
    text = text.replace("\r\n", "\n")
    try:
        return Document(source, text, tomllib.loads(text))
    except RecursionError as error:
        raise ConfigError(f"{source}: nested too deeply") from error
    except ValueError as error:
        message = re.sub(r" \(at (line \d+, column \d+|end of document)\)$", "", str(error))
        at = re.search(r"\(at line (\d+), column (\d+)\)$", str(error))
        last = text.count("\n", 0, len(text.rstrip())) + 1
        line = int(at[1]) if at else last if str(error).endswith("(at end of document)") else None
        raise ConfigError(f"{_where(source, line)}: not valid TOML: {message}") from error


def load(path: str | Path, kind: type[Section]) -> Section:
    """Read a whole TOML file into a dataclass.

    Raises:
        ConfigError: the file is not TOML, or not as the dataclass says.
    """
    document = read(path)
    return cast(Section, _convert(document.values, kind, {}, _Place(document, ())))


def dumps(value: Any) -> str:
    """Return a dataclass or mapping as TOML; what is None is left out, as TOML has no such value."""
    return tomli_w.dumps(plain(value))


def plain(value: Any) -> Any:
    """Return dataclasses, mappings and tuples as dicts and lists that TOML and JSON know, without keys that are None."""
    if is_dataclass(value) and not isinstance(value, type):
        value = {_key(part): getattr(value, part.name) for part in fields(value) if part.init}
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items() if item is not None}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, str | Path) else value


@dataclass(frozen=True)
class _Place:
    document: Document
    path: tuple[Key, ...]

    def inside(self, key: Key) -> _Place:
        return _Place(self.document, (*self.path, key))

    def __str__(self) -> str:
        text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in self.path)
        return text.removeprefix(".") or "the file"

    def fail(self, text: str) -> NoReturn:
        line = self.document.line(self.path) if self.path else None
        raise ConfigError(f"{_where(self.document.source, line)}: {text}")


def _where(source: str, line: int | None) -> str:
    return source if line is None else f"{source}, line {line}"


def _prefixes(path: tuple[Key, ...]) -> list[tuple[Key, ...]]:
    return [path[:size] for size in range(min(len(path), config_lines.DEEPEST), 0, -1)]


def _origin(kind: Any) -> Any:
    origin = typing.get_origin(kind) or kind
    return Union if origin is types.UnionType else origin


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    return typing.get_type_hints(kind)


def _convert(value: Any, kind: Any, limits: Mapping[str, Any], place: _Place) -> Any:
    if kind is Any:
        return value
    origin, arguments = _origin(kind), typing.get_args(kind)
    if is_dataclass(kind) and isinstance(value, Mapping):
        return _build(value, cast(type, kind), place)
    if origin is Union:
        return _one_of(value, arguments, limits, place)
    if origin is Literal:
        return _choice(value, arguments, place)
    if origin is tuple and isinstance(value, list) and _fits(value, arguments):
        kinds = [arguments[0]] * len(value) if arguments[-1] is Ellipsis else arguments
        return tuple(_convert(value[i], kinds[i], limits, place.inside(i)) for i in range(len(value)))
    if origin in (dict, Mapping) and isinstance(value, Mapping):
        return {name: _convert(item, arguments[1], limits, place.inside(name)) for name, item in value.items()}
    if kind in _SCALARS and _is_scalar(value, kind):
        return _in_range(float(value) if kind is float else value, kind, limits, place)
    return place.fail(f"{place} must be {_expected(kind, limits)}, not {_shown(value)}")


def _fits(value: list[Any], arguments: tuple[Any, ...]) -> bool:
    return arguments[-1] is Ellipsis or len(value) == len(arguments)


def _is_scalar(value: Any, kind: Any) -> bool:
    if kind is float and type(value) in (int, float):
        return bool(abs(value) <= 1.7e308)  # false for nan, which no range would catch, and infinity
    return type(value) is kind and (kind is not int or -(2**63) <= value < 2**63)


def _in_range(value: Any, kind: Any, limits: Mapping[str, Any], place: _Place) -> Any:
    if kind in (int, float) and any(not _RANGES[name][1](value, limits[name]) for name in _RANGES if name in limits):
        place.fail(f"{place} must be {_expected(kind, limits)}, not {_shown(value)}")
    return value


def _one_of(value: Any, kinds: tuple[Any, ...], limits: Mapping[str, Any], place: _Place) -> Any:
    kinds = tuple(kind for kind in kinds if kind is not type(None))
    if type(value) in kinds or len(kinds) == 1:
        return _convert(value, type(value) if type(value) in kinds else kinds[0], limits, place)
    for kind in kinds:
        try:
            return _convert(value, kind, limits, place)
        except ConfigError:
            continue
    return place.fail(f"{place} must be {_any_of(kinds, limits)}, not {_shown(value)}")


def _choice(value: Any, choices: tuple[Any, ...], place: _Place) -> Any:
    if any(type(value) is type(choice) and value == choice for choice in choices):
        return value
    hint = nearest(value, [str(choice) for choice in choices]) if isinstance(value, str) else ""
    hint = hint if "did you mean" in hint else ""
    return place.fail(f"{place} must be {_expected(Literal[choices], {})}, not {_shown(value)}{hint}")


def _build(table: Mapping[str, Any], kind: type, place: _Place) -> Any:
    parts = {_key(part): part for part in fields(kind) if part.init}
    for name in table:
        if name not in parts:
            place.inside(name).fail(f"unknown key '{name}' in {place}{nearest(name, parts)}")
    for name, part in parts.items():
        if name not in table and part.default is MISSING and part.default_factory is MISSING:
            place.fail(f"{place} needs the key '{name}': {_expected(_hints(kind)[part.name], part.metadata)}")
    hints = _hints(kind)
    given = ((parts[name], item, place.inside(name)) for name, item in table.items())
    values = {part.name: _convert(item, hints[part.name], part.metadata, where) for part, item, where in given}
    try:
        return kind(**values)
    except ConfigError:
        raise
    except ValueError as error:
        place.fail(f"{place}: {error}")


def _expected(kind: Any, limits: Mapping[str, Any]) -> str:
    origin, arguments = _origin(kind), typing.get_args(kind)
    if origin is Union:
        return _any_of(arguments, limits)
    if origin is Literal:
        return "one of " + ", ".join(_shown(choice) for choice in arguments)
    if origin is tuple:
        if arguments[-1] is Ellipsis:
            return f"a list, each item {_expected(arguments[0], limits)}"
        return f"a list of {len(arguments)}: " + ", ".join(_expected(part, limits) for part in arguments)
    if origin in (dict, Mapping):
        return f"a table, each value {_expected(arguments[1], limits)}"
    if is_dataclass(kind):
        return "a table with the keys " + ", ".join(_required(fields(kind)))
    ranges = " and ".join(f"{_RANGES[name][0]} {limits[name]}" for name in _RANGES if name in limits)
    return _SCALARS.get(kind, str(kind)) + (f" {ranges}" if ranges and kind in (int, float) else "")


def _any_of(kinds: Sequence[Any], limits: Mapping[str, Any]) -> str:
    return " or ".join(_expected(kind, limits) for kind in kinds if kind is not type(None))


def _required(parts: Sequence[Field[Any]]) -> list[str]:
    names = [_key(part) for part in parts if part.default is MISSING and part.default_factory is MISSING]
    return names or [_key(part) for part in parts]


def _key(part: Field[Any]) -> str:
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
