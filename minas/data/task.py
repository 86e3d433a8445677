"""A task: a domain's data set with its split, preprocessing and metric."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minas.errors import ArchitectureError, DataError, UsageError
from minas.graph.kinds import kind_of

IMAGE_SIDES = range(4, 1025)
"""Sides, in pixels, to which images may be resized."""


@dataclass(frozen=True)
class DataSource:
    """Where a task comes from; worker processes load the same task again from it.

    `dataclasses.asdict` gives JSON values, and `DataSource(**values)` the same source back.

    Attributes:
        path: a file or folder of the user's own, made absolute; None for the domain's default data.
        seed: seeds the split. It belongs to the task and is independent of a search's seed, so that searches with different
            seeds are judged on the same samples.
        image_size: side in pixels to which images are resized; None keeps them, or lets the format decide.
        preprocessing: what is done to signals, as `minas.data.treatment` writes it; None is what is usual for the data.
        left_out: the group whose samples are the test part, all others being training and validation samples; None keeps
            the split that the data have, or a drawn one.
    """

    path: str | None = None
    seed: int = 0
    image_size: int | None = None
    preprocessing: str | None = None
    left_out: str | None = None

    def __post_init__(self) -> None:
        if self.path is not None:
            object.__setattr__(self, "path", str(Path(self.path).expanduser().absolute()))
        if self.image_size is not None and self.image_size not in IMAGE_SIDES:
            low, high = IMAGE_SIDES[0], IMAGE_SIDES[-1]
            raise UsageError(f"image size {self.image_size}: expected a side of {low} to {high} pixels")


@dataclass(frozen=True)
class Part:
    """The samples of one part of a task, in a seeded random order, so that its first samples stand for all of it.

    Attributes:
        inputs: preprocessed samples, (samples, *shape); float32 for images.
        targets: class indices, (samples,), int64.
        groups: whose each sample is (a subject, a user), (samples,); None where nothing is known of that.
    """

    inputs: NDArray[Any]
    targets: NDArray[np.int64]
    groups: NDArray[Any] | None = None

    def __len__(self) -> int:
        return len(self.targets)


@dataclass(frozen=True)
class Task:
    """A domain's data set, ready for training.

    Attributes:
        name: `mnist-5k` for the default; for a user's data the file's name and the first eight characters of the digest.
        domain: name of the domain.
        kind: kind of the samples, as operators know it, such as `image`.
        shape: shape of one sample, as its kind says; (channels, height, width) for images.
        classes: their names; a target is an index into them.
        train: what networks are trained on.
        validation: what the search judges by.
        test: what confirmation measures on, and nothing before it.
        preprocessing: JSON values; all that is needed to treat new raw data alike. Fitted on the training part alone.
        source: where the data comes from, for people.
        licence: under which terms, where known.
        digest: `digest` of the raw parts.
    """

    name: str
    domain: str
    kind: str
    shape: tuple[int, ...]
    classes: tuple[str, ...]
    train: Part
    validation: Part
    test: Part
    preprocessing: Mapping[str, Any]
    source: str
    licence: str
    digest: str

    def __post_init__(self) -> None:
        """Refuse samples that no network could take.

        Raises:
            DataError: there is no such kind of samples, or they have another shape than those of the kind.
        """
        try:
            kind_of(self.kind).check(self.shape)
        except ArchitectureError as error:
            raise DataError(f"the task {self.name}: {error}") from error


def digest(parts: Sequence[Part], classes: Sequence[str], treatment: Mapping[str, Any] | None = None) -> str:
    """Return SHA-256, in hexadecimal, over the raw samples, targets and class names of a split.

    It is taken before normalisation, so that rounding, which may differ from machine to machine, has no part in it.

    Args:
        parts: training, validation and test part.
        classes: their names.
        treatment: what is done to the samples where that is chosen, JSON values: the same signals treated otherwise are
            another task, on which other figures hold.
    """
    hasher = hashlib.sha256(json.dumps(list(classes)).encode())
    if treatment:
        hasher.update(json.dumps(dict(treatment), sort_keys=True).encode())
    for part in parts:
        for array in (part.inputs, part.targets):
            portable = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
            hasher.update(f"{portable.dtype.str}{portable.shape}".encode())
            hasher.update(portable.data)
    return hasher.hexdigest()


def own_name(path: str, identity: str) -> str:
    """Return the name of a task of a user's own data: the file's name and the first eight characters of the digest.

    Args:
        path: the file or folder that was read.
        identity: what `digest` gave.
    """
    stem = re.sub(r"[^a-z0-9]+", "-", Path(path).stem.lower()).strip("-") or "data"
    return f"{stem}-{identity[:8]}"
