"""A module or a name with an underscore is its own room's business: no other room imports it."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
IMPORT = re.compile(r"from (minas[\w.]*) import (\([^)]*\)|[^\n\"']*)|import (minas[\w.]*)")
"""Anywhere in a file's text: in the code that a test starts in a process of its own, too."""


def private_imports(text: str) -> list[str]:
    """Return the private modules and names that a text imports, as dotted names."""
    found = []
    for source, names, module in IMPORT.findall(text):
        whole = [module] if module else [f"{source}.{name}" for name in re.findall(r"(?:^|[,(])\s*(\w+)", names)]
        found += [name for name in whole if re.search(r"\._(?!_)", name)]
    return found


def room(dotted: str) -> str:
    """Return the room of a module or a name: `minas.action` of `minas.action.meter._x`, `minas` of `minas.shelf._x`."""
    _, first, *rest = [*dotted.split("."), ""]
    return f"minas.{first}" if rest and (ROOT / "minas" / first).is_dir() else "minas"


def room_of(path: Path) -> str:
    """Return the room that a file belongs to or, in tests, is about."""
    top, *parts = path.relative_to(ROOT).with_suffix("").parts
    return room(".".join(["minas", *parts])) if top in ("minas", "tests") else top


def test_the_texts_are_read_rightly():
    text = "from minas.a import (\n    b,\n    _c as d,\n)\nimport minas.a._e\nfrom minas.a._f import g, h\n'from minas import _i'\n"
    assert private_imports(text) == ["minas.a._c", "minas.a._e", "minas.a._f.g", "minas.a._f.h", "minas._i"]
    assert private_imports("from minas.a import b\nfrom minas import __version__\n") == []
    assert room_of(ROOT / "tests" / "action" / "test_x.py") == room_of(ROOT / "minas" / "action" / "fused" / "x.py")
    assert (
        room_of(ROOT / "minas" / "shelf.py") == room_of(ROOT / "tests" / "test_shelf.py") == room("minas.shelf._x") == "minas"
    )
    assert room("minas.action.fused._x") == "minas.action"
    assert room_of(ROOT / "benchmarks" / "x.py") == "benchmarks"


def test_private_modules_are_imported_by_their_own_room_alone():
    files = [path for folder in ("minas", "tests", "benchmarks") for path in (ROOT / folder).rglob("*.py")]
    assert len(files) > 100
    assert [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files
        if path != Path(__file__)
        for name in private_imports(path.read_text(encoding="utf-8"))
        if room(name) != room_of(path)
    ] == []
