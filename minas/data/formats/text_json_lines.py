"""Texts with labels, one JSON object a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from minas.data import encodings, files, labelled, raw
from minas.data.formats import Format, Options
from minas.errors import DataError

ENDINGS = (".jsonl", ".ndjson")
_START = 1 << 10


def _recognises(path: Path) -> bool:
    if path.is_dir():
        return labelled.holds_training(path, ENDINGS)
    if not path.is_file():
        return False
    start = files.start(path, _START)
    named = path.name.lower().removesuffix(".gz").endswith(ENDINGS)
    return bool(start) and (named or start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{")


def _read(path: Path, options: Options) -> raw.Raw:
    places = labelled.parts(path, ENDINGS)
    contents = encodings.decoded([encodings.read(place) for place in places.values()], str(path))
    tables = {part: _table(text, place) for (part, place), text in zip(places.items(), contents, strict=True)}
    return labelled.as_raw(tables, str(path))


def _table(text: str, path: Path) -> labelled.Table:
    found: labelled.Columns | None = None
    texts: list[str] = []
    labels: list[str | int] = []
    groups: list[str] = []
    # Not splitlines: a text may hold a line separator of Unicode, which JSON lets stand.
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        where = f"{path}: line {number}"
        entry = _object(line, where)
        found = found or labelled.columns(entry)
        if found is None:
            raise DataError(f"{where}: has {', '.join(map(repr, entry))[:200] or 'no keys'}; expected {labelled.NAMED}")
        texts.append(_text(entry, found.text, where))
        labels.append(_label(entry, found.label, where))
        if found.group is not None:
            groups.append(str(_label(entry, found.group, where)))
    return labelled.Table(texts=texts, labels=labels, groups=groups if found is not None and found.group else None)


def _object(line: str, where: str) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where}: no JSON, {error}; expected one object a line") from error
    if not isinstance(entry, dict):
        raise DataError(f'{where}: a {type(entry).__name__}; expected an object, {{"text": ..., "label": ...}}')
    return entry


def _text(entry: dict[str, Any], key: str, where: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str):
        raise DataError(f"{where}: {key!r} is {_shown(value)}; expected a text")
    return value


def _label(entry: dict[str, Any], key: str, where: str) -> str | int:
    value = entry.get(key)
    if isinstance(value, float) and value == int(value if abs(value) < 1e9 else 0):
        value = int(value)
    if isinstance(value, bool) or (isinstance(value, str) and value.strip()):
        return str(value)
    if not isinstance(value, int):
        raise DataError(f"{where}: {key!r} is {_shown(value)}; expected a name or a whole number")
    return value


def _shown(value: Any) -> str:
    return "missing" if value is None else f"{value!r:.60}"


FORMAT = Format(
    name="JSON lines",
    description=(
        f"a file (.jsonl) with one JSON object a line, with {labelled.NAMED}, all as keys; or a folder with train.jsonl and, "
        "if there are such parts, validation.jsonl and test.jsonl"
    ),
    kind="text",
    recognises=_recognises,
    read=_read,
)
