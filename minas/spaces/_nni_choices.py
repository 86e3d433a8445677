"""The choices of an NNI model space: what they are, which of them are valid together, and which of them matter."""

from __future__ import annotations

import importlib
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from minas import seeds
from minas.errors import UsageError
from minas.spaces import _choices, _nni_class
from minas.spaces._choices import Genome

MOST = 4096
"""Levels of one choice: all subsets of 12 inputs."""

GRANULARITY = 4
"""Of NNI's grid, by which a number from a range becomes a choice of 15 quantiles."""

PROBES = 64
"""Random genomes by which a choice that is never asked for is told from one that matters."""


@dataclass(frozen=True)
class Choices:
    """The choices of one model space, labels sorted.

    Attributes:
        name: the space's class, as users name it.
        space: NNI's own model space, never trained nor run.
        values: label to the values among which is chosen.
    """

    name: str
    space: Any
    values: Mapping[str, tuple[Any, ...]]

    @property
    def levels(self) -> tuple[int, ...]:
        """How many values each choice has."""
        return tuple(len(values) for values in self.values.values())

    @property
    def texts(self) -> dict[str, tuple[str, ...]]:
        """Label to the values as people read them, each text once."""
        return {label: _texts(values) for label, values in self.values.items()}

    def sample(self, genome: Genome) -> dict[str, Any]:
        """Return the values that a genome chooses, by label: what NNI calls a sample."""
        return {label: values[level] for (label, values), level in zip(self.values.items(), genome, strict=True)}

    def mattering(self, genome: Genome) -> frozenset[str] | None:
        """Return the labels of the choices that matter for a genome; None where it breaks a constraint.

        A choice matters where NNI looks at it to tell whether the sample is valid. It does not look into a block beyond a
        chosen depth, for instance, nor into a layer that was not chosen.
        """
        asked = self._asked(genome)
        return None if asked is None else self._always.union(asked)

    def canonical(self, genome: Genome) -> Genome | None:
        """Return a genome with the first value for what does not matter; None where it breaks a constraint."""
        mattering = self.mattering(genome)
        if mattering is None:
            return None
        return tuple(level if label in mattering else 0 for label, level in zip(self.values, genome, strict=True))

    def _asked(self, genome: Genome) -> set[str] | None:
        """Return the labels that NNI looks at for a genome; None where it is not valid."""
        noted = _Noted(self.sample(genome))
        return noted.asked if self._valid(noted) else None

    def _valid(self, sample: dict[str, Any]) -> bool:
        refused: type[Exception] = importlib.import_module("nni.mutable.exception").SampleValidationError
        try:
            with _nni_class.quietly():
                return self.space.check_contains(sample) is None
        except refused:  # some of NNI's raise it in place of returning it
            return False

    @cached_property
    def _always(self) -> frozenset[str]:
        """Labels that no random genome needs: a class that checks them nowhere says nothing of whether they matter."""
        rng = seeds.generator(0, "choices")
        seen: set[str] = set()
        for _ in range(PROBES):
            seen |= self._asked(_choices.sample(self.levels, rng)) or set()
        return frozenset(self.values) - seen

    def differ(self, described: Mapping[str, Sequence[str]]) -> str | None:
        """Return the first label that a description does not have as it is here, or None."""
        mine = self.texts
        for label in sorted({*mine, *described}):
            if tuple(described.get(label, ())) != mine.get(label):
                return label
        return None


class _Noted(dict[str, Any]):
    """A sample that notes which of its labels are looked at; whoever looks through it may look at all of them."""

    def __init__(self, sample: Mapping[str, Any]) -> None:
        super().__init__(sample)
        self.asked: set[str] = set()

    def __getitem__(self, label: str) -> Any:
        self.asked.add(label)
        return super().__getitem__(label)

    def __contains__(self, label: object) -> bool:
        self.asked.add(str(label))
        return super().__contains__(label)

    def get(self, label: str, default: Any = None) -> Any:
        """Return a value, or else the default."""
        return self[label] if label in self else default  # noqa: SIM401 - this is get

    def __iter__(self) -> Iterator[str]:  # dict(sample) and {**sample} come here too
        self.asked.update(super().keys())
        return super().__iter__()

    def items(self) -> Any:
        """Return labels and values."""
        return dict(self).items()

    def values(self) -> Any:
        """Return the values."""
        return dict(self).values()

    def copy(self) -> dict[str, Any]:
        """Return a plain copy."""
        return dict(self)


def described(name: str, arguments: Mapping[str, Any]) -> Choices:
    """Return the choices of a model space; the same one for the same name and arguments.

    Raises:
        MissingExtraError: NNI is not installed.
        UsageError: there is no such class, it can't be made, or it has nothing to choose or what can't be listed.
    """
    return _described(name, json.dumps(arguments, sort_keys=True))


@lru_cache(maxsize=8)
def _described(name: str, arguments: str) -> Choices:
    space = _light(name, json.loads(arguments))
    return of(space, name)


def of(space: Any, name: str) -> Choices:
    """Return the choices of a model space that is made already.

    Raises:
        UsageError: it has nothing to choose, or what can't be listed.
    """
    constraints: type = importlib.import_module("nni.mutable").MutableAnnotation
    values = {}
    for label, mutable in sorted(space.simplify().items()):
        if not isinstance(mutable, constraints):  # which are no choices
            values[label] = _listed(mutable, label, name)
    if not any(len(found) > 1 for found in values.values()):
        raise UsageError(f"nni:{name}: the space has nothing to choose")
    return Choices(name, space, values)


def _light(name: str, arguments: Mapping[str, Any]) -> Any:
    """Return a model space without memory behind its weights, where its class can do with that."""
    import torch

    from minas.network.initialise import seeded

    with seeded(0):
        try:
            with torch.device("meta"):
                return _nni_class.make(name, arguments, _nni_class.Samples())
        except UsageError:
            return _nni_class.make(name, arguments, _nni_class.Samples())


def _listed(mutable: Any, label: str, name: str) -> tuple[Any, ...]:
    """Return all values of a choice; of a range those of NNI's own grid."""
    try:
        found = tuple(itertools.islice(mutable.grid({}, GRANULARITY), MOST + 1))
    except NotImplementedError:
        what = type(mutable).__name__
        raise UsageError(f"nni:{name}: the choice '{label}' is a {what}, whose values can't be listed") from None
    if len(found) > MOST:
        raise UsageError(f"nni:{name}: the choice '{label}' has more than {MOST:,} values")
    return tuple(value.item() if isinstance(value, np.generic) else value for value in found)


def _texts(values: Sequence[Any]) -> tuple[str, ...]:
    """Return a text for each value, by which people know it; its place where no text tells all of them apart for good."""
    found = [_text(value) for value in values]
    if None in found or len(set(found)) < len(found):
        return tuple(f"#{place}" for place in range(len(values)))
    return tuple(text for text in found if text is not None)


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool | int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        inner = [_text(one) for one in value]
        return None if None in inner else f"[{', '.join(text for text in inner if text is not None)}]"
    return None
