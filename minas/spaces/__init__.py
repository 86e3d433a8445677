"""The shelf of spaces: whatever the search can search. Each module exposes `SPACE = SpaceKind(...)`.

The search knows only the `Space` contract: our graphs are one space; a table of trained networks, or somebody else's model
space, are others.

A reference names a space: `KIND:REST`, where the kind is a module of this shelf and reads the rest, or a name or TOML file
alone, which our graphs read. `read` makes a document of it, plain values that say all that is needed to open the space again:
a run keeps them in its configuration and its workers get them as text. `open_space` makes the space of such a document.
"""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from minas import config
from minas.errors import ConfigError, UsageError
from minas.shelf import Shelf

if TYPE_CHECKING:
    from torch import nn


Architecture = Any
"""A space's own frozen value; the search only hands it back."""


class Sized(Protocol):
    """What building a network needs of a task, or of what a run keeps of one."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one sample."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes."""


@dataclass(frozen=True, kw_only=True)
class Variation:
    """How a search makes new architectures of old ones.

    Attributes:
        crossover: probability that a child has two parents.
        further: probability of each further mutation after the first.
        immigrant: probability that a child is sampled anew.
    """

    crossover: float = 0.3
    further: float = 0.6
    immigrant: float = 0.0


class Space(Protocol):
    """What a search needs of a space. Everything is a pure function of its arguments and of the generator passed in."""

    @property
    def name(self) -> str:
        """How users name the space."""

    @property
    def domain(self) -> str:
        """The domain whose tasks its networks solve."""

    @property
    def variation(self) -> Variation:
        """How often variation does what, which depends on how much one change of the space changes."""

    def sample(self, rng: np.random.Generator) -> Architecture:
        """Return a random architecture."""

    def mutate(self, architecture: Architecture, rng: np.random.Generator) -> Architecture:
        """Return a valid architecture one random change away."""

    def cross(self, first: Architecture, second: Architecture, rng: np.random.Generator) -> Architecture:
        """Return a valid architecture that mixes two."""

    def key(self, architecture: Architecture) -> str:
        """Return a text that is equal for architectures that are the same network, and different otherwise."""

    def dump(self, architecture: Architecture) -> dict[str, Any]:
        """Return the architecture as JSON values."""

    def load(self, dumped: Mapping[str, Any]) -> Architecture:
        """Return the architecture that was dumped.

        Raises:
            ArchitectureError: the values are no valid architecture of the space.
        """

    def neighbours(self, architecture: Architecture) -> Iterator[Architecture]:
        """Yield all architectures one change away; nothing where a space has no such notion."""

    def features(self, architecture: Architecture, task_shape: tuple[int, ...], classes: int) -> dict[str, float]:
        """Return what can be told without training, such as `flops` and `params`; empty where a space has no such figures."""

    def limits(self, task_shape: tuple[int, ...]) -> dict[str, float]:
        """Return measure to the largest value that the space admits for samples of a shape; empty where it has no limits."""

    def build(self, architecture: Architecture, task: Sized, seed: int) -> nn.Module:
        """Return the untrained network of an architecture for a task.

        Raises:
            ArchitectureError: it has no network for such a task.
        """


@dataclass(frozen=True, kw_only=True)
class SpaceKind:
    """One kind of space.

    Attributes:
        description: one sentence for help texts.
        read: from what stands behind the kind in a reference, and the name of the domain that is searched, to the document.
            A file is named by its absolute path there. Raises UsageError for a reference that names nothing.
        open: makes the space of such a document, and asks it for all of its own sections.
        evaluator: dotted name of the module that evaluates its architectures, as engines want it; None where they are
            networks, which are trained on the task of a domain.
    """

    description: str
    read: Callable[[str, str], config.Document]
    open: Callable[[config.Document], Space]
    evaluator: str | None = None


SPACES: Shelf[SpaceKind] = Shelf("minas.spaces", "SPACE", SpaceKind, "kind of space")

KIND = "space_kind"
"""The key by which a document says of which kind of space it is; without it, of `USUAL`."""

USUAL = "graph"


def kind_of(values: Mapping[str, Any]) -> str:
    """Return the kind of space that a document's values describe, as a run's configuration keeps them."""
    return str(values.get(KIND, USUAL))


def read(reference: str, domain: str) -> config.Document:
    """Return the document of the space that a user named for a domain.

    Raises:
        UsageError: there is no such kind of space, or no such space.
        ConfigError: its file can't be read.
    """
    kind, rest = _parts(reference)
    document = SPACES.get(kind).read(rest, domain)
    return document if kind == USUAL else dataclasses.replace(document, values={KIND: kind, **document.values})


def looked_up(reference: str) -> str | None:
    """Return what stands behind the kind in a reference to a space whose trials train nothing; None for one of networks.

    Raises:
        UsageError: there is no such kind of space.
    """
    kind, rest = _parts(reference)
    return None if kind == USUAL or SPACES.get(kind).evaluator is None else rest


def of_networks(values: Mapping[str, Any]) -> bool:
    """Tell whether the architectures of the space that a document's values describe are networks, which are trained."""
    return kind_of(values) == USUAL or SPACES.get(kind_of(values)).evaluator is None


def _parts(reference: str) -> tuple[str, str]:
    """Return a reference's kind, and what stands behind it."""
    found = None if os.path.isfile(reference) else re.fullmatch(r"([a-z_]{2,}):(.*)", reference, re.DOTALL)
    return (USUAL, reference) if found is None else (found[1], found[2])


def open_space(document: config.Document) -> Space:
    """Return the space that a document describes.

    Raises:
        ConfigError: its kind is unknown, or it does not say what that kind needs.
    """
    if KIND in document.values:
        document.section(KIND, str)
    try:
        found = SPACES.get(kind_of(document.values))
    except UsageError as error:
        line = document.line((KIND,))
        raise ConfigError(f"{document.source}{'' if line is None else f', line {line}'}: {error}") from error
    return found.open(document)
