"""IDX files, as MNIST and Fashion-MNIST are distributed."""

from __future__ import annotations

import math
import re
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minas.data import files, raw
from minas.data.formats import Format, Options
from minas.errors import DataError

_NAME = re.compile(r"(train|t10k|test)[-_.](images|labels)[-_.]idx([13])[-_.]ubyte(\.gz)?$", re.IGNORECASE)
_AXES = {"images": 3, "labels": 1}


def _recognises(path: Path) -> bool:
    if path.is_dir():
        return any(_NAME.search(entry.name) for entry in path.iterdir())
    return path.is_file() and files.start(path, 4) in (_magic(1), _magic(3))


def _magic(axes: int) -> bytes:
    return bytes((0, 0, 8, axes))


def _read(path: Path, options: Options) -> raw.Raw:
    if not path.is_dir():
        raise DataError(f"{path}: one IDX file; expected the folder that holds both the images and the labels")
    found = _find(path)
    parts = [part for part in ("train", "test") if part == "train" or any(there == part for there, _ in found)]
    pairs = [_pair(path, found, part) for part in parts]
    classes, targets = raw.names([labels for _, labels in pairs], str(path))
    piles = [raw.Pile(pixels, indices) for (pixels, _), indices in zip(pairs, targets, strict=True)]
    return raw.Raw(train=piles[0], test=piles[1] if len(piles) > 1 else None, classes=classes, source=str(path))


def _find(folder: Path) -> dict[tuple[str, str], Path]:
    """Return the files of a folder by (`train` or `test`, `images` or `labels`)."""
    found: dict[tuple[str, str], Path] = {}
    for entry in sorted(folder.iterdir()):
        match = _NAME.search(entry.name)
        if not match:
            continue
        key = ("train" if match[1].lower() == "train" else "test", match[2].lower())
        if key not in found:
            found[key] = entry
        elif entry.name.removesuffix(".gz") != found[key].name.removesuffix(".gz"):
            raise DataError(f"{folder}: both {found[key].name} and {entry.name}; expected the files of one data set")
    return found


def _pair(folder: Path, found: dict[tuple[str, str], Path], part: str) -> tuple[NDArray[Any], NDArray[Any]]:
    arrays = {}
    for what, axes in _AXES.items():
        if (part, what) not in found:
            prefix = "train" if part == "train" else "t10k"
            raise DataError(
                f"{folder}: no {part} {what}; expected the file {prefix}-{what}-idx{axes}-ubyte, gzipped (.gz) or not"
            )
        arrays[what] = read_array(files.inside(found[part, what], folder), axes)
    pixels, labels = arrays["images"], arrays["labels"]
    if len(pixels) != len(labels):
        raise DataError(
            f"{found[part, 'labels']}: {len(labels)} labels; "
            f"expected {len(pixels)}, one for each image of {found[part, 'images'].name}"
        )
    return pixels[:, None], labels


def read_array(path: Path, axes: int) -> NDArray[np.uint8]:
    """Read one IDX file of unsigned bytes.

    Args:
        path: the file, gzipped or not.
        axes: how many axes it must have.

    Raises:
        DataError: another magic number, an empty or huge array, or more or fewer bytes than the header says.
    """
    try:
        with files.opened(path) as file:
            header = file.read(4 + 4 * axes)
            if header[:4] != _magic(axes):
                there = f"starts with {header[:4].hex()}" if header else "an empty file"
                raise DataError(f"{path}: {there}; expected an IDX file, which starts with {_magic(axes).hex()}")
            if len(header) < 4 + 4 * axes:
                raise DataError(f"{path}: ends within its header; expected {axes} lengths of 4 bytes")
            shape = tuple(int(length) for length in np.frombuffer(header, ">u4", offset=4))
            size = math.prod(shape)
            if not size:
                raise DataError(f"{path}: an empty array, shape {shape}; expected samples")
            raw.check_size(size, str(path))
            content = file.read(size + 1)
    except (EOFError, zlib.error, OSError) as error:
        raise DataError(f"{path}: can't be unpacked, {error}; expected a whole IDX file, gzipped or not") from error
    if len(content) != size:
        problem = "more" if len(content) > size else f"only {len(content)}"
        raise DataError(f"{path}: {problem} bytes after the header; expected {size}, for an array of shape {shape}")
    return np.frombuffer(content, np.uint8).reshape(shape)


FORMAT = Format(
    name="IDX",
    description=(
        "a folder with train-images-idx3-ubyte and train-labels-idx1-ubyte, and t10k-images-idx3-ubyte and "
        "t10k-labels-idx1-ubyte for the test part if there is one, each gzipped (.gz) or not"
    ),
    kind="image",
    recognises=_recognises,
    read=_read,
)
