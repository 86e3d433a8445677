"""Reading single files out of archives that may be hostile: bounded, no links followed, nothing unpacked to disk."""

from __future__ import annotations

import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Sequence
from typing import IO, TypeVar, cast

from minas.errors import DataError

LARGEST = 1 << 27
"""Bytes that an archive inside an archive, or a tar file without its compression, may have: 128 MiB."""

Entry = TypeVar("Entry")

_BROKEN = (
    tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError, ValueError,
    OverflowError, IndexError,
)  # fmt: skip


def read(content: bytes, path: Sequence[str], *, size: int, where: str) -> bytes:
    """Return the content of one regular file in an archive.

    Args:
        content: the archive's bytes: zip (a wheel is one), or tar with gzip or without.
        path: the file's name in it; where archives lie in archives, the names from the outermost to the innermost.
        size: the file's size in bytes, unpacked.
        where: what errors name.

    Raises:
        DataError: the archive is broken, has no such file or several, it is no regular file, or it has another size.
    """
    for depth, name in enumerate(path):
        most = size if depth == len(path) - 1 else LARGEST
        where = f"{where}: {name}"
        try:
            content = (_from_zip if content[:2] == b"PK" else _from_tar)(content, name, most, where)
        except _BROKEN as error:
            raise DataError(f"{where}: can't be unpacked, {error}; expected a whole archive with that file") from error
    if len(content) != size:
        raise DataError(f"{where}: {len(content):,} bytes; expected {size:,}")
    return content


def _from_zip(content: bytes, name: str, most: int, where: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entry = _only([entry for entry in archive.infolist() if entry.filename == name], where)
        kind = entry.external_attr >> 28  # the upper half is a Unix mode; 0 where the archive's maker set none
        if entry.is_dir() or kind not in (0, 8):
            raise DataError(f"{where}: not a regular file in the archive; expected one")
        with archive.open(entry) as file:
            return _bounded(file, most, where)


def _from_tar(content: bytes, name: str, most: int, where: str) -> bytes:
    if content[:2] == b"\x1f\x8b":
        with gzip.open(io.BytesIO(content)) as unpacked:
            content = _bounded(cast(IO[bytes], unpacked), LARGEST, where)
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
        entry = _only([entry for entry in archive.getmembers() if entry.name == name], where)
        file = archive.extractfile(entry) if entry.isreg() and not entry.issparse() else None
        if file is None:
            raise DataError(f"{where}: not a regular file in the archive; expected one")
        return _bounded(file, most, where)


def _only(found: list[Entry], where: str) -> Entry:
    if len(found) != 1:
        raise DataError(f"{where}: in the archive {len(found)} times; expected once")
    return found[0]


def _bounded(file: IO[bytes], most: int, where: str) -> bytes:
    content = file.read(most + 1)
    if len(content) > most:
        raise DataError(f"{where}: more than {most:,} bytes; expected no more")
    return content
