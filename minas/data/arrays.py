"""Arrays and data sets from Python, written to a file that every worker can read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from minas.data.task import DataSource
from minas.data.unequal import Behind, equalised
from minas.errors import DataError, MinasError

_EXPECTED = (
    "expected (x, y), or (train, test) or (train, validation, test) of such pairs; each pair may also be a data set "
    "with a length and (sample, label) items"
)
_PART_NAMES = {1: ("train",), 2: ("train", "test"), 3: ("train", "validation", "test")}


def store(
    data: Any,
    folder: Path,
    *,
    groups: Any = None,
    seed: int = 0,
    image_size: int | None = None,
    behind: Behind | None = None,
) -> DataSource:
    """Write arrays to `data.npz` in a folder, from which each worker loads the task.

    Args:
        data: (x, y), or (train, test) or (train, validation, test) of such pairs. x and y are whatever NumPy makes arrays of,
            CPU tensors included: samples (samples, ...) and labels (samples,). A data set with a length and (sample, label)
            items, such as a torch `Dataset`, may stand for each pair.
        folder: where to write, such as a run's folder; made if need be.
        groups: for each sample whose it is (a subject, a user), whole numbers or texts, (samples,): no group is then in two
            parts. Where parts are given apart, a sequence of such arrays, one a part.
        seed: seeds the split.
        image_size: side in pixels to which images are resized.
        behind: what stands behind the end of samples shorter than others; None refuses samples of unequal shapes.

    Raises:
        DataError: the data has another form, or samples of different shapes.
        MinasError: the disk is full or the folder cannot be written.
    """
    path = folder / "data.npz"
    arrays = named(data, groups, behind)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(path, **cast(Mapping[str, Any], arrays))
    except OSError as error:
        raise MinasError(f"cannot write {path}: {error.strerror or error}") from error
    return DataSource(path=str(path), seed=seed, image_size=image_size)


def named(data: Any, groups: Any = None, behind: Behind | None = None) -> dict[str, NDArray[Any]]:
    """Return the arrays of a user's data by the names that the npz format knows, `x_train`, `y_train` and so on.

    Args:
        data: as `store` takes it.
        groups: likewise.
        behind: likewise.

    Raises:
        DataError: the data has another form, or samples of different shapes.
    """
    parts = [data] if _is_pair(data) or _is_data_set(data) else list(data) if isinstance(data, tuple | list) else []
    if len(parts) not in _PART_NAMES:
        raise DataError(f"data of type {type(data).__name__}; {_EXPECTED}")
    out: dict[str, NDArray[Any]] = {}
    names = _PART_NAMES[len(parts)]
    pairs = [_pair(part, name) for name, part in zip(names, parts, strict=True)]
    samples = [inputs for inputs, _ in pairs] if behind is None else equalised([inputs for inputs, _ in pairs], behind)
    for name, inputs, (_, labels) in zip(names, samples, pairs, strict=True):
        out |= {f"x_{name}": _array(inputs, f"samples of {name}"), f"y_{name}": _array(labels, f"labels of {name}")}
    return out if groups is None else out | _groups(groups, names)


def _groups(groups: Any, names: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    """Return the groups' arrays by their names in the npz format."""
    if len(names) == 1:
        return {f"groups_{names[0]}": _array(groups, "groups")}
    if not isinstance(groups, tuple | list) or len(groups) != len(names):
        raise DataError(
            f"groups of type {type(groups).__name__}; for parts given apart expected a sequence of {len(names)} arrays, "
            f"of the groups of {', '.join(names)}"
        )
    return {f"groups_{name}": _array(part, f"groups of {name}") for name, part in zip(names, groups, strict=True)}


def _is_pair(data: Any) -> bool:
    """Whether it is samples and labels; a pair of pairs is not."""
    return (
        isinstance(data, tuple | list)
        and len(data) == 2
        and not any(_is_data_set(item) or (isinstance(item, tuple) and len(item) == 2) for item in data)
    )


def _is_data_set(data: Any) -> bool:
    return (
        hasattr(data, "__getitem__")
        and hasattr(data, "__len__")
        and not hasattr(data, "__array__")
        and not isinstance(data, tuple | list | dict | str | bytes)
    )


def _pair(part: Any, name: str) -> tuple[Any, Any]:
    if _is_pair(part):
        return part[0], part[1]
    if not _is_data_set(part):
        raise DataError(f"{name} of type {type(part).__name__}; {_EXPECTED}")
    items = [part[index] for index in range(len(part))]
    if not items or any(not isinstance(item, tuple | list) or len(item) != 2 for item in items):
        raise DataError(f"{name}: a data set without (sample, label) items; {_EXPECTED}")
    labels = [np.asarray(label) for _, label in items]
    for index, label in enumerate(labels):
        if label.size != 1:
            raise DataError(
                f"{name}: item {index} has a label of shape {label.shape}; expected one label a sample: "
                "one-hot labels become that by their argmax"
            )
    return [np.asarray(sample) for sample, _ in items], [label.item() for label in labels]


def _array(values: Any, what: str) -> NDArray[Any]:
    if isinstance(values, list | tuple):
        _check_texts(values, what)  # NumPy would make texts of numbers and bytes that stand among texts
    try:
        array = np.asarray(values)
    except (ValueError, TypeError, RuntimeError) as error:
        raise DataError(f"{what}: no array can be made of them, {error}; expected arrays with samples of one shape") from error
    if array.dtype.kind == "S":
        raise DataError(f"{what}: they are bytes; expected texts: decode them first, such as with .decode('utf-8')")
    if array.dtype.hasobject:
        _check_texts(array.ravel(), what)
        if all(isinstance(value, str) for value in array.ravel()):
            return array.astype(np.str_)
        raise DataError(f"{what}: an array of Python objects; expected numbers, or texts as labels")
    return array


def _check_texts(values: Sequence[Any] | NDArray[Any], what: str) -> None:
    """Refuse what is neither a text nor a whole number among texts: a missing value, say, or bytes."""
    if not any(isinstance(value, str) for value in values):
        return
    for place, value in enumerate(values):
        if not isinstance(value, str | int | np.integer):
            kind = "None" if value is None else f"of type {type(value).__name__}"
            raise DataError(f"{what}: the one at place {place}, from 0, is {kind}; expected a text, as others of them are")
