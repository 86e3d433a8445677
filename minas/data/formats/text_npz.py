"""NumPy archives with texts x and labels y: what texts given from Python are stored as."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from minas.data import raw, texts
from minas.data.formats import Format, Options, npz
from minas.errors import DataError


def _read(path: Path, options: Options) -> raw.Raw:
    return npz.read_parts(path, _inputs)


def _inputs(array: NDArray[Any], where: str) -> NDArray[Any]:
    if array.dtype.kind != "U" or array.ndim != 1:
        raise DataError(f"{where}: samples of dtype {array.dtype} and shape {array.shape}; expected texts, (samples,)")
    return texts.values(array.tolist(), where)


FORMAT = Format(
    name="npz",
    description=(
        "a NumPy archive (.npz) with texts x, of shape (samples,), and labels y, and if there is a test part x_test and "
        "y_test; or x_train, y_train, x_validation, y_validation, x_test and y_test"
    ),
    kind="text",
    recognises=npz.recognises,
    read=_read,
)
