"""Sampling, mutation and crossover of architectures: always valid, always in canonical form, always in the space.

What is drawn depends on the generator's state alone, never on the order of a set or a hash, so that the same state gives the
same architecture in every process.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from minas.errors import ConfigError
from minas.graph.canonical import canonical, key_of_canonical
from minas.graph.changes import CHANGES
from minas.graph.signatures import nodes_of
from minas.graph.space import GraphSpace, StageSpace, contains
from minas.graph.structure import Architecture, Node, Stage
from minas.graph.wiring import wire

if TYPE_CHECKING:
    import numpy as np

Item = TypeVar("Item")

WEIGHTS = {
    "operator": 2.0,
    "entry": 1.5,
    "width": 3.0,
    "stride": 1.0,
    "edge added": 0.7,
    "edge removed": 0.7,
    "edge moved": 0.7,
    "node added": 1.5,
    "node removed": 1.5,
    "head": 1.0,
    "stage added": 0.7,
    "stage removed": 0.7,
}
"""How often mutation tries each kind of change; widths and operators move error, action and FLOPs the most."""

_ATTEMPTS = 1000


def sample(space: GraphSpace, rng: np.random.Generator) -> Architecture:
    """Return a random architecture: each choice of stages, widths, strides, sizes, wirings, operators and ends as likely.

    Raises:
        ConfigError: the limit on nodes leaves next to nothing of the space.
    """
    for _ in range(_ATTEMPTS):
        count = space.required + int(rng.integers(len(space.stages) - space.required + 1))
        architecture = canonical(
            Architecture(
                kind=space.heading.kind,
                stages=tuple(_sample_stage(space, part, rng) for part in space.stages[:count]),
                head=tuple((name, _pick(choices, rng)) for name, choices in sorted(space.head.items())),
                stem=tuple((name, _pick(choices, rng)) for name, choices in sorted(space.stem.items())),
            )
        )
        if contains(space, architecture):
            return architecture
    raise ConfigError(f"search space {space.heading.name}: its limits leave next to nothing to sample; raise limits.nodes")


def mutate(space: GraphSpace, architecture: Architecture, rng: np.random.Generator) -> Architecture:
    """Return an architecture of the space that is one change away: its key differs, unless the space holds no other."""
    architecture = canonical(architecture)
    own, kinds = key_of_canonical(architecture), list(CHANGES)
    while kinds:
        kind = _pick_weighted(kinds, [WEIGHTS[kind] for kind in kinds], rng)
        options = list(CHANGES[kind](space, architecture))
        while options:
            other = canonical(options.pop(int(rng.integers(len(options)))))
            if contains(space, other) and key_of_canonical(other) != own:
                return other
        kinds.remove(kind)
    return architecture


def cross(space: GraphSpace, first: Architecture, second: Architecture, rng: np.random.Generator) -> Architecture:
    """Return an architecture whose stages, position by position, head and stem come from one of two parents each.

    Its number of stages is one of theirs. Where the parents allow it, the result differs from both; else it is one of them.
    """
    first, second = canonical(first), canonical(second)
    own = {key_of_canonical(first), key_of_canonical(second)}
    for _ in range(8):  # each draw misses both parents with a chance of one half or more, where they differ in two parts
        long, short = (first, second) if len(first.stages) >= len(second.stages) else (second, first)
        shared = [_pick(pair, rng) for pair in zip(long.stages, short.stages, strict=False)]
        rest = long.stages[len(shared) :] if rng.integers(2) else ()
        head = tuple(_pick(pair, rng) for pair in zip(first.head, second.head, strict=True))
        stem = tuple(_pick(pair, rng) for pair in zip(first.stem, second.stem, strict=True))
        child = replace(first, stages=(*shared, *rest), head=head, stem=stem)
        if contains(space, child) and key_of_canonical(child) not in own:
            return child
    return _pick((first, second), rng)


def _sample_stage(space: GraphSpace, part: StageSpace, rng: np.random.Generator) -> Stage:
    """Draw a stage; identities count as inner nodes until they are contracted."""
    count = part.nodes[0] + int(rng.integers(part.nodes[1] - part.nodes[0] + 1))
    width, stride = _pick(part.widths, rng), _pick(part.strides, rng)
    entry = _sample_node(space.operators.entry, rng)
    inner = [_sample_node(space.operators.inner, rng) for _ in range(count)]
    return Stage(width, stride, (entry, *inner), wire(space.wiring, count, rng))


def _sample_node(operators: Sequence[str], rng: np.random.Generator) -> Node:
    return _pick(nodes_of(_pick(operators, rng)), rng)


def _pick(items: Sequence[Item], rng: np.random.Generator) -> Item:
    return items[int(rng.integers(len(items)))]


def _pick_weighted(items: Sequence[Item], weights: Sequence[float], rng: np.random.Generator) -> Item:
    left = rng.random() * sum(weights)
    for item, weight in zip(items, weights, strict=True):
        left -= weight
        if left < 0:
            return item
    return items[-1]
