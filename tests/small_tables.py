"""Small tables of architectures, made for a test."""

from __future__ import annotations

import csv
import gzip
import io
import itertools
from pathlib import Path

DIGITS = ("012", "05", "0123")
"""For each gene the digits that it has."""


def accuracy(code: str) -> float:
    first, second, third = map(int, code)
    return 100.0 - 3.0 * (2 - first) - (5 - second) / 2 - 4.0 * abs(third - 2)


def codes(without: tuple[str, ...] = ()) -> list[str]:
    return [code for code in map("".join, itertools.product(*DIGITS)) if code not in without]


def text(without: tuple[str, ...] = ()) -> str:
    """All codes but some; two that differ in nothing but the second gene are one class."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["number", "code", "kind", "accuracy", "cost"])
    for number, code in enumerate(codes(without)):
        writer.writerow([number, code, code[0] + code[2], accuracy(code), 10 + sum(map(int, code))])
    return out.getvalue()


def write(path: Path, content: str | None = None) -> Path:
    """Write a table, gzipped where the name says so."""
    found = (text() if content is None else content).encode()
    path.write_bytes(gzip.compress(found) if path.suffix == ".gz" else found)
    return path
