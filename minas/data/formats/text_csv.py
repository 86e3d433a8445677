"""Tables of texts with labels, separated by commas, tabs or semicolons."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from minas.data import encodings, files, labelled, raw
from minas.data.formats import Format, Options
from minas.errors import DataError

ENDINGS = (".csv", ".tsv", ".tab")
_DELIMITERS = (",", "\t", ";")
_START = 1 << 12


def _recognises(path: Path) -> bool:
    if path.is_dir():
        return labelled.holds_training(path, ENDINGS)
    if not path.is_file() or not files.start(path, 1):
        return False
    return path.name.lower().removesuffix(".gz").endswith(ENDINGS) or _names_columns(files.start(path, _START))


def _names_columns(start: bytes) -> bool:
    """Whether a file's first line names a text and a label column, whatever the file's name."""
    try:
        return _delimiter(_first_line(encodings.decoded([start], "")[0])) is not None
    except DataError:
        return False


def _first_line(text: str) -> str:
    """Return a table's first line; not by `splitlines`, which knows more line ends than tables do."""
    return re.split(r"[\r\n]", text.lstrip("\r\n"), maxsplit=1)[0]


def _delimiter(first: str) -> str | None:
    """Return the delimiter by which a first line names the columns that are needed."""
    for delimiter in _DELIMITERS:
        try:
            with _cells_up_to(len(first)):
                names = next(csv.reader([first], delimiter=delimiter), [])
        except csv.Error:
            continue
        if len(names) > 1 and labelled.columns(names) is not None:
            return delimiter
    return None


@contextmanager
def _cells_up_to(length: int) -> Iterator[None]:
    """Let csv read cells of so many characters: it has one limit for all readers, which is what it was afterwards."""
    before = csv.field_size_limit()
    csv.field_size_limit(max(length, before))
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _read(path: Path, options: Options) -> raw.Raw:
    places = labelled.parts(path, ENDINGS)
    contents = encodings.decoded([encodings.read(place) for place in places.values()], str(path))
    tables = {part: _table(text, place) for (part, place), text in zip(places.items(), contents, strict=True)}
    return labelled.as_raw(tables, str(path))


def _table(text: str, path: Path) -> labelled.Table:
    first = _first_line(text)
    delimiter = _delimiter(first)
    names, *rows = _records(text, delimiter, path) if delimiter else [[]]
    found = labelled.columns(names)
    if found is None:
        raise DataError(f"{path}: its first line is {first[:100]!r}; expected the names of {labelled.NAMED}")
    text_at, label_at = names.index(found.text), names.index(found.label)
    for number, row in enumerate(rows, 1):
        if not row[label_at].strip():
            raise DataError(f"{path}: text {number} has no label; expected one in column {found.label!r}")
    return labelled.Table(
        texts=[row[text_at] for row in rows],
        labels=[row[label_at] for row in rows],
        groups=None if found.group is None else [row[names.index(found.group)] for row in rows],
    )


def _records(text: str, delimiter: str, path: Path) -> list[list[str]]:
    """Return a table's lines as cells, as many in each.

    Quotation marks are first read as the marks around cells that hold line ends or delimiters; where that comes to nothing, as
    in many tables separated by tabs, as letters.
    """
    problems = []
    for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting, strict=True)
        try:
            with _cells_up_to(len(text)):
                rows = [row for row in reader if row]
        except csv.Error as error:
            problems.append(f"line {reader.line_num}: {error}")
            continue
        problem = _uneven(rows)
        if problem is None:
            return rows
        problems.append(problem)
    raise DataError(f"{path}: {problems[0]}; expected as many cells in each line, those with a delimiter in quotation marks")


def _uneven(rows: Sequence[Sequence[str]]) -> str | None:
    wanted = len(rows[0])
    for number, row in enumerate(rows[1:], 1):
        if len(row) != wanted:
            return f"text {number} has {len(row)} cells, the first line {wanted}"
    return None


FORMAT = Format(
    name="CSV",
    description=(
        f"a table (.csv, .tsv) separated by commas, tabs or semicolons, whose first line names {labelled.NAMED}; or a folder "
        "with train.csv and, if there are such parts, validation.csv and test.csv"
    ),
    kind="text",
    recognises=_recognises,
    read=_read,
)
