"""How new architectures come from old ones: selection, crossover and mutation, and nothing evaluated twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymoo.core.individual import Individual
from pymoo.core.infill import InfillCriterion
from pymoo.core.population import Population
from pymoo.core.selection import Selection

from minas.spaces import Architecture, Space, Variation

ATTEMPTS = 200
"""How often a new architecture is looked for before the space counts as exhausted."""


def individual_of(architecture: Architecture) -> Individual:
    """Return pymoo's individual of an architecture: an array of one object, whatever the space takes for an architecture."""
    boxed: NDArray[Any] = np.empty(1, dtype=object)
    boxed[0] = architecture
    return Individual(X=boxed)


class Mating(InfillCriterion):  # type: ignore[misc]
    """One child: two parents, crossover, mutations, until its key is new.

    Args:
        space: whose architectures they are.
        variation: how often what happens.
        selection: who the parents are.
        is_new: tells whether an architecture with a key may be asked for.
    """

    def __init__(
        self, space: Space, variation: Variation, selection: Selection, is_new: Callable[[str, Architecture], bool]
    ) -> None:
        super().__init__()
        self._space = space
        self._variation = variation
        self._is_new = is_new
        self._selection = selection

    def do(
        self,
        problem: Any,
        pop: Population,
        n_offsprings: int,
        random_state: np.random.Generator | None = None,
        n_max_iterations: int | None = None,
        **kwargs: Any,
    ) -> Population:
        """Return a population of one child, or an empty one where nothing new was found."""
        assert random_state is not None
        algorithm = kwargs["algorithm"]
        for attempt in range(ATTEMPTS):
            parents = self._selection.do(problem, pop, 1, 2, to_pop=False, algorithm=algorithm, random_state=random_state)[0]
            first, second = (pop[int(index)].get("X")[0] for index in parents)
            child, keys = self._child(first, second, random_state, spread=attempt // 20)
            key = self._space.key(child)
            if self._is_new(key, child):
                individual = individual_of(child)
                individual.set("parents", tuple(keys))
                return Population.create(individual)
        return Population.create()

    def _child(self, first: Any, second: Any, rng: np.random.Generator, *, spread: int) -> tuple[Any, list[str]]:
        """Return a child and its parents' keys; `spread` adds mutations when nearby architectures are all known."""
        space, variation = self._space, self._variation
        if rng.random() < variation.immigrant:
            return space.sample(rng), []
        keys = [space.key(first)]
        child = first
        crossed = rng.random() < variation.crossover
        if crossed and space.key(second) != keys[0]:
            child = space.cross(first, second, rng)
            keys.append(space.key(second))
        else:
            child = space.mutate(child, rng)
        mutations = spread
        while rng.random() < variation.further:
            mutations += 1
        for _ in range(mutations):
            child = space.mutate(child, rng)
        return child, keys
