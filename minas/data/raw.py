"""What a reader returns: samples as they lie in the files, with named classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minas.errors import DataError

LARGEST_ARRAY = 1 << 29
"""Values in a data set, all parts together: as 32-bit floats they take 2 GiB."""


@dataclass(frozen=True)
class Pile:
    """Samples that a data set keeps together.

    Attributes:
        inputs: raw samples, (samples, ...); for images (samples, channels, height, width), uint8 or float32.
        targets: class indices, (samples,), int64.
        groups: who or what each sample is of (a subject, a user, a speaker), (samples,), whole numbers or texts; None where
            nothing is known of that. A group is never divided among the parts of a split.
    """

    inputs: NDArray[Any]
    targets: NDArray[np.int64]
    groups: NDArray[Any] | None = None

    def __len__(self) -> int:
        return len(self.targets)


@dataclass(frozen=True, kw_only=True)
class Raw:
    """A data set as it was found.

    Attributes:
        train: the samples from which every part that is not given is cut.
        validation: given validation samples, or None.
        test: given test samples, or None.
        classes: their names.
        source: the file or folder, as errors name it.
        rate: of signals, points of time in a second, where the files say it.
    """

    train: Pile
    validation: Pile | None = None
    test: Pile | None = None
    classes: tuple[str, ...]
    source: str
    rate: float | None = None

    @property
    def piles(self) -> dict[str, Pile]:
        """The given parts by name."""
        parts = {"training": self.train, "validation": self.validation, "test": self.test}
        return {name: pile for name, pile in parts.items() if pile is not None}


def names(labels: Sequence[NDArray[Any]], where: str) -> tuple[tuple[str, ...], list[NDArray[np.int64]]]:
    """Turn labels, which may be texts or any whole numbers from 0, into class names and class indices.

    Args:
        labels: one array a part, each (samples,).
        where: what errors name.

    Returns:
        The names, in ascending order of the labels, and the indices for each part.

    Raises:
        DataError: labels that name no class: fractions, NaN, negative numbers, mixed kinds, more than one dimension.
    """
    clean = [_clean(array, where) for array in labels]
    if len({array.dtype.kind for array in clean}) > 1:
        raise DataError(f"{where}: labels are texts in one part and numbers in another; expected one kind")
    values, indices = np.unique(np.concatenate(clean), return_inverse=True)
    ends = np.cumsum([len(array) for array in clean])[:-1]
    return tuple(str(value) for value in values), np.split(indices.astype(np.int64).ravel(), ends)


def _clean(labels: NDArray[Any], where: str) -> NDArray[Any]:
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise DataError(
            f"{where}: labels have shape {labels.shape}; expected one label a sample, (samples,); "
            "one-hot rows become labels by argmax(axis=1)"
        )
    kind = labels.dtype.kind
    if kind == "U":
        return labels
    if kind == "S":
        return np.char.decode(labels, "utf-8", "replace")
    if kind not in "biuf":
        raise DataError(f"{where}: labels have dtype {labels.dtype}; expected whole numbers or texts")
    wrong = ~((labels >= 0) & (labels < 2**31) & (labels == np.floor(labels)))
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise DataError(f"{where}: sample {first} has the label {labels[first]}; expected whole numbers from 0, or texts")
    return labels.astype(np.int64)


def check(raw: Raw) -> Raw:
    """Return a data set that training can use, or say why it can't.

    Raises:
        DataError: a part is empty, samples and labels don't match in number, samples of the parts differ in shape, a label is
            out of range, there is only one class, a class has no training samples, or groups are none or in several parts.
    """
    where = raw.source
    for part, pile in raw.piles.items():
        if len(pile.inputs) != len(pile.targets):
            raise DataError(
                f"{where}: {len(pile.inputs)} {part} samples, {len(pile.targets)} labels; expected as many of both"
            )
        if not len(pile):
            raise DataError(f"{where}: the {part} part is empty; expected samples of at least two classes")
        if pile.inputs.shape[1:] != raw.train.inputs.shape[1:]:
            raise DataError(
                f"{where}: {part} samples have shape {pile.inputs.shape[1:]}, training samples {raw.train.inputs.shape[1:]}; "
                "expected the same"
            )
        _check_range(pile.targets, len(raw.classes), f"{where}: {part} sample")
        if pile.groups is not None:
            _check_groups(pile.groups, len(pile), f"{where}: groups of the {part} part")
    _check_apart(raw)
    if len(raw.classes) < 2:
        raise DataError(f"{where}: all samples are of one class, {raw.classes[0]!r}; expected two or more")
    counts = np.bincount(raw.train.targets, minlength=len(raw.classes))
    if (counts == 0).any():
        missing = _listed([raw.classes[index] for index in np.flatnonzero(counts == 0)])
        raise DataError(f"{where}: no training sample of {missing}; expected some of each class that is named or tested")
    return raw


def _check_groups(groups: NDArray[Any], samples: int, where: str) -> None:
    if groups.shape != (samples,):
        raise DataError(f"{where}: shape {groups.shape} for {samples} samples; expected one group a sample, ({samples},)")
    if groups.dtype.kind not in "biuUS" and not (groups.dtype.kind == "f" and (groups == np.floor(groups)).all()):
        raise DataError(f"{where}: fractions, missing values or dtype {groups.dtype}; expected whole numbers or texts")


def _check_apart(raw: Raw) -> None:
    """Refuse given parts that share a group: what is learnt of it in one would be tested in another."""
    given = [(part, set(pile.groups.tolist())) for part, pile in raw.piles.items() if pile.groups is not None]
    for place, (part, groups) in enumerate(given):
        for other, theirs in given[place + 1 :]:
            if both := groups & theirs:
                raise DataError(
                    f"{raw.source}: the group {min(both, key=str)!r} is in the {part} and in the {other} part; expected each "
                    "in one part: move its samples, or leave the groups out if the parts are meant so"
                )


def _check_range(targets: NDArray[np.int64], classes: int, where: str) -> None:
    wrong = np.flatnonzero((targets < 0) | (targets >= classes))
    if len(wrong):
        raise DataError(f"{where} {wrong[0]} has the label {targets[wrong[0]]}; expected 0 to {classes - 1}")


def check_size(values: int, where: str) -> None:
    """Refuse what would not fit into memory.

    Args:
        values: samples times values a sample.
        where: what the error names.

    Raises:
        DataError: there are more values than `LARGEST_ARRAY`.
    """
    if values > LARGEST_ARRAY:
        raise DataError(
            f"{where}: {values:,} values; expected at most {LARGEST_ARRAY:,}, which take 2 GiB as 32-bit floats: "
            "give fewer or smaller samples"
        )


def _listed(items: Sequence[str], most: int = 5) -> str:
    shown = ", ".join(repr(item) for item in items[:most])
    return shown if len(items) <= most else f"{shown} and {len(items) - most} more"
