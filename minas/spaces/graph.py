"""Our own space: typed graphs of operators, in stages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from minas import config, resources
from minas.graph import architecture as graphs
from minas.graph import changes, prediction, variation
from minas.graph import space as graph_space
from minas.graph.architecture import Architecture
from minas.graph.kinds import kind_of
from minas.spaces import SpaceKind, Variation

if TYPE_CHECKING:
    from torch import nn

    from minas.spaces import Sized


@dataclass(frozen=True)
class Graphs:
    """Typed graphs as a `Space`; see `minas.spaces.Space` for what each method is."""

    description: graph_space.GraphSpace

    @property
    def name(self) -> str:
        """How users name the space."""
        return self.description.heading.name

    @property
    def domain(self) -> str:
        """The domain whose tasks its networks solve."""
        return self.description.heading.domain

    @property
    def variation(self) -> Variation:
        """Several changes a child: one of them, such as an edge, changes little."""
        return Variation()

    def sample(self, rng: np.random.Generator) -> Architecture:
        """Return a random architecture."""
        return variation.sample(self.description, rng)

    def mutate(self, architecture: Architecture, rng: np.random.Generator) -> Architecture:
        """Return a valid architecture one random change away."""
        return variation.mutate(self.description, architecture, rng)

    def cross(self, first: Architecture, second: Architecture, rng: np.random.Generator) -> Architecture:
        """Return a valid architecture whose stages come from two."""
        return variation.cross(self.description, first, second, rng)

    def key(self, architecture: Architecture) -> str:
        """Return the canonical key: equal for isomorphic architectures, different for others."""
        return graphs.key(architecture)

    def dump(self, architecture: Architecture) -> dict[str, Any]:
        """Return the architecture as JSON values."""
        return graphs.dump(architecture)

    def load(self, dumped: Mapping[str, Any]) -> Architecture:
        """Return the architecture that was dumped, in canonical form."""
        return graphs.canonical(graphs.load(dict(dumped)))

    def neighbours(self, architecture: Architecture) -> Iterator[Architecture]:
        """Yield all architectures one change away."""
        yield from changes.neighbours(self.description, architecture)

    def features(self, architecture: Architecture, task_shape: tuple[int, ...], classes: int) -> dict[str, float]:
        """Return what can be told before building: FLOPs, parameters, activations, and figures of the graph."""
        found = prediction.features(architecture, shape=task_shape, classes=classes)
        return {
            "flops": found.macs,
            "params": found.params,
            "activations": found.activations,
            "nodes": found.nodes,
            "edges": found.edges,
            "stages": found.stages,
            "longest_path": found.longest_path,
        }

    def limits(self, task_shape: tuple[int, ...]) -> dict[str, float]:
        """Return the space's own limits for samples of a shape, by measure."""
        limits, kind = self.description.limits, kind_of(self.description.heading.kind)
        found = {"flops": limits.largest_flops(kind.positions(task_shape)), "params": limits.params}
        return {name: value for name, value in found.items() if value is not None}

    def build(self, architecture: Architecture, task: Sized, seed: int) -> nn.Module:
        """Return the untrained network of an architecture for a task."""
        from minas.network import build

        return build(architecture, shape=task.shape, classes=len(task.classes), seed=seed)


def _read(reference: str, domain: str) -> config.Document:
    """Read a search space's file, by its shipped name or its path; which domain it is for stands in it."""
    return config.read(resources.find("search_spaces", reference))


def _open(document: config.Document) -> Graphs:
    return Graphs(graph_space.from_document(document))


SPACE = SpaceKind(description="typed graphs of operators, in stages", read=_read, open=_open)
