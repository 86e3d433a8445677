"""Parts that stand on a shelf for as long as a test needs them."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from minas import shelf
from minas.graph.kinds import kinds
from minas.graph.signatures import modules


@contextmanager
def added(package: str, sources: Mapping[str, str], folder: Path) -> Iterator[None]:
    """Put modules, given by name and source, on the shelf of a package, beside its own; `folder` is empty."""
    real = shelf.folder_of
    for path in real(package).glob("*.py"):
        (folder / path.name).symlink_to(path)
    for name, source in sources.items():
        (folder / f"{name}.py").write_text(source, encoding="utf-8")
    parent = importlib.import_module(package)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(shelf, "folder_of", lambda name: folder if name == package else real(name))
            patch.setattr(parent, "__path__", [*parent.__path__, str(folder)])
            _forget()
            yield
    finally:
        for name in sources:
            sys.modules.pop(f"{package}.{name}", None)
            parent.__dict__.pop(name, None)
        _forget()


def _forget() -> None:
    modules.cache_clear()
    kinds.cache_clear()
    shelf.literal.cache_clear()
