"""WFDB records as PhysioNet has them: cut at their annotations, or one a sample; the reading is wfdb's, an extra.

The package opens whatever a header names, and names may be addresses of other machines. So headers are read without what
they name, and only plain names of whole files in the record's own folder go further.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minas.data import files, gaps, raw, recordings
from minas.data.formats import Format, Options
from minas.errors import DataError, MissingExtraError

BEFORE, LASTS = 0.25, 0.75
"""Seconds before a heartbeat at which its sample begins, and seconds of the sample."""

_BITS = {"16": 16, "212": 12, "24": 24, "32": 32, "80": 8}
_ANNOTATIONS = (".atr", ".ann", ".event", ".st")
_BEATS = frozenset("NLRBAaJSVrFejnE/fQ?")
"""Symbols of heartbeats in annotations."""
_CLASS = re.compile(r"(?:class|label|dx|diagnosis|reason for admission)\s*:\s*(\S.*)", re.IGNORECASE)
_SUBJECT = re.compile(r"(?:subject|patient)\s*:\s*(\S.*)", re.IGNORECASE)
_FIRST_LINE = re.compile(r"\S+\s+\d+\s+\d+(\.\d+)?(/\S*)?\s+\d+(\s.*)?", re.ASCII)
"""Name, signals, rate and points of time: what wfdb would make up where it is missing or negative."""
_NAME = re.compile(r"\w[\w.+-]*", re.ASCII)
_LONGEST_TEXT = 1 << 23
_LONGEST_HEADER = 1 << 18
_LONGEST_ANNOTATIONS = 1 << 23


def _recognises(path: Path) -> bool:
    return path.is_dir() and bool(_headers(path))


def _headers(path: Path) -> list[Path]:
    """Return the headers in a folder, or, where it has none, in the folders in it, by name."""
    found = sorted(path.glob("*.hea")) or sorted(path.glob("*/*.hea"))
    return [file for file in found if file.is_file() and not file.name.startswith(".")]


def _listed(path: Path) -> list[Path]:
    """Return the headers of the records that a file RECORDS lists, one a line, or of all that there are.

    Raises:
        DataError: a name in the list is no plain path within the folder, or there is no such record.
    """
    listing = path / "RECORDS"
    if not listing.is_file():
        return [files.inside(file, path) for file in _headers(path)]
    text = _text(files.inside(listing, path), _LONGEST_TEXT)
    found = []
    for number, line in enumerate(text.split("\n"), start=1):
        if name := line.strip():
            parts = name.split("/")
            if not all(_NAME.fullmatch(part) for part in parts):
                raise DataError(f"{listing}, line {number}: {name[:80]!r}; expected a record's name, folders before it with /")
            found.append(files.inside(path.joinpath(*parts[:-1], f"{parts[-1]}.hea"), path))
    return found


def _text(path: Path, most: int) -> str:
    if path.stat().st_size > most:
        raise DataError(f"{path}: {path.stat().st_size:,} bytes; expected at most {most:,}")
    return path.read_text(encoding="ascii", errors="replace")


@dataclass(frozen=True, kw_only=True)
class _Header:
    """What a record's header says, once it was found to be harmless."""

    path: Path
    rate: float
    length: int
    channels: tuple[str, ...]
    label: str | None
    subject: str | None
    annotations: Path | None

    @property
    def record(self) -> str:
        """The record as wfdb takes it: its path without an ending, absolute, so that nothing in it reads as an address."""
        return str(self.path.absolute().with_suffix(""))


def _read(path: Path, options: Options) -> raw.Raw:
    try:
        import wfdb  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("wfdb", "wfdb", "reading WFDB records") from error
    headers = [_header(file, path) for file in _listed(path)]
    if not headers:
        raise DataError(f"{path / 'RECORDS'}: an empty list; expected a record's name a line")
    raw.check_size(sum(header.length * len(header.channels) for header in headers), str(path))
    read = _annotated if any(header.annotations for header in headers) else _whole
    return recordings.cut(read(headers, path), path)


def _annotated(headers: list[_Header], path: Path) -> list[recordings.Recording]:
    """Return records with the places at which their samples begin."""
    found = []
    for header in headers:
        places, labels = _events(header)
        if beats := [(place, label) for place, label in zip(places, labels, strict=True) if label in _BEATS]:
            events = tuple((place - round(BEFORE * header.rate), label) for place, label in beats)
            events, room = tuple(event for event in events if event[0] >= 0), max(1, round(LASTS * header.rate))
        else:
            events = tuple(zip(places, labels, strict=True))
            room = recordings.room(places, [], header.length, str(header.path))
        owner = header.subject or _folder(header, path) or header.path.stem
        found.append(_recording(header, _values(header), events, room, owner))
    return found


def _whole(headers: list[_Header], path: Path) -> list[recordings.Recording]:
    """Return records that are one sample each, shorter ones at their last values to the end."""
    longest = max(header.length for header in headers)
    raw.check_size(sum(longest * len(header.channels) for header in headers), str(path))
    said = any(header.label for header in headers)
    found = []
    for header in headers:
        folder = _folder(header, path)
        label = header.label if said else folder
        if label is None:
            raise DataError(
                f"{header.path}: no class; expected annotations beside it ({', '.join(_ANNOTATIONS)}), a comment in it like "
                "'# class: NAME', as all headers have then, or records in one folder for each class"
            )
        owner = header.subject or (folder if said else None) or header.path.stem
        values = gaps.padded([_values(header)], longest, str(header.path))[0]
        found.append(_recording(header, values, ((0, label),), longest, owner))
    return found


def _recording(
    header: _Header, values: NDArray[np.float32], events: tuple[tuple[int, str], ...], room: int, subject: str
) -> recordings.Recording:
    return recordings.Recording(
        path=header.path,
        channels=header.channels,
        rate=header.rate,
        values=values,
        events=events,
        room=room,
        subject=subject,
    )


def _folder(header: _Header, path: Path) -> str | None:
    """Return the name of the folder in which a record lies, where that isn't the one that was given."""
    return None if header.path.parent == path else header.path.parent.name


def _header(file: Path, root: Path) -> _Header:
    """Read a header, and nothing that it names.

    Raises:
        DataError: it is broken, or names what is not a whole file of a known format in its own folder.
    """
    import wfdb

    record = file.absolute().with_suffix("")
    if not _NAME.fullmatch(record.name) or "::" in str(record):
        raise DataError(f"{file}: a name that isn't plain; expected letters, digits and _ . + - in it, and no :: in its path")
    lines = (line.strip() for line in _text(file, _LONGEST_HEADER).splitlines())
    first = next((line for line in lines if line and not line.startswith("#")), "")
    if not _FIRST_LINE.fullmatch(first):
        raise DataError(f"{file}: {first[:80]!r}; expected a record's name, its signals, rate and points of time")
    try:
        read: Any = wfdb.rdheader(str(record))
    except Exception as error:  # whatever a broken file makes of a stranger's code
        raise _broken(file, error) from error
    names, length = getattr(read, "file_name", None), getattr(read, "sig_len", None)
    if not isinstance(read, wfdb.Record) or not names or len(names) != read.n_sig or not length or not read.fs or read.fs <= 0:
        raise DataError(
            f"{file}: no signals, no length, no rate or several segments; expected one segment, and a line for each signal"
        )
    raw.check_size(length * len(names), str(file))
    if any(count not in (None, 1) for count in read.samps_per_frame) or any(read.skew):
        raise DataError(f"{file}: signals of several rates, or shifted ones; expected signals that were recorded together")
    for name in dict.fromkeys(names):
        places = [place for place, other in enumerate(names) if other == name]
        _check_file(file, root, name, {read.fmt[place] for place in places}, length * len(places), read.byte_offset[places[0]])
    beside = [record.with_name(record.name + ending) for ending in _ANNOTATIONS]
    named = (str(name or "").strip() for name in read.sig_name)
    return _Header(
        path=file,
        rate=float(read.fs),
        length=int(length),
        channels=tuple(name or f"channel {place}" for place, name in enumerate(named, start=1)),
        label=_said(_CLASS, read.comments),
        subject=_said(_SUBJECT, read.comments),
        annotations=next((files.inside(other, root) for other in beside if other.is_file()), None),
    )


def _check_file(header: Path, root: Path, name: str, formats: set[str], values: int, offset: int | None) -> None:
    """Refuse a file of signals that isn't one, is elsewhere, in an unknown format, or shorter than it should be."""
    if not _NAME.fullmatch(name):
        raise DataError(f"{header}: signals in {name[:80]!r}; expected the plain name of a file in the same folder")
    if len(formats) != 1 or not formats <= set(_BITS):
        raise DataError(f"{header}: signals in format {', '.join(sorted(formats))}; expected one of {', '.join(_BITS)}")
    file = files.inside(header.parent / name, root)
    needed = (offset or 0) + -(-values * _BITS[formats.pop()] // 8)
    if (offset or 0) < 0 or file.stat().st_size < needed:
        raise DataError(f"{file}: {file.stat().st_size:,} bytes; expected {needed:,}, as its header tells: it ends early")


def _said(what: re.Pattern[str], comments: list[str]) -> str | None:
    return next((found[1].strip() for line in comments if (found := what.fullmatch(line.strip()))), None)


def _values(header: _Header) -> NDArray[np.float32]:
    """Return a record's signals, (channels, time), in their units, without gaps."""
    import wfdb

    try:
        read = np.asarray(wfdb.rdrecord(header.record).p_signal, dtype=np.float64)
    except Exception as error:
        raise _broken(header.path, error) from error
    if read.shape != (header.length, len(header.channels)):
        raise _broken(header.path, f"it holds {read.shape} values")
    return gaps.filled(read.T, str(header.path)).astype(np.float32)


def _events(header: _Header) -> tuple[list[int], list[str]]:
    """Return where a record's annotations are, in points of time, and what they say: their note, or else their symbol."""
    import wfdb

    file = header.annotations
    if file is None:
        raise DataError(f"{header.path}: no annotations beside it; expected some, as other records in the folder have")
    if file.stat().st_size > _LONGEST_ANNOTATIONS:
        raise DataError(f"{file}: {file.stat().st_size:,} bytes; expected at most {_LONGEST_ANNOTATIONS:,}")
    try:
        read: Any = wfdb.rdann(header.record, file.suffix[1:])
        told = [str(note).strip("\0 \t") or str(symbol) for note, symbol in zip(read.aux_note, read.symbol, strict=True)]
        placed = sorted(zip((int(place) for place in read.sample), told, strict=True))
    except Exception as error:
        raise _broken(file, error) from error
    within = [(place, label) for place, label in placed if 0 <= place < header.length]
    if not within:
        raise DataError(f"{file}: no annotation within the record; expected some, each the class of what follows it")
    return [place for place, _ in within], [label for _, label in within]


def _broken(file: Path, error: Exception | str) -> DataError:
    shown = str(error) or type(error).__name__
    return DataError(f"{file}: can't be read, {shown}; expected WFDB records that are whole")


FORMAT = Format(
    name="WFDB",
    description=(
        "a folder of WFDB records (.hea with .dat), or of folders of them; a file RECORDS lists those that count. With "
        f"annotations ({', '.join(_ANNOTATIONS)}) a sample begins at each and lasts as long as their smallest distance, or, "
        f"where there are heartbeats, begins {BEFORE} s before each and lasts {LASTS} s; without them a record is a sample, "
        "its class in the header ('# class: NAME', Dx, Diagnosis, Reason for admission) or the name of its folder. No subject "
        "('# subject: NAME', else the folder that isn't a class, else the record) is in two parts (needs wfdb)"
    ),
    kind="signal",
    recognises=_recognises,
    read=_read,
)
