"""TOML files, read into frozen dataclasses, with errors that name the file, the line, the key and the nearest right key.

Fields may be str, int, float (integers are taken for them), bool, Optional and other unions, Literal, `tuple[X, ...]`,
`tuple[X, Y]`, `Mapping[str, X]`, nested dataclasses, and Any for what somebody else reads. A field whose key is a word of
Python, such as lambda, ends in an underscore: `lambda_`. Ranges stand in a field's metadata: `field(metadata={"minimum": 0})`,
with `minimum`, `maximum`, `exclusive_minimum` and `exclusive_maximum`; in a list or mapping they hold for each item. What goes
further a dataclass checks in its `__post_init__`: a ValueError raised there gets the place put before its text.
"""

from __future__ import annotations

import re
import tomllib
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar, cast

import tomli_w

from minas import config_lines
from minas.config_lines import Key
from minas.config_values import Place, convert, expected, key_of, origin_of, where
from minas.errors import ConfigError, nearest

Section = TypeVar("Section")

LARGEST_FILE = 1 << 18
"""Bytes; a TOML file that people write has a few thousand."""

MOST_DOTS = 200
"""In one line; tomllib takes time that grows with the square of a dotted key's parts."""


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
        place = Place(self, (name,))
        if name not in self.values and not is_dataclass(kind):
            if origin_of(kind) is tuple and typing.get_args(kind)[-1] is Ellipsis:
                return cast(Section, ())
            Place(self, ()).fail(f"the key '{name}' is missing: {expected(kind, {})}")
        return cast(Section, convert(self.values.get(name, {}), kind, {}, place))

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
                Place(self, (name,)).fail(f"unknown key '{name}'{nearest(name, self._asked)}")

    def line(self, path: Sequence[Key]) -> int | None:
        """Return the line, from 1, on which a value, or the innermost table around it, first stands."""
        return next((self._lines[part] for part in _prefixes(tuple(path)) if part in self._lines), None)

    @cached_property
    def _lines(self) -> Mapping[tuple[Key, ...], int]:
        return config_lines.find(self.text)


def read(path: str | Path) -> Document:
    """Read a TOML file.

    Raises:
        ConfigError: it can't be read, is larger than 256 KiB, is not UTF-8 text or not TOML.
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
    for number, content in enumerate(text.split("\n"), start=1):
        if content.count(".") > MOST_DOTS:
            raise ConfigError(f"{where(source, number)}: more than {MOST_DOTS:,} dots; expected a short line")
    try:
        return Document(source, text, tomllib.loads(text))
    except RecursionError as error:
        raise ConfigError(f"{source}: nested too deeply") from error
    except ValueError as error:
        message = re.sub(r" \(at (line \d+, column \d+|end of document)\)$", "", str(error))
        at = re.search(r"\(at line (\d+), column (\d+)\)$", str(error))
        last = text.count("\n", 0, len(text.rstrip())) + 1
        line = int(at[1]) if at else last if str(error).endswith("(at end of document)") else None
        raise ConfigError(f"{where(source, line)}: not valid TOML: {message}") from error


def load(path: str | Path, kind: type[Section]) -> Section:
    """Read a whole TOML file into a dataclass.

    Raises:
        ConfigError: the file is not TOML, or not as the dataclass says.
    """
    document = read(path)
    return cast(Section, convert(document.values, kind, {}, Place(document, ())))


def dumps(value: Any) -> str:
    """Return a dataclass or mapping as TOML; what is None is left out, as TOML has no such value."""
    return tomli_w.dumps(plain(value))


def plain(value: Any) -> Any:
    """Return dataclasses, mappings and tuples as dicts and lists that TOML and JSON know, without keys that are None."""
    if is_dataclass(value) and not isinstance(value, type):
        value = {key_of(part): getattr(value, part.name) for part in fields(value) if part.init}
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items() if item is not None}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, str | Path) else value


def _prefixes(path: tuple[Key, ...]) -> list[tuple[Key, ...]]:
    return [path[:size] for size in range(min(len(path), config_lines.DEEPEST), 0, -1)]
