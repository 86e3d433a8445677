"""Ninapro's MATLAB files: muscle signals of repeated movements, cut into windows; the reading is scipy's."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minas.data import files, raw, signals
from minas.data.formats import Format, Options
from minas.errors import DataError

WINDOW = 0.2
"""Seconds of a window, where the files say their frequency."""
PARTS = 16
"""Windows in the median repetition, where they don't: those of a movement of three to five seconds then last about as long."""
LARGEST_FILE = 1 << 32
"""Bytes of a file's content, unpacked."""

_ENDING = ".mat"
_MAGIC = b"MATLAB "
_HDF5 = b"MATLAB 7.3 "
_HEADER = 128
_PACKED = 15
_NUMERIC = {"double", "single", "logical", *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))}
_EXPECTED = "expected emg (points of time, channels), restimulus or stimulus, and rerepetition or repetition"


def _recognises(path: Path) -> bool:
    return bool(_listed(path))


def _listed(path: Path) -> list[Path]:
    """Return the MATLAB files at a path, by name."""
    found = sorted(path.iterdir()) if path.is_dir() else [path]
    return [file for file in found if file.suffix.lower() == _ENDING and file.is_file() and _start(file, 7) == _MAGIC]


def _start(path: Path, count: int) -> bytes:
    with path.open("rb") as file:
        return file.read(count)


@dataclass(frozen=True, kw_only=True)
class _Repetition:
    """One movement made once: its signals (channels, time), its number and whose it is."""

    values: NDArray[np.float32]
    exercise: int
    movement: int
    number: int
    subject: str


def _read(path: Path, options: Options) -> raw.Raw:
    found: list[_Repetition] = []
    rates: dict[float | None, Path] = {}
    for file in _listed(path):
        variables = _variables(files.inside(file, path) if path.is_dir() else file)
        found += _repetitions(variables, file)
        rates.setdefault(_scalar(variables, "frequency", file), file)
        if len({one.values.shape[0] for one in found}) > 1:
            raise DataError(f"{file}: {found[-1].values.shape[0]} channels; expected {found[0].values.shape[0]}, as before it")
        if len(rates) > 1:
            raise DataError(f"{file}: another frequency than in {next(iter(rates.values())).name}; expected one for all files")
        raw.check_size(sum(one.values.size for one in found), str(path))
    rate = next(iter(rates))
    middle = float(np.median([one.values.shape[1] for one in found]))
    length = max(1, round(rate * WINDOW) if rate else int(middle / PARTS))
    return _cut(found, length, path)


def _cut(found: list[_Repetition], length: int, path: Path) -> raw.Raw:
    """Return windows of a length, one after the other, and what is left of a repetition left out.

    Their groups are subjects, where there are several, or else repetitions, each of all movements.
    """
    several = len({one.exercise for one in found}) > 1
    by_subject = len({one.subject for one in found}) > 1
    windows, labels, groups = [], [], []
    for one in found:
        count = one.values.shape[1] // length
        kept = one.values[:, : count * length].reshape(len(one.values), count, length)
        windows.append(kept.transpose(1, 0, 2))
        labels += [f"exercise {one.exercise} movement {one.movement:02d}" if several else f"{one.movement:02d}"] * count
        groups += [one.subject if by_subject else str(one.number)] * count
    if not labels:
        raise DataError(f"{path}: no repetition with {length} points of time, a window's; expected movements that last longer")
    classes, (targets,) = raw.names([np.array(labels, dtype=np.str_)], str(path))
    apart = np.array(groups, dtype=np.str_) if len(set(groups)) > 1 else None
    return raw.Raw(
        train=raw.Pile(signals.values(np.concatenate(windows), str(path)), targets, apart), classes=classes, source=str(path)
    )


def _repetitions(variables: Mapping[str, NDArray[Any]], file: Path) -> list[_Repetition]:
    """Return the runs of one movement and one repetition; where either is 0 there is rest, which is left out."""
    emg = variables["emg"]
    if emg.ndim != 2 or 0 in emg.shape:
        raise DataError(f"{file}: emg of shape {emg.shape}; {_EXPECTED}")
    movement, number = (_numbers(variables, name, len(emg), file) for name in ("stimulus", "repetition"))
    changes = np.flatnonzero((np.diff(movement) != 0) | (np.diff(number) != 0)) + 1
    exercise, subject = (_scalar(variables, name, file) for name in ("exercise", "subject"))
    found = [
        _Repetition(
            values=np.ascontiguousarray(emg[first:end].T, dtype=np.float32),
            exercise=0 if exercise is None else int(exercise),
            movement=int(movement[first]),
            number=int(number[first]),
            subject=file.stem if subject is None else f"{subject:g}",
        )
        for first, end in zip([0, *changes], [*changes, len(emg)], strict=True)
        if movement[first] > 0 and number[first] > 0
    ]
    if not found:
        raise DataError(f"{file}: rest alone, 0; expected repetitions of movements, both numbered from 1")
    return found


def _numbers(variables: Mapping[str, NDArray[Any]], name: str, length: int, file: Path) -> NDArray[np.int64]:
    """Return what happens at each point of time, (time,): refined after the recording (`re...`), where that is there."""
    name = f"re{name}" if f"re{name}" in variables else name
    values = variables[name]
    if values.size != length or max(values.shape) != length:
        raise DataError(
            f"{file}: {name} of shape {values.shape}; expected one number for each of emg's {length} points of time"
        )
    flat = values.ravel().astype(np.float64)
    if not ((flat >= 0) & (flat < 2**31) & (flat == np.floor(flat))).all():
        raise DataError(f"{file}: {name} holds what is no whole number from 0; expected 0 for rest and numbers from 1")
    return flat.astype(np.int64)


def _scalar(variables: Mapping[str, NDArray[Any]], name: str, file: Path) -> float | None:
    values = variables.get(name)
    if values is None:
        return None
    if values.size != 1 or not 0 < float(values.ravel()[0]) < 1e9:
        raise DataError(f"{file}: {name} of shape {values.shape}; expected one number above 0")
    return float(values.ravel()[0])


def _variables(file: Path) -> dict[str, NDArray[Any]]:
    """Return a file's arrays that matter, by name, once their kinds and sizes were looked at.

    Raises:
        DataError: the file is broken, too large, of version 7.3, or a variable is missing, double or no numeric array.
    """
    from scipy.io import loadmat, whosmat

    if _start(file, len(_HDF5)) == _HDF5:
        raise DataError(
            f"{file}: a MATLAB file of version 7.3; expected version 5 to 7: in MATLAB, load it and "
            "save(NAME, '-v7'), or give its arrays as .npz with x and y"
        )
    _check_unpacked(file)
    try:
        listed = whosmat(str(file))
    except Exception as error:  # whatever a broken file makes of the library
        raise _broken(file, error) from error
    names = [name for name, _, _ in listed]
    wanted = ["emg", *(_either(names, name, file) for name in ("stimulus", "repetition"))]
    wanted += [name for name in ("subject", "exercise", "frequency") if name in names]
    for name in wanted:
        kinds = [(shape, kind) for given, shape, kind in listed if given == name]
        if len(kinds) != 1 or kinds[0][1] not in _NUMERIC:
            shown = ", ".join(kind for _, kind in kinds) or "none"
            raise DataError(f"{file}: {name}: {shown}; expected one numeric array; {_EXPECTED}")
        size = 1
        for side in kinds[0][0]:
            size *= int(side)
        raw.check_size(size, f"{file}: {name}")
    try:
        content = loadmat(str(file), variable_names=wanted)
    except Exception as error:
        raise _broken(file, error) from error
    arrays = {name: np.asarray(content[name]) for name in wanted if name in content}
    if len(arrays) != len(wanted) or any(array.dtype.kind not in "biuf" for array in arrays.values()):
        raise DataError(f"{file}: values that are no real numbers; {_EXPECTED}")
    return arrays


def _either(names: list[str], name: str, file: Path) -> str:
    found = next((given for given in (f"re{name}", name) if given in names), None)
    if found is None or "emg" not in names:
        raise DataError(f"{file}: holds {', '.join(names)[:200] or 'nothing'}; {_EXPECTED}")
    return found


def _broken(file: Path, error: Exception) -> DataError:
    return DataError(f"{file}: can't be read, {error or type(error).__name__}; expected a whole MATLAB file")


def _check_unpacked(file: Path) -> None:
    """Refuse a file whose packed variables unpack to more than fits, whatever sizes they declare."""
    total = 0
    with file.open("rb") as opened:
        order = "big" if opened.read(_HEADER)[126:128] == b"MI" else "little"
        while len(tag := opened.read(8)) == 8:
            kind, size = (int.from_bytes(tag[at : at + 4], order) for at in (0, 4))  # type: ignore[arg-type]
            if kind != _PACKED:
                opened.seek(size, 1)
                continue
            unpacker = zlib.decompressobj()
            while size and not unpacker.eof and (piece := opened.read(min(size, 1 << 16))):
                size -= len(piece)
                try:
                    while piece:
                        total += len(unpacker.decompress(piece, 1 << 20))
                        piece = unpacker.unconsumed_tail
                        if total > LARGEST_FILE:
                            raise DataError(f"{file}: unpacks to more than {LARGEST_FILE:,} bytes; expected less: divide it")
                except zlib.error as error:
                    raise _broken(file, error) from error
            opened.seek(size, 1)


FORMAT = Format(
    name="Ninapro .mat",
    description=(
        "a MATLAB file, or a folder of them, with emg (points of time, channels), restimulus (or stimulus: the movement, the "
        "class) and rerepetition (or repetition): each repetition is cut into windows of 0.2 s where there is a variable "
        "frequency, or else of a sixteenth of the median repetition; rest, 0, is left out; no subject (where there are "
        "several), else no repetition, is in two parts"
    ),
    kind="signal",
    recognises=_recognises,
    read=_read,
)
