"""Searches of a table: MINAS's, and others. Each returns the rows that it asked for, in order."""

from __future__ import annotations

from typing import Any

import numpy as np
from _table_problems import Problem

from minas.evolution.nsga2 import Asked, Evolution
from minas.run.configuration import Settings
from minas.spaces import Variation

POPULATION = 20
"""Of every NSGA-II, unless its name says something else."""
MOST_ASKED = 3
"""How many times the wanted evaluations a method may ask for that asks for the same architecture again."""


def minas(
    problem: Problem,
    seed: int,
    budget: int,
    *,
    population: int = Settings().population,
    window: int = Settings().window,
    variation: Variation | None = None,
    bounded: bool = True,
) -> list[int]:
    """Search as `minas search` does: so many trials in flight, told in the order in which they were asked for.

    Args:
        problem: what is searched.
        seed: the run's seed.
        budget: trials.
        population: as in a run.
        window: likewise.
        variation: how often variation does what; as the space has it by default.
        bounded: selection is by hypervolume between the bounds, as in a run; else it is plain NSGA-II's, which knows of none.
    """
    evolution = Evolution(
        problem.space,
        objectives=len(problem.objectives.objectives),
        population=population,
        seed=seed,
        normalise=(lambda values: problem.objectives.normalise(values, problem.bounds)) if bounded else None,
        variation=variation,
    )
    asked: list[Asked] = []
    for number in range(budget):
        if number >= window:
            told = asked[number - window]
            values = problem.objectives.values(problem.space.look_up(told.architecture))
            evolution.tell(number - window, told.architecture, values)
        found = evolution.ask(number)
        if found is None:
            break
        asked.append(found)
    return [problem.row_of[one.architecture] for one in asked]


def random(problem: Problem, seed: int, budget: int) -> list[int]:
    """Take rows at random, none twice."""
    rows: list[int] = np.random.default_rng(seed).permutation(len(problem.codes))[:budget].tolist()
    return rows


def pymoo_nsga2(problem: Problem, seed: int, budget: int) -> list[int]:
    """Run pymoo's NSGA-II on categorical genes; equivalent architectures are duplicates to it.

    Tournament and survival are as shipped. Uniform crossover of 9 in 10 pairs; each gene takes another of its levels with
    probability 1 / genes.
    """
    from pymoo.algorithms.moo.nsga2 import NSGA2
    from pymoo.core.duplicate import ElementwiseDuplicateElimination
    from pymoo.core.mutation import Mutation
    from pymoo.core.problem import Problem as Continuous
    from pymoo.operators.crossover.ux import UX
    from pymoo.operators.sampling.rnd import IntegerRandomSampling
    from pymoo.optimize import minimize

    counts = np.array([len(levels) for levels in problem.space.levels])
    rows: list[int] = []

    def row(genes: Any) -> int:
        return problem.row_of[tuple(np.asarray(genes, dtype=int).tolist())]

    class Looked(Continuous):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(n_var=len(counts), n_obj=problem.values.shape[1], xl=0, xu=counts - 1, vtype=int)

        def _evaluate(self, x: Any, out: dict[str, Any], *args: Any, **kwargs: Any) -> None:
            found = [row(genes) for genes in x]
            rows.extend(found)
            out["F"] = problem.values[found]

    class OtherLevel(Mutation):  # type: ignore[misc]
        def _do(self, problem: Any, x: Any, *args: Any, random_state: Any = None, **kwargs: Any) -> Any:
            moved = (x + random_state.integers(1, np.broadcast_to(counts, x.shape))) % counts
            return np.where(random_state.random(x.shape) < 1 / len(counts), moved, x)

    class Equivalent(ElementwiseDuplicateElimination):  # type: ignore[misc]
        def is_equal(self, a: Any, b: Any) -> bool:
            return problem.classes[row(a.X)] == problem.classes[row(b.X)]

    algorithm = NSGA2(
        pop_size=POPULATION,
        sampling=IntegerRandomSampling(),
        crossover=UX(prob=0.9),
        mutation=OtherLevel(),
        eliminate_duplicates=Equivalent(),
    )
    minimize(Looked(), algorithm, ("n_eval", MOST_ASKED * budget), seed=seed, verbose=False)
    return rows


def optuna_nsga2(problem: Problem, seed: int, budget: int, *, population: int | None = None) -> list[int]:
    """Run Optuna's NSGA-II sampler on categorical genes; what it asks for again, or an equivalent of it, costs nothing.

    Args:
        problem: what is searched.
        seed: of the sampler.
        budget: distinct evaluations.
        population: of the sampler; its own default of 50 where it is None.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.NSGAIISampler(seed=seed, **({} if population is None else {"population_size": population}))
    study = optuna.create_study(directions=["minimize"] * problem.values.shape[1], sampler=sampler)
    rows: list[int] = []
    paid: set[str] = set()
    while len(paid) < budget and len(rows) < MOST_ASKED * budget:
        trial = study.ask()
        genes = [trial.suggest_categorical(f"gene{n}", range(len(s))) for n, s in enumerate(problem.space.levels)]
        rows.append(problem.row_of[tuple(genes)])
        paid.add(problem.classes[rows[-1]])
        study.tell(trial, problem.values[rows[-1]].tolist())
    return rows


def local_search(problem: Problem, seed: int, budget: int) -> list[int]:
    """Run Pareto local search: 20 random rows, then all one-gene neighbours of an unexplored member of the front so far.

    Where no member is unexplored, a random row.
    """
    from minas.analysis.front import non_dominated

    rng = np.random.default_rng(seed)
    asked = dict.fromkeys(rng.integers(len(problem.codes), size=POPULATION).tolist())
    explored: set[int] = set()
    while len(asked) < min(budget, len(problem.codes)):
        rows = np.array(list(asked))
        front = [row for row in rows[non_dominated(problem.values[rows])].tolist() if row not in explored]
        if not front:
            asked[int(rng.integers(len(problem.codes)))] = None
            continue
        chosen = front[int(rng.integers(len(front)))]
        explored.add(chosen)
        near = np.flatnonzero((problem.genes != problem.genes[chosen]).sum(axis=1) == 1)
        asked |= dict.fromkeys(rng.permutation(near).tolist())
    return list(asked)
