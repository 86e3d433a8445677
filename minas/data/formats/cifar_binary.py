"""CIFAR-10 and CIFAR-100 in their binary version; the python version is pickle, which is never read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minas.data import files, raw
from minas.data.formats import Format, Options
from minas.errors import DataError

_PIXELS = 3 * 32 * 32
_LONGEST_NAMES = 1 << 16


@dataclass(frozen=True)
class _Variant:
    """How one of the two sets is laid out: each record is its labels, the last of which is taken, and the pixels."""

    train: str
    test: str
    names: str
    classes: int
    labels: int


_VARIANTS = (
    _Variant("data_batch_*.bin", "test_batch.bin", "batches.meta.txt", 10, 1),
    _Variant("train.bin", "test.bin", "fine_label_names.txt", 100, 2),
)


def _present(path: Path) -> list[_Variant]:
    return [variant for variant in _VARIANTS if any(path.glob(variant.train))]


def _recognises(path: Path) -> bool:
    return path.is_dir() and (bool(_present(path)) or (path / "data_batch_1").is_file())


def _read(path: Path, options: Options) -> raw.Raw:
    present = _present(path)
    if not present:
        raise DataError(f"{path / 'data_batch_1'}: the python version of CIFAR, which is pickle; expected the binary version")
    if len(present) > 1:
        raise DataError(f"{path}: both CIFAR-10 and CIFAR-100; expected one of them")
    variant = present[0]
    train_files = sorted(path.glob(variant.train))
    raw.check_size(sum(file.stat().st_size for file in train_files), str(path))
    parts = [_pile(files.inside(file, path), variant) for file in train_files]
    train = raw.Pile(np.concatenate([part.inputs for part in parts]), np.concatenate([part.targets for part in parts]))
    test_file = path / variant.test
    test = _pile(files.inside(test_file, path), variant) if test_file.exists() else None
    return raw.Raw(train=train, test=test, classes=_names(path, variant), source=str(path))


def _pile(path: Path, variant: _Variant) -> raw.Pile:
    record = variant.labels + _PIXELS
    size = path.stat().st_size
    raw.check_size(size, str(path))
    if size == 0 or size % record:
        raise DataError(
            f"{path}: {size} bytes; expected whole records of {record} bytes: {variant.labels} for labels, {_PIXELS} pixels"
        )
    table = np.fromfile(path, np.uint8).reshape(-1, record)
    labels = table[:, variant.labels - 1].astype(np.int64)
    wrong = np.flatnonzero(labels >= variant.classes)
    if len(wrong):
        raise DataError(f"{path}: record {wrong[0]} has the label {labels[wrong[0]]}; expected 0 to {variant.classes - 1}")
    pixels: NDArray[Any] = table[:, variant.labels :].reshape(-1, 3, 32, 32)
    return raw.Pile(pixels, labels)


def _names(folder: Path, variant: _Variant) -> tuple[str, ...]:
    """Return the class names of the set's own list, or the numbers where the list is missing."""
    path = folder / variant.names
    if not path.exists():
        return tuple(str(label) for label in range(variant.classes))
    with files.inside(path, folder).open("rb") as file:
        text = file.read(_LONGEST_NAMES).decode("utf-8", "replace")
    names = tuple(line.strip() for line in text.splitlines() if line.strip())
    if len(names) != variant.classes:
        raise DataError(f"{path}: {len(names)} names; expected {variant.classes}, one a line")
    return names


FORMAT = Format(
    name="CIFAR binary",
    description=(
        "the folder of CIFAR-10's binary version (data_batch_1.bin to data_batch_5.bin, test_batch.bin, batches.meta.txt) or "
        "of CIFAR-100's (train.bin, test.bin, fine_label_names.txt; the fine labels are the classes)"
    ),
    kind="image",
    recognises=_recognises,
    read=_read,
)
