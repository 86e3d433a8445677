"""What tables of labelled texts have in common: the names of their columns, their files for each part, their labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minas.data import files, raw, texts
from minas.errors import DataError

TEXTS = ("text", "sentence", "review", "content", "comment", "tweet", "message", "document", "body", "phrase", "x")
LABELS = ("label", "labels", "class", "category", "sentiment", "target", "rating", "stars", "y")
GROUPS = ("group", "subject", "user", "speaker", "author")
PARTS = {
    "train": "train", "training": "train",
    "val": "validation", "valid": "validation", "validation": "validation", "dev": "validation",
    "test": "test", "testing": "test",
}  # fmt: skip

LONGEST_NAME = 200
"""Characters of a label or a group."""

NAMED = (
    f"a text column ({', '.join(TEXTS)}) and a label column ({', '.join(LABELS)}); where a column {', '.join(GROUPS[:-1])} or "
    f"{GROUPS[-1]} says whose a text is, nobody's texts are in two parts"
)
"""What names of columns are understood, for descriptions."""


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The names of a table's columns that matter, as they are written in it."""

    text: str
    label: str
    group: str | None


@dataclass(frozen=True, kw_only=True)
class Table:
    """A part's texts, with labels (texts or whole numbers) and groups, where there are any; all of one length."""

    texts: Sequence[str]
    labels: Sequence[str | int]
    groups: Sequence[str] | None = None


def columns(names: Iterable[str]) -> Columns | None:
    """Return which columns hold texts, labels and groups, or None where that can't be told.

    Of two columns one known name is enough.
    """
    there = list(names)
    by_name = {name.strip().lower(): name for name in reversed(there)}
    text, label, group = (
        next((by_name[name] for name in known if name in by_name), None) for known in (TEXTS, LABELS, GROUPS)
    )
    if len(there) == 2 and (text is None) != (label is None):
        other = there[1 - there.index(text or label or "")]
        text, label = text or other, label or other
    return None if text is None or label is None else Columns(text=text, label=label, group=group)


def parts(path: Path, endings: Sequence[str]) -> dict[str, Path]:
    """Return a data set's files by part: a file is all of it; in a folder they are named train, validation and test.

    Args:
        path: a file or a folder.
        endings: those that files in a folder have, with the dot; .gz may follow.

    Raises:
        DataError: a folder holds two files for one part.
    """
    if not path.is_dir():
        return {"train": path}
    found: dict[str, Path] = {}
    for entry in sorted(path.iterdir()):
        part = _part(entry, endings)
        if part is None:
            continue
        if part in found:
            raise DataError(
                f"{entry}: a second file with the {part} part, beside {found[part].name}; expected one for each part"
            )
        found[part] = files.inside(entry, path)
    return found


def holds_training(path: Path, endings: Sequence[str]) -> bool:
    """Tell whether a folder has a file with the training part."""
    return any(_part(entry, endings) == "train" for entry in path.iterdir())


def _part(path: Path, endings: Sequence[str]) -> str | None:
    stem, dot, ending = path.name.lower().removesuffix(".gz").rpartition(".")
    return PARTS.get(stem) if dot + ending in endings else None


def as_raw(tables: Mapping[str, Table], where: str) -> raw.Raw:
    """Return a data set of its parts, of which there is one named train.

    Raises:
        DataError: a part is empty, or a label or a group is longer than a name.
    """
    for part, table in tables.items():
        if not table.texts:
            raise DataError(f"{where}: no texts in the {part} part; expected some of at least two classes")
    classes, targets = raw.names(_labels([table.labels for table in tables.values()], where), where)
    piles = {
        part: raw.Pile(texts.values(table.texts, f"{where}: {part}"), indices, _groups(table, where))
        for (part, table), indices in zip(tables.items(), targets, strict=True)
    }
    return raw.Raw(
        train=piles["train"], validation=piles.get("validation"), test=piles.get("test"), classes=classes, source=where
    )


def _groups(table: Table, where: str) -> NDArray[Any] | None:
    return None if table.groups is None else np.array(_names(table.groups, "group", where), np.str_)


def _names(values: Iterable[str | int], what: str, where: str) -> list[str]:
    found = [texts.clean(str(value)).strip() for value in values]
    for place, name in enumerate(found):
        if len(name) > LONGEST_NAME:
            raise DataError(
                f"{where}: text {place + 1} has a {what} of {len(name):,} characters; expected at most {LONGEST_NAME}"
            )
    return found


def _labels(parts_: Sequence[Sequence[str | int]], where: str) -> list[NDArray[Any]]:
    """Return labels as whole numbers, so that 10 comes behind 9, if all are such from 0; else as texts."""
    plain = [_names(labels, "label", where) for labels in parts_]
    numbers = all(label.isascii() and label.isdecimal() and len(label) < 10 for labels in plain for label in labels)
    return [np.array(labels, np.int64 if numbers else np.str_) for labels in plain]
