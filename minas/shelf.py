"""Shelves: folders of interchangeable parts, one file each, found by file name.

A part's module exposes one constant whose name the shelf's contract gives. Names are listed without importing anything;
literal constants can be read without running the module, which is how the graph knows operators without torch.
"""

from __future__ import annotations

import ast
import importlib
from functools import cache
from pathlib import Path
from typing import Any, Generic, TypeVar

from minas.errors import UsageError, nearest

Part = TypeVar("Part")


class Shelf(Generic[Part]):
    """One folder of interchangeable parts.

    Args:
        package: the dotted name of the folder, such as `"minas.measures"`.
        constant: the name of the constant that each of its modules exposes, such as `"MEASURE"`.
        kind: the class of that constant.
        what: one part in a user's words, such as `"measure"`, for error messages.
    """

    def __init__(self, package: str, constant: str, kind: type[Part], what: str) -> None:
        self.package = package
        self.constant = constant
        self.kind = kind
        self.what = what

    def names(self) -> list[str]:
        """Return the names of all parts, sorted, without importing any of them."""
        return module_names(self.package)

    def get(self, name: str) -> Part:
        """Import one part and return its constant.

        Raises:
            UsageError: there is no such part; the nearest name is suggested.
        """
        module_name = name.replace("-", "_")
        if module_name not in self.names():
            raise UsageError(f"no {self.what} named '{name}'{nearest(name, self.names())}")
        part = getattr(importlib.import_module(f"{self.package}.{module_name}"), self.constant, None)
        if not isinstance(part, self.kind):
            raise TypeError(f"{self.package}.{module_name}.{self.constant} must be a {self.kind.__name__}")
        return part

    def all(self) -> dict[str, Part]:
        """Import every part and return them by name."""
        return {name: self.get(name) for name in self.names()}


def folder_of(package: str) -> Path:
    """Return the folder of a subpackage of minas, without importing it."""
    return Path(__file__).resolve().parent.joinpath(*package.split(".")[1:])


def module_names(package: str) -> list[str]:
    """Return the names of a subpackage's public modules, sorted, without importing it."""
    return sorted(path.stem for path in folder_of(package).glob("*.py") if not path.stem.startswith("_"))


@cache
def literal(package: str, module: str, constant: str) -> Any:
    """Return a literal constant of a module's source without running the module.

    Raises:
        TypeError: the module assigns no such constant, or not as a literal.
    """
    source = (folder_of(package) / f"{module}.py").read_text(encoding="utf-8")
    for node in ast.parse(source).body:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        if any(isinstance(target, ast.Name) and target.id == constant for target in targets):
            value = getattr(node, "value", None)
            if value is not None:
                return ast.literal_eval(value)
    raise TypeError(f"{package}.{module} has no literal {constant}")
