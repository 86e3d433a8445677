"""Reading files that may be hostile: bounded, regular files only, none outside the folder that was given."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import BinaryIO, cast

from minas.errors import DataError

_GZIP = b"\x1f\x8b"


def inside(path: Path, folder: Path) -> Path:
    """Return a file's path, if it is a regular file that lies in a folder, links followed.

    Raises:
        DataError: it is no regular file, or a link leads out of the folder.
    """
    if not path.is_file():
        raise DataError(f"{path}: not a file; expected a regular file, or a link to one in the same folder")
    if not path.resolve().is_relative_to(folder.resolve()):
        raise DataError(f"{path}: a link out of {folder}; expected files in the folder: copy it there")
    return path


def opened(path: Path) -> BinaryIO:
    """Open a file for reading, through gzip where its content starts like a gzip file, whatever its name."""
    with path.open("rb") as file:
        zipped = file.read(2) == _GZIP
    return cast(BinaryIO, gzip.open(path, "rb")) if zipped else path.open("rb")


def start(path: Path, count: int) -> bytes:
    """Return the first bytes of a file's content, unzipped; fewer, where there are no more or it can't be read."""
    try:
        with opened(path) as file:
            return file.read(count)
    except (OSError, EOFError, zlib.error):
        return b""
