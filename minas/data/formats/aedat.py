"""Recordings of an event camera in AEDAT 3.1, as DVS128 Gesture has them: `.aedat` files, each with a table of its labels."""

from __future__ import annotations

import csv
import io
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from minas.data import events, files, raw
from minas.data.formats import Format, Options
from minas.errors import DataError

LARGEST_FILE = 1 << 31
"""Bytes of one file."""

_VERSION = b"#!AER-DAT3.1"
_END = b"#!END-HEADER"
_PACKET = struct.Struct("<hhiiiiii")  # type, source, size, place of the time, overflows, capacity, number, valid
_POLARITY = 1
_SIZE = 8
_SIDE = 0x1FFF
_LABELS = "_labels.csv"
_COLUMNS = ("class", "startTime_usec", "endTime_usec")
_LISTS = {"train": "trials_to_train.txt", "test": "trials_to_test.txt"}


def _recordings(path: Path) -> list[Path]:
    return sorted(entry for entry in path.iterdir() if entry.suffix.lower() == ".aedat" and not entry.name.startswith("."))


def decoded(content: bytes, where: str) -> events.Events:
    """Return the polarity events of a file; other packets are passed over, and so are events marked as invalid.

    Raises:
        DataError: another version, or packets that don't fit the file.
    """
    if not content.startswith(_VERSION):
        raise DataError(f"{where}: starts with {content[:20]!r}; expected AEDAT 3.1, {_VERSION.decode()}")
    end = content.find(_END)
    start = content.find(b"\n", end) + 1
    if end < 0 or not start:
        raise DataError(f"{where}: a header without end; expected {_END.decode()}")
    words, times = [], []
    while start < len(content):
        if start + _PACKET.size > len(content):
            raise DataError(f"{where}: ends inside of a packet's header; expected a whole file")
        kind, _, size, place, turns, _, number, _ = _PACKET.unpack_from(content, start)
        start += _PACKET.size
        if size < 1 or number < 0 or start + size * number > len(content):
            raise DataError(f"{where}: a packet of {number} events of {size} bytes goes beyond the file; expected a whole one")
        if kind == _POLARITY and number:
            if size != _SIZE or place != 4 or turns < 0:
                raise DataError(f"{where}: polarity events of {size} bytes, time at {place}; expected 8 bytes, time at 4")
            table = np.frombuffer(content, "<u4", 2 * number, start).reshape(-1, 2)
            words.append(table[:, 0])
            times.append(table[:, 1].astype(np.int64) + (turns << 31))
        start += size * number
    data = np.concatenate(words).astype(np.int64) if words else np.zeros(0, np.int64)
    clock = np.concatenate(times) if times else data
    valid = data & 1 == 1
    data, clock = data[valid], clock[valid]
    return events.Events(data >> 17 & _SIDE, data >> 2 & _SIDE, data >> 1 & 1 == 1, clock)


def _cut(file: Path, root: Path) -> tuple[list[events.Events], list[str]]:
    """Return the labelled pieces of one file, with their classes."""
    size = file.stat().st_size
    if size > LARGEST_FILE:
        raise DataError(f"{file}: {size:,} bytes; expected {LARGEST_FILE:,} at most")
    whole = decoded(files.inside(file, root).read_bytes(), str(file))
    table = file.with_name(f"{file.stem}{_LABELS}")
    if not table.is_file():
        raise DataError(f"{file}: without {table.name} beside it; expected a table with the columns {', '.join(_COLUMNS)}")
    pieces, labels = [], []
    for number, (label, first, last) in enumerate(_rows(files.inside(table, root))):
        chosen = (whole.times >= first) & (whole.times < last)
        where = f"{file}: the piece from {first} to {last}, line {number + 2} of {table.name}"
        pieces.append(events.Events(whole.x[chosen], whole.y[chosen], whole.on[chosen], whole.times[chosen]).checked(where))
        labels.append(label)
    return pieces, labels


def _rows(table: Path) -> list[tuple[str, int, int]]:
    wanted = f"expected the columns {', '.join(_COLUMNS)}, times in whole microseconds, and a line for each piece"
    try:
        lines = csv.DictReader(io.StringIO(table.read_text(encoding="utf-8-sig")))
        found = [(row[_COLUMNS[0]].strip(), int(row[_COLUMNS[1]]), int(row[_COLUMNS[2]])) for row in lines]
    except (KeyError, ValueError, TypeError, AttributeError, csv.Error) as error:
        raise DataError(f"{table}: {error!r}; {wanted}") from error
    if not found:
        raise DataError(f"{table}: names no piece of the recording; {wanted}")
    return found


def _parts(path: Path) -> dict[str, list[Path]]:
    """Return the recordings of each part, as two lists in the folder say; without them all are one pile."""
    there = {file.name: file for file in _recordings(path)}
    if not all((path / name).is_file() for name in _LISTS.values()):
        return {"train": list(there.values())}
    found = {}
    for part, name in _LISTS.items():
        listed = files.inside(path / name, path).read_text(encoding="utf-8", errors="replace").split()
        missing = sorted(set(listed) - set(there))
        if missing:
            raise DataError(f"{path / name}: names {missing[0]!r}, which is not there; expected recordings of the folder")
        found[part] = [there[entry] for entry in listed]
    return found


def _read(path: Path, options: Options) -> raw.Raw:
    recordings: dict[str, list[events.Events]] = {}
    labels: dict[str, list[str]] = {}
    users: dict[str, NDArray[np.str_]] = {}
    for part, found in _parts(path).items():
        recordings[part], labels[part], whose = [], [], []
        for file in found:
            pieces, classes = _cut(file, path)
            recordings[part] += pieces
            labels[part] += classes
            whose += [file.stem.split("_")[0]] * len(pieces)
        users[part] = np.array(whose, np.str_)
        if not whose:
            raise DataError(f"{path}: the {part} part holds no labelled recordings; expected some")
    return events.pile(recordings, labels, str(path), size=options.image_size, groups=users)


FORMAT = Format(
    name="AEDAT 3.1",
    description=(
        "a folder of .aedat recordings, each with a table beside it that ends with _labels.csv (class, startTime_usec, "
        "endTime_usec), and trials_to_train.txt and trials_to_test.txt where parts are given; what stands before the first _ "
        "of a name is the user: no user is in two parts"
    ),
    kind="spikes",
    recognises=lambda path: path.is_dir() and bool(_recordings(path)),
    read=_read,
)
