"""Recordings of an event camera as N-MNIST has them: a folder of `.bin` files by class, five bytes an event."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from minas.data import events, folders, raw
from minas.data.formats import Format, Options
from minas.errors import DataError

ENDING = ".bin"
LARGEST_FILE = 5 << 22
"""Bytes of one recording: four million events."""

_OVERFLOW = 240
_TURN = 1 << 13


def decoded(content: bytes, where: str) -> events.Events:
    """Return the events of one recording.

    An event is five bytes: x, y, then the highest bit for the polarity and 23 bits for the microseconds, the most significant
    first. Where y is 240 the clock has overflowed: 2^13 microseconds are added to all later times.

    Raises:
        DataError: the bytes are no whole number of events, or hold none.
    """
    if len(content) % 5:
        raise DataError(f"{where}: {len(content)} bytes; expected five for each event")
    table = np.frombuffer(content, np.uint8).reshape(-1, 5).astype(np.int64)
    overflows = table[:, 1] == _OVERFLOW
    times = ((table[:, 2] & 127) << 16) + (table[:, 3] << 8) + table[:, 4] + _TURN * np.cumsum(overflows)
    table, times = table[~overflows], times[~overflows]
    return events.Events(table[:, 0], table[:, 1], table[:, 2] >= 128, times).checked(where)


def _read(path: Path, options: Options) -> raw.Raw:
    found = folders.listed(path, ENDING)
    recordings = {part: [_recording(file) for file, _ in listed] for part, listed in found.items()}
    labels = {part: [label for _, label in listed] for part, listed in found.items()}
    return events.pile(recordings, labels, str(path), size=options.image_size)


def _recording(file: Path) -> events.Events:
    size = file.stat().st_size
    if size > LARGEST_FILE:
        raise DataError(f"{file}: {size:,} bytes; expected {LARGEST_FILE:,} at most in one recording")
    return decoded(file.read_bytes(), str(file))


FORMAT = Format(
    name="N-MNIST",
    description=(
        "a folder with one folder for each class and .bin recordings in them, five bytes an event (x, y, polarity and 23 bits "
        "of microseconds), or the same inside of folders named train, validation and test"
    ),
    kind="spikes",
    recognises=lambda path: folders.holds(path, ENDING),
    read=_read,
)
