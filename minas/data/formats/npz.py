"""NumPy archives with images x and labels y."""

from __future__ import annotations

import math
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from minas.data import files, images, raw
from minas.data.formats import Format, Options
from minas.errors import DataError

_PARTS = {"train": ("train",), "validation": ("validation", "valid", "val"), "test": ("test",)}
_INPUTS = ("x", "images")
_LABELS = ("y", "labels")
_GROUPS = ("groups",)
_BROKEN_HEADER = (ValueError, SyntaxError, TypeError, KeyError, MemoryError, RecursionError, tokenize.TokenError)
_MOST_BYTES = 8 * raw.LARGEST_ARRAY


def recognises(path: Path) -> bool:
    """Tell whether a path is a file with NumPy arrays."""
    if not path.is_file():
        return False
    if files.start(path, 6) == b"\x93NUMPY" or path.suffix.lower() == ".npz":
        return True
    return zipfile.is_zipfile(path) and _holds_arrays(path)


def _holds_arrays(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith(".npy") for name in archive.namelist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return False


def _read(path: Path, options: Options) -> raw.Raw:
    return read_parts(path, _inputs)


def _inputs(pixels: NDArray[Any], where: str) -> NDArray[Any]:
    return images.channels_first(images.values(pixels, where), where)


def read_parts(path: Path, inputs: Callable[[NDArray[Any], str], NDArray[Any]]) -> raw.Raw:
    """Read an archive's parts, of whatever kind of samples.

    Args:
        path: the archive.
        inputs: checks an array of samples and brings it into its kind's layout; its second argument is what errors name.

    Raises:
        DataError: the archive is broken, or lacks samples or labels.
    """
    if files.start(path, 6) == b"\x93NUMPY":
        raise DataError(f"{path}: a single array; expected a .npz archive with x and y: numpy.savez(file, x=x, y=y)")
    arrays = read_arrays(path)
    found = {part: pair for part in _PARTS if (pair := _pair(arrays, part, path))}
    if "train" not in found:
        there = ", ".join(sorted(arrays)) or "nothing"
        raise DataError(f"{path}: holds {there}; expected arrays named x and y, or x_train and y_train")
    classes, targets = raw.names([labels for _, labels in found.values()], str(path))
    piles = {
        part: raw.Pile(inputs(samples, f"{path}: {part}"), indices, _find(arrays, _GROUPS, part, path))
        for (part, (samples, _)), indices in zip(found.items(), targets, strict=True)
    }
    return raw.Raw(
        train=piles["train"], validation=piles.get("validation"), test=piles.get("test"), classes=classes, source=str(path)
    )


def _pair(arrays: Mapping[str, NDArray[Any]], part: str, path: Path) -> tuple[NDArray[Any], NDArray[Any]] | None:
    """Return a part's images and labels, or None where there are neither."""
    found = [_find(arrays, names, part, path) for names in (_INPUTS, _LABELS)]
    for array, (there, missing) in zip(found, (("labels", "images"), ("images", "labels")), strict=True):
        if array is None and any(other is not None for other in found):
            raise DataError(f"{path}: {there} of the {part} part, but no {missing}; expected both, such as x and y")
    pixels, labels = found
    return None if pixels is None or labels is None else (pixels, labels)


def _find(arrays: Mapping[str, NDArray[Any]], names: tuple[str, ...], part: str, path: Path) -> NDArray[Any] | None:
    wanted = {f"{name}_{alias}" for name in names for alias in _PARTS[part]}
    wanted |= {f"{alias}_{name}" for name in names for alias in _PARTS[part]}
    wanted |= set(names) if part == "train" else set()
    found = [name for name in arrays if name.lower() in wanted]
    if len(found) > 1:
        raise DataError(f"{path}: both {found[0]} and {found[1]}; expected one of them")
    return arrays[found[0]] if found else None


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Read all arrays of an archive, none of which may need pickle, each no larger than its header says.

    Raises:
        DataError: the archive or an array is broken, holds Python objects, or is too large.
    """
    expected = "expected an archive that numpy.savez or numpy.savez_compressed wrote"
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if member.filename.endswith(".npy")]
            size = sum(member.file_size for member in members)
            if size > _MOST_BYTES:
                raise DataError(f"{path}: {size:,} bytes unpacked; expected at most {_MOST_BYTES:,}")
            return {member.filename[:-4]: _array(archive, member, path) for member in members}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise DataError(f"{path}: can't be unpacked, {error}; {expected}") from error


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> NDArray[Any]:
    where = f"{path}: array {member.filename[:-4]}"
    with archive.open(member) as stream:
        file = cast(BinaryIO, stream)
        try:
            version = npy.read_magic(file)
            header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
            shape, fortran, dtype = header(file)
        except _BROKEN_HEADER as error:
            raise DataError(f"{where}: {_first_line(error)}; expected a NumPy array") from error
        if dtype.hasobject:
            raise DataError(f"{where}: holds Python objects, which need pickle; expected numbers, or texts of a fixed length")
        # The header is a stranger's: it is believed only as far as the archive has bytes for it.
        size = math.prod(shape) * dtype.itemsize
        content = file.read(member.file_size)
    if len(content) != size or min(shape, default=0) < 0:
        raise DataError(f"{where}: {len(content)} bytes; expected {size}, for shape {shape} and dtype {dtype}")
    if not size:
        raise DataError(f"{where}: an empty array, shape {shape}; expected samples")
    return np.ndarray(shape, dtype, content, order="F" if fortran else "C")


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


FORMAT = Format(
    name="npz",
    description=(
        "a NumPy archive (.npz) with images x, of shape (samples, height, width), (samples, height, width, channels) or "
        "(samples, channels, height, width), and labels y, and if there is a test part x_test and y_test; or x_train, "
        "y_train, x_validation, y_validation, x_test, y_test; `images` and `labels` are understood for x and y; "
        "`groups` (or groups_train and so on) may say for each sample whose it is: no group is then in two parts"
    ),
    kind="image",
    recognises=recognises,
    read=_read,
)
