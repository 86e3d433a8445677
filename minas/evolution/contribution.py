"""Selection by hypervolume: what an architecture adds to the share of the objective space that its front dominates.

NSGA-II prefers, among equals by dominance, those in sparse regions. With three objectives nearly everything in a population
of 20 is non-dominated after some 60 trials, the extremes are infinitely sparse, and selection spends its trials on them: at
the number of trials of a five-minute search that gave little more than chance. The exclusive hypervolume (Beume, Naujoks and
Emmerich 2007, SMS-EMOA) says instead what each member is worth to the result that the search is judged by.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import moocore
import numpy as np
from numpy.typing import NDArray
from pymoo.algorithms.moo.nsga2 import binary_tournament
from pymoo.core.population import Population
from pymoo.core.selection import Selection
from pymoo.operators.selection.tournament import TournamentSelection
from pymoo.operators.survival.rank_and_crowding.metrics import CrowdingDiversity

Points = NDArray[np.float64]
Normalise = Callable[[Points], Points]
"""Scales objectives, shape (points, objectives), so that 0 is ideal and 1 is the reference, beyond which nothing counts."""


def contributions(points: Points) -> Points:
    """Return each point's exclusive hypervolume, shape (points,): what would be lost without it.

    Args:
        points: normalised objectives, shape (points, objectives). Better than ideal counts as ideal.
    """
    inside = np.clip(points, 0.0, None)
    exclusive: Points = np.zeros(len(points))
    counted = (inside < 1.0).all(axis=1)
    if counted.any():
        exclusive[counted] = np.maximum(
            moocore.hv_contributions(inside[counted], ref=np.ones(points.shape[1]), ignore_dominated=False), 0.0
        )
    return exclusive


class Contribution(CrowdingDiversity):  # type: ignore[misc]
    """The exclusive hypervolume in the place of NSGA-II's crowding distance: who survives of the front that has to be cut."""

    def __init__(self, normalise: Normalise) -> None:
        super().__init__()
        self._normalise = normalise

    def _do(self, values: Points, n_remove: int | None = None) -> Points:
        return contributions(self._normalise(values))


class Roulette(Selection):  # type: ignore[misc]
    """Parents from the population's front, each as likely as it contributes hypervolume; by tournament where none does."""

    def __init__(self, normalise: Normalise) -> None:
        super().__init__()
        self._normalise = normalise
        self._tournament = TournamentSelection(func_comp=binary_tournament)

    def _do(
        self,
        problem: Any,
        pop: Population,
        n_select: int,
        n_parents: int,
        random_state: np.random.Generator | None = None,
        **kwargs: Any,
    ) -> NDArray[np.int64]:
        assert random_state is not None
        first = np.flatnonzero((pop.get("CV")[:, 0] <= 0) & (pop.get("rank") == 0))
        shares = contributions(self._normalise(pop[first].get("F"))) if len(first) else np.zeros(0)
        if not shares.sum() > 0:
            chosen: NDArray[np.int64] = self._tournament._do(
                problem, pop, n_select, n_parents, random_state=random_state, **kwargs
            )
            return chosen
        return random_state.choice(first, size=(n_select, n_parents), p=shares / shares.sum())
