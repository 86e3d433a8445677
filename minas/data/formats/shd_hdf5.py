"""Spike trains of the Heidelberg data sets (SHD, SSC): HDF5 files with times, units, labels and speakers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minas.data import events, files, raw
from minas.data.formats import Format, Options
from minas.errors import DataError, MissingExtraError

LARGEST_TRAIN = 1 << 24
"""Spikes of one recording."""

_MAGIC = b"\x89HDF\r\n\x1a\n"
_ENDINGS = (".h5", ".hdf5")
_PARTS = {"train": "train", "valid": "validation", "validation": "validation", "val": "validation", "test": "test"}
_MICROSECONDS = 1e6


def _is_hdf5(path: Path) -> bool:
    return path.is_file() and files.start(path, len(_MAGIC)) == _MAGIC


def _recognises(path: Path) -> bool:
    return _is_hdf5(path) or (path.is_dir() and any(map(_is_hdf5, _inside(path))))


def _inside(path: Path) -> list[Path]:
    return sorted(entry for entry in path.iterdir() if entry.suffix.lower() in _ENDINGS and not entry.name.startswith("."))


def _files(path: Path) -> dict[str, Path]:
    """Return the file of each part: its name ends with `train`, `valid` or `test`; a lone file is the training part."""
    if path.is_file():
        return {"train": path}
    found: dict[str, Path] = {}
    for file in _inside(path):
        part = _PARTS.get(file.stem.lower().rpartition("_")[2])
        if part is None or part in found:
            raise DataError(f"{file}: expected one file for each part, such as shd_train.h5 and shd_test.h5")
        found[part] = files.inside(file, path)
    if "train" not in found:
        raise DataError(f"{path}: holds {', '.join(file.name for file in found.values())}; expected a training file too")
    return found


def _read(path: Path, options: Options) -> raw.Raw:
    parts = {part: _part(file) for part, file in _files(path).items()}
    sensor = events.sensor_of([train for recordings, *_ in parts.values() for train in recordings], str(path))
    pooled = events.sides(sensor, options.image_size)
    raw.check_size(sum(len(labels) for _, labels, _ in parts.values()) * events.STEPS * pooled[1], str(path))
    classes, targets = raw.names([labels for _, labels, _ in parts.values()], str(path))
    piles = {
        part: raw.Pile(
            np.stack([events.binned(train, sensor=sensor, pooled=pooled)[:, 1:] for train in recordings]), indices, speakers
        )
        for (part, (recordings, _, speakers)), indices in zip(parts.items(), targets, strict=True)
    }
    return raw.Raw(
        train=piles["train"], validation=piles.get("validation"), test=piles.get("test"), classes=classes, source=str(path)
    )


def _part(file: Path) -> tuple[list[events.Events], NDArray[Any], NDArray[Any] | None]:
    """Return the spike trains of one file, their labels, and their speakers where it names them."""
    try:
        import h5py  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ImportError as error:
        raise MissingExtraError("h5py", "hdf5", "reading HDF5 files") from error
    try:
        with h5py.File(file, "r") as opened:
            times, units = (_set(opened, f"spikes/{name}", file) for name in ("times", "units"))
            labels = np.asarray(_set(opened, "labels", file)[()])
            speakers = np.asarray(_set(opened, "extra/speaker", file)[()]) if "extra/speaker" in opened else None
            if not len(times) == len(units) == len(labels):
                raise DataError(
                    f"{file}: {len(times)} times, {len(units)} units, {len(labels)} labels; expected the same number of lists"
                )
            trains = [_train(times[index], units[index], f"{file}: recording {index}") for index in range(len(labels))]
    except DataError:
        raise
    except Exception as error:  # a broken file makes the library raise errors of any kind
        raise DataError(f"{file}: can't be read as HDF5, {error}; expected spikes/times, spikes/units and labels") from error
    return trains, labels, speakers


def _set(opened: Any, name: str, file: Path) -> Any:
    """Return a data set that lies in this very file, under no link that leads elsewhere."""
    import h5py  # type: ignore[import-not-found,import-untyped,unused-ignore]

    place = ""
    for part in name.split("/"):
        place = f"{place}/{part}"
        if place not in opened or not isinstance(opened.get(place, getlink=True), h5py.HardLink):
            raise DataError(f"{file}: has no {name} of its own; expected spikes/times, spikes/units and labels")
    found = opened[place]
    if not isinstance(found, h5py.Dataset) or found.ndim != 1 or found.external or found.is_virtual:
        raise DataError(f"{file}: {name} is no list that lies in the file; expected one entry a recording")
    return found


def _train(times: Any, units: Any, where: str) -> events.Events:
    times, units = np.asarray(times), np.asarray(units)
    seconds = times.astype(np.float64) if times.dtype.kind == "f" else np.full(1, np.nan)
    if times.ndim != 1 or times.shape != units.shape or len(times) > LARGEST_TRAIN:
        raise DataError(f"{where}: {times.shape} times, {units.shape} units; expected as many of both")
    if units.dtype.kind not in "iu" or not np.isfinite(seconds).all() or (seconds > 2**40).any():
        raise DataError(f"{where}: times of {times.dtype}, units of {units.dtype}; expected seconds and whole numbers")
    ticks = (seconds * _MICROSECONDS).astype(np.int64)
    place = units.astype(np.int64)
    return events.Events(place, np.zeros_like(place), np.ones(len(place), bool), ticks).checked(where)


FORMAT = Format(
    name="SHD",
    description=(
        "an HDF5 file with spikes/times (seconds), spikes/units and labels, and extra/speaker where speakers are known: no "
        "speaker is then in two parts; or a folder with one for each part, such as shd_train.h5 and shd_test.h5 (needs h5py)"
    ),
    kind="spikes",
    recognises=_recognises,
    read=_read,
)
