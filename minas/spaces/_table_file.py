"""A table of architectures that were trained before: a CSV file, plain or gzipped, read without trusting it."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import math
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from minas.errors import DataError, UsageError, nearest

LARGEST_FILE = 1 << 28
"""Bytes, packed and unpacked alike: a table of 400,000 rows and 20 columns has some 60 million."""
MOST_ROWS = 2_000_000
MOST_GENES = 256
GZIP = b"\x1f\x8b"
_FROM_NUMBER = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*-\s*(.+)", re.DOTALL)


@dataclass(frozen=True)
class Objective:
    """A column to minimise, or a number minus it.

    Attributes:
        name: as the user wrote it.
        column: the column.
        minuend: what it is taken from, such as 100 for an accuracy in percent; None where it is minimised as it is.
    """

    name: str
    column: str
    minuend: float | None = None


@dataclass(frozen=True)
class Rows:
    """What a search needs of a table.

    Attributes:
        codes: a code of digits for each row, all of one length, none twice.
        classes: for each row its class of equivalent architectures; None where the table says nothing of that.
        values: shape (rows, objectives), minimised; NaN where the table has none.
    """

    codes: tuple[str, ...]
    classes: tuple[str, ...] | None
    values: NDArray[np.float64]


def digest(content: bytes) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def content(path: Path) -> bytes:
    """Return a file's bytes.

    Raises:
        DataError: it can't be read, or is too large for a table.
    """
    try:
        with path.open("rb") as file:
            found = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise DataError(f"{path}: can't be read, {error.strerror or error}; expected a table, CSV or gzipped CSV") from error
    return _bounded(found, path)


def rows(path: Path, found: bytes, *, code: str, classes: str | None, objectives: Sequence[str]) -> Rows:
    """Return the columns that a search needs.

    Args:
        path: the file, as errors name it.
        found: its bytes.
        code: the column of codes.
        classes: the column of classes, or None.
        objectives: each a numeric column, or `NUMBER-COLUMN`.

    Raises:
        DataError: the file is no such table; the text names the line.
        UsageError: it has no such column.
    """
    lines = _lines(path, found)
    header = next(lines, (0, []))[1]
    wanted = [_objective(text, header, path) for text in objectives]
    places = [_place(name, header, path) for name in (code, *([] if classes is None else [classes]))]
    numbers = [(_place(one.column, header, path), one.minuend) for one in wanted]
    codes: dict[str, int] = {}
    kinds: list[str] = []
    values: list[list[float]] = []
    for line, row in lines:
        if len(codes) == MOST_ROWS:
            raise DataError(f"{path}: more than {MOST_ROWS:,} rows")
        if len(row) != len(header):
            raise DataError(f"{path}, line {line}: {len(row)} fields; expected {len(header)}, as in the first line")
        own = row[places[0]].strip()
        _check_code(own, codes, f"{path}, line {line}", code)
        codes[own] = line
        kinds += [row[place].strip() for place in places[1:]]
        values.append([_number(row[place], minuend, f"{path}, line {line}", header[place]) for place, minuend in numbers])
    if not codes:
        raise DataError(f"{path}: no rows; expected a first line with the columns' names, and a row for each architecture")
    return Rows(tuple(codes), None if classes is None else tuple(kinds), np.array(values, dtype=np.float64))


def _objective(text: str, header: Sequence[str], path: Path) -> Objective:
    if text in header:
        return Objective(text, text)
    found = _FROM_NUMBER.fullmatch(text)
    return Objective(text, text) if found is None else Objective(text, found[2].strip(), float(found[1]))


def _place(name: str, header: Sequence[str], path: Path) -> int:
    if header.count(name) > 1:
        raise DataError(f"{path}: {header.count(name)} columns are named '{name}'")
    if name not in header:
        raise UsageError(f"{path} has no column named '{name[:60]}'{nearest(name, [one[:60] for one in header[:100]])}")
    return header.index(name)


def _check_code(code: str, known: dict[str, int], where: str, column: str) -> None:
    if not (code.isascii() and code.isdigit() and len(code) <= MOST_GENES):
        raise DataError(
            f"{where}: '{column}' is {code[:60]!r}; expected a code of digits, one for each gene, and at most {MOST_GENES}"
        )
    if code in known:
        raise DataError(f"{where}: the code {code} stands in line {known[code]} already; expected each once")
    length = len(next(iter(known), code))
    if len(code) != length:
        raise DataError(
            f"{where}: the code {code} has {len(code)} digits, those before it {length}; expected one digit for each gene "
            "everywhere (programs that read codes as numbers lose their leading zeros)"
        )


def _number(text: str, minuend: float | None, where: str, column: str) -> float:
    """Return what is minimised; NaN for an empty field, nan or infinity: an architecture that has no such figure."""
    try:
        value = float(text) if text.strip() else math.nan
    except ValueError:
        raise DataError(f"{where}: '{column}' is {text[:60]!r}; expected a number") from None
    value = value if minuend is None else minuend - value
    return value if math.isfinite(value) else math.nan


def _lines(path: Path, found: bytes) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of each line, from 1, and its fields; empty lines are left out."""
    try:
        text = _unpacked(path, found).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: byte {error.start} is not UTF-8; expected a table, CSV or gzipped CSV") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for row in reader:
            if row:
                yield reader.line_num, row
    except csv.Error as error:
        raise DataError(f"{path}, line {reader.line_num}: {error}; expected comma-separated values") from error


def _unpacked(path: Path, found: bytes) -> bytes:
    if not found.startswith(GZIP):
        return found
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(found)) as file:
            return _bounded(file.read(LARGEST_FILE + 1), path)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: can't be unpacked, {error}; expected gzipped CSV") from error


def _bounded(found: bytes, path: Path) -> bytes:
    if len(found) > LARGEST_FILE:
        raise DataError(f"{path}: more than {LARGEST_FILE:,} bytes; a table may not have more, packed or unpacked")
    return found
