"""Text: classification of short texts, such as the sentiment of reviews."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from minas.data.movie_reviews import RESOURCE
from minas.domains import Augment, Domain, distortions
from minas.errors import UsageError

if TYPE_CHECKING:
    from minas.data.raw import Pile, Raw
    from minas.data.task import DataSource, Task

_DEFAULT = "movie-reviews"
_SHARES = (0.7, 0.1, 0.2)
"""Of the default data's train, validation and test parts: a tenth of ten thousand texts is enough to judge by, and what words
mean is learned from the others."""


def load(source: DataSource) -> Task:
    """Return the default task, the sentiment of movie reviews, or that of a user's texts.

    Args:
        source: what to load, and the seed of the split.

    Raises:
        UsageError: an image size was given.
        DataError: the data can't be used; the message names the file and what was expected in it.
        MinasError: the default data can't be had.
    """
    from minas.data import formats, movie_reviews, split
    from minas.data.raw import check

    if source.image_size is not None:
        raise UsageError("an image size was given, and the samples are texts; leave it out")
    if source.path is None:
        raw = check(movie_reviews.read())
        parts = split.parts(raw, seed=source.seed, shares=_SHARES, left_out=source.left_out)
        return _task(raw, parts, name=_DEFAULT, shown=RESOURCE.source, licence=RESOURCE.licence)
    raw = formats.read(source.path, "text", formats.Options())
    parts = split.parts(raw, seed=source.seed, left_out=source.left_out)
    return _task(raw, parts, name=None, shown=source.path, licence="not stated: the user's own data")


def _task(raw: Raw, parts: Sequence[Pile], *, name: str | None, shown: str, licence: str) -> Task:
    """Fit the preprocessing on the training part alone, and apply it."""
    from minas.data import texts
    from minas.data.task import Part, Task, digest, own_name

    identity = digest([Part(texts.content(pile.inputs), pile.targets) for pile in parts], raw.classes)
    preprocessing = texts.fit(parts[0].inputs, raw.source)
    train, validation, test = (Part(texts.apply(preprocessing, pile.inputs), pile.targets, pile.groups) for pile in parts)
    return Task(
        name=name or own_name(raw.source, identity),
        domain="text",
        kind="text",
        shape=(int(preprocessing["length"]),),
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
    """Return what to do to the texts of one training; the options are those of `minas.data.text_augment.Settings`."""
    from minas.data.text_augment import augmentation

    return augmentation(options)


DOMAIN = Domain(
    name="text",
    description="classification of texts; by default the sentiment of movie reviews",
    space="text",
    objectives="paper",
    default_task=_DEFAULT,
    data=RESOURCE,
    load=load,
    augment=augment,
    distortions=distortions("distort_texts", "unknown_words", "dropped_words"),
)
