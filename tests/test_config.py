"""TOML files are read exactly, and what is wrong in them is named by file, line and key."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minas import config
from minas.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Inner:
    size: int
    note: str | None = None


@dataclass(frozen=True, kw_only=True)
class Example:
    name: str
    rate: float = field(default=0.5, metadata={"exclusive_minimum": 0, "maximum": 1})
    epochs: int = field(default=3, metadata={"minimum": 1})
    fast: bool = False
    mode: Literal["slow", "quick"] = "slow"
    pair: tuple[int, int] = (1, 2)
    names: tuple[str, ...] = ()
    limits: Mapping[str, int] = field(default_factory=dict)
    inner: Inner | None = None
    many: tuple[Inner, ...] = ()
    value: int | str = 0
    lambda_: float = 0.0

    def __post_init__(self) -> None:
        if self.name == "forbidden":
            raise ValueError("this name is taken")


@dataclass(frozen=True, kw_only=True)
class Training:
    epochs: int = 8


FULL = """
name = "a"
rate = 1
epochs = 7
fast = true
mode = "quick"
pair = [3, 4]
names = ["x", "y"]
value = "text"
lambda = 1e-5
[limits]
flops = 10
[inner]
size = 1
[[many]]
size = 2
[[many]]
size = 3
note = "n"
"""


def load(tmp_path: Path, text: str) -> Example:
    path = tmp_path / "file.toml"
    path.write_text(text, encoding="utf-8")
    return config.load(path, Example)


def test_every_kind_of_field_is_read(tmp_path: Path) -> None:
    loaded = load(tmp_path, FULL)
    assert loaded == Example(
        name="a",
        rate=1.0,
        epochs=7,
        fast=True,
        mode="quick",
        pair=(3, 4),
        names=("x", "y"),
        limits={"flops": 10},
        inner=Inner(size=1),
        many=(Inner(size=2), Inner(size=3, note="n")),
        value="text",
        lambda_=1e-5,
    )
    assert isinstance(loaded.rate, float)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    loaded = load(tmp_path, FULL)
    assert load(tmp_path, config.dumps(loaded)) == loaded
    assert "note" not in config.dumps(Inner(size=1))
    assert config.dumps({"path": Path("x"), "none": None}) == 'path = "x"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('\nnaem = "a"', "line 2: unknown key 'naem' in the file; did you mean 'name'?"),
        ("rate = 1", ": the file needs the key 'name': a text in quotes"),
        ('name = "a"\nrate = "x"', "line 2: rate must be a number, above 0 and at most 1, not 'x'"),
        ('name = "a"\nrate = 0', "line 2: rate must be a number, above 0 and at most 1, not 0"),
        ('name = "a"\nrate = nan', "line 2: rate must be a number, above 0 and at most 1, not nan (not a finite number)"),
        ('name = "a"\nepochs = 0', "line 2: epochs must be an integer, at least 1, not 0"),
        ('name = "a"\nepochs = true', "line 2: epochs must be an integer, at least 1, not true"),
        ('name = "a"\nepochs = 2.0', "line 2: epochs must be an integer, at least 1, not 2.0"),
        (f'name = "a"\nepochs = {10**30}', "line 2: epochs must be an integer, at least 1"),
        ('name = "a"\nfast = 1', "line 2: fast must be true or false, not 1"),
        ('name = "a"\nmode = "quik"', "line 2: mode must be one of 'slow', 'quick', not 'quik'; did you mean 'quick'?"),
        ('name = "a"\npair = [1]', "line 2: pair must be a list of 2: an integer, an integer, not [1]"),
        ('name = "a"\nnames = [\n"x",\n3]', "line 4: names[1] must be a text in quotes, not 3"),
        ('name = "a"\n[limits]\nflops = "1"', "line 3: limits.flops must be an integer, not '1'"),
        ('name = "a"\n[inner]\nsise = 1', "line 3: unknown key 'sise' in inner; did you mean 'size'?"),
        ('name = "a"\n\n[inner]', "line 3: inner needs the key 'size': an integer"),
        ('name = "a"\n[[many]]\nsize = 1\n[[many]]\nsize = ""', "line 5: many[1].size must be an integer, not ''"),
        ('name = "a"\nmany = [{size = 1}, {size = ""}]', "line 2: many[1].size must be an integer, not ''"),
        ('name = "a"\n[many]\nsize = 1', "line 2: many must be a list, each item a table with the keys size, not a table"),
        ('name = "a"\nvalue = 1.5', "line 2: value must be an integer or a text in quotes, not 1.5"),
        ('name = "forbidden"', "the file: this name is taken"),
        ('name = "a"\nlambda_ = 1', "line 2: unknown key 'lambda_' in the file; did you mean 'lambda'?"),
        ('name = "a"\nname = "b"', "line 2: not valid TOML: Cannot overwrite a value"),
        ('name = "a"\n\nrate = \n', "line 3: not valid TOML: Invalid value"),
        ('name = "a"\n\nnames = [', "line 3: not valid TOML: Invalid value"),
        (f'name = "a"\nvalue = {"9" * 5000}', ": not valid TOML: Exceeds the limit"),
        ("name = " + "[" * 5000, "nested too deeply"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert str(caught.value).startswith(str(tmp_path / "file.toml"))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe", "byte 0 is not UTF-8"),
        (b"#" * (2 << 20), "larger than 262,144 bytes"),
    ],
)
def test_what_is_no_toml_file_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "file.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=re.escape(message)):
        config.read(path)


def test_missing_files_and_folders_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(ConfigError, match=re.escape(f"{path}: can't be read")):
            config.read(path)


def test_a_byte_order_mark_and_windows_line_ends_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "file.toml"
    path.write_bytes(b'\xef\xbb\xbfname = "a"\r\nrate = 2\r\n')
    with pytest.raises(ConfigError, match="line 2: rate must be"):
        config.load(path, Example)


def test_sections_are_taken_one_by_one_and_leftovers_refused() -> None:
    text = "[inner]\nsize = 1\n[[many]]\nsize = 2\n[trainig]\nx = 1\n"
    document = config.parse(text, source="s.toml")
    assert document.section("inner", Inner) == Inner(size=1)
    assert document.sections("many", Inner) == (Inner(size=2),)
    assert document.sections("more", Inner) == ()
    with pytest.raises(ConfigError, match=re.escape("s.toml: absent needs the key 'size'")):
        document.section("absent", Inner)
    with pytest.raises(ConfigError, match=re.escape("s.toml: the key 'schema' is missing: an integer")):
        document.section("schema", int)
    assert document.section("training", Training) == Training()
    with pytest.raises(ConfigError, match=re.escape("s.toml, line 5: unknown key 'trainig'; did you mean 'training'?")):
        document.finish()


LINES = '''# a comment with [brackets] and "quotes"
title = """
name = "not here"
""" # after
a.b."c.d" = 1
"quoted \\u0041" = 'literal # no comment'
array = [ # comment ]
  [1, 2], # [
  { x = "}", y = [
    1 ] },
]
date = 1979-05-27 07:32:00
[table."sub table".deep]
key = 1
[[items]]
one = 1
[items.inner]
two = 2
[[items]]
[[items.nested]]
three = \'\'\'
]] \'\'\'
[[items.nested]]
three = 4
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2),
        (("a",), 5),
        (("a", "b", "c.d"), 5),
        (("quoted A",), 6),
        (("array",), 7),
        (("array", 0), 8),
        (("array", 1, "x"), 9),
        (("array", 1, "y", 0), 10),
        (("date",), 12),
        (("table", "sub table", "deep"), 13),
        (("table", "sub table", "deep", "key"), 14),
        (("items", 0), 15),
        (("items", 0, "inner", "two"), 18),
        (("items", 1), 19),
        (("items", 1, "nested", 0, "three"), 21),
        (("items", 1, "nested", 1, "three"), 24),
        (("items", 1, "nested", 1, "missing"), 23),
    ],
)
def test_lines_are_found(path: tuple[str | int, ...], line: int) -> None:
    assert config.parse(LINES, source="x").line(path) == line


json_values = st.recursive(
    st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=5), inner, max_size=3),
    max_leaves=12,
)


def paths(values: object, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inside = values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    return [path for key, value in inside for path in ((*at, key), *paths(value, (*at, key)))]


@settings(deadline=None)
@given(st.dictionaries(st.text(min_size=1, max_size=5), json_values, max_size=4))
def test_every_value_of_any_document_has_a_line(values: dict[str, object]) -> None:
    text = config.dumps(values)
    document = config.parse(text, source="x")
    assert json.loads(json.dumps(document.values)) == values
    for path in paths(values):
        line = document._lines[path]
        if isinstance(path[-1], str) and path[-1].isascii() and path[-1].isalnum():
            assert path[-1] in text.split("\n")[line - 1]


def test_a_hostile_file_costs_little() -> None:
    deep = ".".join(["a"] * 200)
    text = f"[{deep}]\n" + "".join(f"{deep.replace('a', f'a{number}')} = 1\n" for number in range(20)) + "[b]\n"
    assert config.parse(text, source="x").line(("b",)) == 22
    with pytest.raises(ConfigError, match="x, line 2: more than 200 dots"):
        config.parse(f"x = 1\n{deep}.{deep} = 1", source="x")
