"""Recordings of an event camera as structured NumPy arrays: a folder of `.npy` files by class, with fields x, y, t and p."""

from __future__ import annotations

import math
import tokenize
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from minas.data import events, folders, raw
from minas.data.formats import Format, Options
from minas.errors import DataError

ENDING = ".npy"
LARGEST_FILE = 1 << 28
"""Bytes of one recording."""

_FIELDS = ("x", "y", "t", "p")
_BROKEN = (ValueError, SyntaxError, TypeError, KeyError, MemoryError, RecursionError, EOFError, tokenize.TokenError)


def _read(path: Path, options: Options) -> raw.Raw:
    found = folders.listed(path, ENDING)
    recordings = {part: [_recording(file) for file, _ in listed] for part, listed in found.items()}
    labels = {part: [label for _, label in listed] for part, listed in found.items()}
    return events.pile(recordings, labels, str(path), size=options.image_size)


def _recording(file: Path) -> events.Events:
    table = _array(file)
    if table.ndim != 1 or table.dtype.names is None or not set(_FIELDS) <= set(table.dtype.names):
        raise DataError(
            f"{file}: an array of {table.dtype}; expected one entry an event, with the fields {', '.join(_FIELDS)}"
        )
    columns = {name: table[name] for name in _FIELDS}
    for name, column in columns.items():
        if column.ndim != 1 or column.dtype.kind not in "biu":
            raise DataError(f"{file}: the field {name} is of {column.dtype}; expected whole numbers (t: microseconds, say)")
        if column.dtype.kind == "u" and len(column) and int(column.max()) >= 2**62:
            raise DataError(f"{file}: the field {name} holds {column.max()}; expected numbers below 2^62")
    x, y, times, polarity = (columns[name].astype(np.int64) for name in _FIELDS)
    return events.Events(x, y, polarity > 0, times).checked(str(file))


def _array(file: Path) -> NDArray[Any]:
    """Return the array of a file whose header is a stranger's: no pickle, and no more than the file has bytes for."""
    size = file.stat().st_size
    if size > LARGEST_FILE:
        raise DataError(f"{file}: {size:,} bytes; expected {LARGEST_FILE:,} at most in one recording")
    with file.open("rb") as stream:
        try:
            header = npy.read_array_header_1_0 if npy.read_magic(stream) == (1, 0) else npy.read_array_header_2_0
            shape, _, dtype = header(stream)
        except _BROKEN as error:
            said = (str(error).splitlines() or [type(error).__name__])[0]
            raise DataError(f"{file}: {said}; expected a NumPy array") from error
        if dtype.hasobject:
            raise DataError(f"{file}: holds Python objects, which need pickle; expected numbers")
        content = stream.read()
    wanted = math.prod(shape) * dtype.itemsize
    if len(content) != wanted or min(shape, default=0) < 0 or not dtype.itemsize:
        raise DataError(f"{file}: {len(content)} bytes; expected {wanted}, for shape {shape} and dtype {dtype}")
    return np.ndarray(shape, dtype, content)


FORMAT = Format(
    name="events in .npy files",
    description=(
        "a folder with one folder for each class and .npy recordings in them, structured arrays with an entry an event and "
        "the whole-number fields x, y, t (time) and p (polarity: ON above 0), or the same inside of folders named train, "
        "validation and test"
    ),
    kind="spikes",
    recognises=lambda path: folders.holds(path, ENDING),
    read=_read,
)
