"""EDF, EDF+ and BDF recordings, cut at their events; the reading is edfio's, an extra."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from minas.data import files, raw, recordings
from minas.data.formats import Format, Options
from minas.errors import DataError, MissingExtraError

_STARTS = {b"0       ": "read_edf", b"\xffBIOSEMI": "read_bdf"}
_ENDINGS = (".edf", ".bdf")
_TRUNCATED = "Incomplete data record|.* header indicates"
"""What edfio warns of where a file is shorter than it says."""


def _recognises(path: Path) -> bool:
    return bool(_listed(path))


def _listed(path: Path) -> list[Path]:
    """Return the recordings at a path, by name."""
    if not path.is_dir():
        return [path] if path.is_file() and _start(path) in _STARTS else []
    named = [entry for entry in sorted(path.iterdir()) if entry.suffix.lower() in _ENDINGS and entry.is_file()]
    return [entry for entry in named if _start(entry) in _STARTS]


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(8)


def _read(path: Path, options: Options) -> raw.Raw:
    found = [_recording(files.inside(file, path) if path.is_dir() else file) for file in _listed(path)]
    return recordings.cut(found, path)


def _recording(path: Path) -> recordings.Recording:
    """Read one file.

    Raises:
        MissingExtraError: edfio isn't installed.
        DataError: the file is broken, its signals differ in their rates, or it has no events.
    """
    try:
        import edfio
    except ImportError as error:
        raise MissingExtraError("edfio", "edf", "reading EDF and BDF files") from error
    raw.check_size(path.stat().st_size // 2, str(path))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.filterwarnings("error", message=_TRUNCATED)
            file = getattr(edfio, _STARTS[_start(path)])(path)
        if not file.is_continuous:
            raise DataError(f"{path}: a recording with gaps; expected one without: cut it at them first")
        traces: Sequence[Any] = file.signals
        rates = {float(trace.sampling_frequency) for trace in traces}
        if len(rates) != 1:
            shown = ", ".join(f"{rate:g}" for rate in sorted(rates)) or "none"
            raise DataError(f"{path}: signals of {shown} Hz; expected signals of one rate: leave the others out")
        values = np.stack([trace.data for trace in traces]).astype(np.float32)
        found = [(float(one.onset), one.duration, str(one.text).strip()) for one in file.annotations]
        subject = str(file.local_patient_identification).strip()
        channels = tuple(str(trace.label) for trace in traces)
    except DataError:
        raise
    except Exception as error:  # whatever a broken file makes of a stranger's code
        raise DataError(f"{path}: can't be read, {error or type(error).__name__}; expected a whole EDF or BDF file") from error
    rate = rates.pop()
    events = sorted((onset, duration, text) for onset, duration, text in found if text and onset >= 0)
    if not events:
        raise DataError(f"{path}: no events; expected annotations in it (EDF+ or BDF+), each the class of what follows it")
    starts = [round(onset * rate) for onset, _, _ in events]
    lengths = [round(duration * rate) for _, duration, _ in events if duration]
    room = recordings.room(starts, lengths, values.shape[1], str(path))
    placed = tuple(zip(starts, (text for _, _, text in events), strict=True))
    unknown = subject.upper() in ("", "X", "X X X X")
    return recordings.Recording(
        path=path,
        channels=channels,
        rate=rate,
        values=values,
        events=placed,
        room=room,
        subject=path.name if unknown else subject,
    )


FORMAT = Format(
    name="EDF or BDF",
    description=(
        "an EDF+ or BDF+ recording, or a folder of them, with annotations: a sample begins at each, lasts as long as the "
        "shortest of them, or as their smallest distance where they say no length, and the annotation's text is its class; no "
        "patient (or file, where the header names none) is in two parts"
    ),
    kind="signal",
    recognises=_recognises,
    read=_read,
)
