"""The shelf of spaces: whatever the search can search. Each module exposes `SPACE = SpaceKind(...)`.

The search knows only the `Space` contract: our graphs are one space; a table of trained networks, or somebody else's model
space, are others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from minas import config
from minas.shelf import Shelf

if TYPE_CHECKING:
    from torch import nn

    from minas.data.task import Task

Architecture = Any
"""A space's own frozen value; the search only hands it back."""


class Space(Protocol):
    """What a search needs of a space. Everything is a pure function of its arguments and of the generator passed in."""

    @property
    def name(self) -> str:
        """How users name the space."""

    @property
    def domain(self) -> str:
        """The domain whose tasks its networks solve."""

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

    def build(self, architecture: Architecture, task: Task, seed: int) -> nn.Module:
        """Return the untrained network of an architecture for a task."""


@dataclass(frozen=True, kw_only=True)
class SpaceKind:
    """One kind of space.

    Attributes:
        description: one sentence for help texts.
        open: makes the space from its file's document.
    """

    description: str
    open: Callable[[config.Document], Space]


SPACES: Shelf[SpaceKind] = Shelf("minas.spaces", "SPACE", SpaceKind, "kind of space")
