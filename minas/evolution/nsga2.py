"""NSGA-II (Deb et al. 2002) by ask and tell, one architecture at a time, on pymoo."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pymoo.algorithms.moo.nsga2 import NSGA2, binary_tournament
from pymoo.core.evaluator import Evaluator
from pymoo.core.individual import Individual
from pymoo.core.population import Population
from pymoo.core.problem import Problem
from pymoo.core.termination import NoTermination
from pymoo.operators.selection.tournament import TournamentSelection
from pymoo.operators.survival.rank_and_crowding import RankAndCrowding
from pymoo.problems.static import StaticProblem

from minas import seeds
from minas.evolution.contribution import Contribution, Normalise, Roulette
from minas.evolution.mating import ATTEMPTS, Mating, individual_of
from minas.spaces import Architecture, Space, Variation

FAILED = 1000.0
"""The constraint violation of a trial that failed: worse than that of any trial that gave figures."""


@dataclass(frozen=True)
class Asked:
    """An architecture to evaluate next, with the keys of its parents."""

    architecture: Architecture
    key: str
    parents: tuple[str, ...]


class Evolution:
    """The state of one search: a population, and the keys that were asked for.

    The first `population` architectures are sampled. Every random choice comes from a generator made of the run's seed and the
    number of the trial, so that the state is the population alone: `pool()` is all that a resumed run needs.

    Args:
        space: what is searched.
        objectives: number of objectives, all minimised.
        population: size of NSGA-II's population.
        seed: the run's seed.
        variation: how often variation does what; as the space has it by default.
        admits: tells whether an architecture is worth a trial, limits that can be predicted for instance.
        normalise: scales objectives, shape (..., objectives), to 0 at the ideal and 1 at the reference bound. Selection is
            then by hypervolume between these bounds, and what lies beyond one is told as a constraint violation of that
            size, so that nothing is spent on a part of the front that nobody wants. Without it, selection is plain NSGA-II's.
    """

    def __init__(
        self,
        space: Space,
        *,
        objectives: int,
        population: int,
        seed: int,
        variation: Variation | None = None,
        admits: Callable[[Architecture], bool] | None = None,
        normalise: Normalise | None = None,
    ) -> None:
        self._space = space
        self._objectives = objectives
        self._population = population
        self._seed = seed
        self._admits = admits
        self._normalise = normalise
        self._known: set[str] = set()
        self._pool: list[int] = []
        problem = Problem(n_var=1, n_obj=objectives, n_ieq_constr=1, vtype=object)
        selection = TournamentSelection(func_comp=binary_tournament) if normalise is None else Roulette(normalise)
        survival = RankAndCrowding(crowding_func="cd" if normalise is None else Contribution(normalise))
        mating = Mating(space, variation or space.variation, selection, self._is_new)
        self._algorithm = NSGA2(pop_size=population, n_offsprings=1, mating=mating, survival=survival, output=None)
        self._algorithm.setup(problem, termination=NoTermination())

    def ask(self, number: int) -> Asked | None:
        """Return the architecture of a trial by its number, or None where the space has nothing new.

        It is a function of the seed, the number, what was asked for before and what was told.
        """
        rng = seeds.generator(self._seed, "ask", number)
        asked = self._sampled(rng) if number < self._population or not self._pool else self._bred(rng)
        if asked is not None:
            self._known.add(asked.key)
        return asked

    def tell(self, number: int, architecture: Architecture, values: NDArray[np.float64] | None) -> None:
        """Take the result of a trial.

        Args:
            number: the trial's number; results are told in the order of their numbers.
            architecture: what was evaluated.
            values: its objectives, shape (objectives,); None for a trial that failed: told as a violated constraint,
                and so is what is not finite.
        """
        self._merge([self._individual(number, architecture, values)])

    def pool(self) -> list[int]:
        """Return the numbers of the trials that the last survival chose from, in order: the state, known keys aside."""
        return list(self._pool)

    def restore(self, pool: Sequence[int], told: Mapping[int, tuple[Architecture, NDArray[np.float64] | None]]) -> None:
        """Put back the state that `pool` described.

        Args:
            pool: what `pool()` returned.
            told: architecture and objectives of those trials, by number.
        """
        if not pool:
            return
        individuals = [self._individual(number, *told[number]) for number in pool]
        if len(individuals) > 1:
            self._algorithm.is_initialized = True
            self._algorithm.n_iter = 2
            self._algorithm.pop = Population.create(*individuals[:-1])
        self._pool = list(pool[:-1])
        self._merge(individuals[-1:])

    def know(self, keys: Sequence[str]) -> None:
        """Take keys as asked for already."""
        self._known.update(keys)

    def _merge(self, individuals: list[Individual]) -> None:
        number = int(individuals[-1].get("number"))
        survivors = self._survivors()
        self._algorithm.random_state = seeds.generator(self._seed, "tell", number)
        self._algorithm.tell(infills=Population.create(*individuals))
        self._pool = [*survivors, number]

    def _survivors(self) -> list[int]:
        population = self._algorithm.pop
        return [] if population is None else [int(individual.get("number")) for individual in population]

    def _sampled(self, rng: np.random.Generator) -> Asked | None:
        for _ in range(ATTEMPTS):
            architecture = self._space.sample(rng)
            key = self._space.key(architecture)
            if self._is_new(key, architecture):
                return Asked(architecture, key, ())
        return None

    def _bred(self, rng: np.random.Generator) -> Asked | None:
        self._algorithm.random_state = rng
        children = self._algorithm.ask()
        if children is None:  # pymoo takes an empty brood for the end of the search, and would fail at the next tell
            self._algorithm.termination.force_termination = False
            return self._sampled(rng)
        architecture = children[0].get("X")[0]
        return Asked(architecture, self._space.key(architecture), children[0].get("parents"))

    def _is_new(self, key: str, architecture: Architecture) -> bool:
        return key not in self._known and (self._admits is None or self._admits(architecture))

    def _individual(self, number: int, architecture: Architecture, values: NDArray[np.float64] | None) -> Individual:
        individual = individual_of(architecture)
        individual.set("number", number)
        row, violation = np.zeros(self._objectives), FAILED
        if values is not None and np.isfinite(values).all():  # pymoo keeps NaN in its population
            row, violation = values, self._excess(values)
        known = StaticProblem(self._algorithm.problem, F=row[None, :], G=np.array([[violation]]))
        Evaluator().eval(known, Population.create(individual))
        return individual

    def _excess(self, values: NDArray[np.float64]) -> float:
        """Return how far the worst objective lies beyond its bound, 0 for those within."""
        if self._normalise is None:
            return 0.0
        return min(max(0.0, float(self._normalise(values).max()) - 1.0), FAILED / 2)
