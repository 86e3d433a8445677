"""On which line of a TOML file each key stands: tomllib doesn't say.

Reads text that tomllib has accepted, so it may be lenient: it only has to find where keys and values begin and end.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping
from contextlib import suppress

Key = str | int
"""A table's key, or the place of an item in an array, from 0."""

DEEPEST = 16
"""Keys nested deeper are not told apart, which keeps hostile files cheap."""

_SPACE = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|' r"'''.*?'{3,5}|" r'"(?:\\.|[^"\\\n])*"|' r"'[^'\n]*'",
    re.DOTALL,
)
_OTHER_VALUE = re.compile(r"[^,\]}\n#]+")


def find(text: str) -> Mapping[tuple[Key, ...], int]:
    """Return the line, from 1, on which each key and each item of an array first stands, by its path.

    Args:
        text: a valid TOML document with bare line feeds.
    """
    scanner = _Scanner(text)
    with suppress(RecursionError, IndexError, AttributeError):  # an error without its line is better than no error
        scanner.document()
    return scanner.found


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found: dict[tuple[Key, ...], int] = {}
        self.sizes: dict[tuple[Key, ...], int] = {}
        self.line_ends = [match.end() for match in re.finditer("\n", text)]

    def document(self) -> None:
        table: tuple[Key, ...] = ()
        self.skip()
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.pair(table)
            self.skip()

    def header(self) -> tuple[Key, ...]:
        line, array = self.line(), self.text.startswith("[[", self.at)
        self.at += 2 if array else 1
        path = self.resolve((), self.key(), line)
        self.at += 2 if array else 1
        if array:
            path = self.new_item(path, line)
        return path

    def new_item(self, path: tuple[Key, ...], line: int) -> tuple[Key, ...]:
        """Return the path of one more item of an array of tables, which `resolve` has given with its last index, if any."""
        array = path[:-1] if path and isinstance(path[-1], int) else path
        index = self.sizes.get(array, 0)
        self.sizes[array] = index + 1
        return self.note((*array, index), line)

    def resolve(self, table: tuple[Key, ...], key: list[str], line: int) -> tuple[Key, ...]:
        """Return the full path of a dotted key: where a part names an array of tables, its latest item is meant."""
        path = table
        for part in key[: DEEPEST + 1]:
            path = self.note((*path, part), line)
            if path in self.sizes:
                path = (*path, self.sizes[path] - 1)
        return path

    def note(self, path: tuple[Key, ...], line: int) -> tuple[Key, ...]:
        path = path[: DEEPEST + 1]
        self.found.setdefault(path, line)
        return path

    def pair(self, table: tuple[Key, ...]) -> None:
        line = self.line()
        path = self.resolve(table, self.key(), line)
        self.at += 1  # the equals sign
        self.value(path)

    def value(self, path: tuple[Key, ...]) -> None:
        self.skip()
        character = self.text[self.at]
        if character == "[":
            self.items(path)
        elif character == "{":
            self.inline_table(path)
        else:
            pattern = _STRING if character in "\"'" else _OTHER_VALUE
            self.at = pattern.match(self.text, self.at).end()  # type: ignore[union-attr]

    def items(self, path: tuple[Key, ...]) -> None:
        index = 0
        while self.next_item("]"):
            self.value(self.note((*path, index), self.line()))
            index += 1

    def inline_table(self, path: tuple[Key, ...]) -> None:
        while self.next_item("}"):
            self.pair(path)

    def next_item(self, end: str) -> bool:
        """Step over the opening bracket or comma; return whether an item follows, else step over the closing bracket."""
        self.skip()
        if self.text[self.at] != end:
            self.at += 1
            self.skip()
        if self.text[self.at] == end:
            self.at += 1
            return False
        return True

    def key(self) -> list[str]:
        parts = []
        while True:
            self.skip()
            if self.text[self.at] in "\"'":
                start, self.at = self.at, _STRING.match(self.text, self.at).end()  # type: ignore[union-attr]
                parts.append(tomllib.loads(f"key = {self.text[start : self.at]}")["key"])
            else:
                start, self.at = self.at, _BARE_KEY.match(self.text, self.at).end()  # type: ignore[union-attr]
                parts.append(self.text[start : self.at])
            self.skip()
            if self.text[self.at] != ".":
                return parts
            self.at += 1

    def skip(self) -> None:
        self.at = _SPACE.match(self.text, self.at).end()  # type: ignore[union-attr]

    def line(self) -> int:
        return bisect_right(self.line_ends, self.at) + 1
