"""The TOML files and reference results that are shipped with MINAS."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from minas.errors import UsageError, nearest

Kind = Literal["search_spaces", "objectives", "studies", "results"]
WORDS: dict[Kind, str] = {
    "search_spaces": "search space",
    "objectives": "objective set",
    "studies": "study",
    "results": "reference result",
}


def folder(kind: Kind) -> Path:
    """Return the folder that holds the shipped files of a kind.

    In a wheel they lie inside the package; in a checkout beside it.
    """
    package = Path(__file__).resolve().parent
    installed = package / "_resources" / kind
    return installed if installed.is_dir() else package.parent / kind


def names(kind: Kind) -> list[str]:
    """Return the names of the shipped TOML files of a kind, without their ending."""
    return sorted(path.stem for path in folder(kind).glob("*.toml"))


def find(kind: Kind, name_or_path: str) -> Path:
    """Return the TOML file that a user named: a shipped name, or a file anywhere on disk.

    Raises:
        UsageError: there is neither such a name nor such a file.
    """
    if name_or_path in names(kind):
        return folder(kind) / f"{name_or_path}.toml"
    path = Path(os.path.expanduser(name_or_path))
    if os.path.isfile(path):  # unlike Path.is_file, it takes any text
        return path
    raise UsageError(f"no {WORDS[kind]} named '{name_or_path}', and no such file{nearest(name_or_path, names(kind))}")
