"""Selection by hypervolume, against the obvious way to work it out."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from pymoo.core.population import Population

from minas.analysis.hypervolume import of_points
from minas.evolution.contribution import Contribution, Roulette, contributions

POINTS = st.lists(st.tuples(*[st.integers(-1, 5)] * 3), min_size=1, max_size=12)


@given(POINTS)
def test_a_contribution_is_what_is_lost_without_the_point(rows) -> None:
    points = np.array(rows) / 4.0
    whole = of_points(points)
    expected = [whole - of_points(np.delete(points, place, axis=0)) for place in range(len(points))]
    np.testing.assert_allclose(contributions(points), expected, atol=1e-12)
    np.testing.assert_allclose(Contribution(lambda values: values / 4.0).do(np.array(rows, dtype=float)), expected, atol=1e-12)


def population(rows: list[list[float]], violations: list[float], ranks: list[int]) -> Population:
    found = Population.new(X=np.arange(len(rows))[:, None], F=np.array(rows))
    for individual, violation, rank in zip(found, violations, ranks, strict=True):
        individual.set("CV", np.array([violation]))
        individual.set("rank", rank)
        individual.set("crowding", 0.0)
    return found


class Algorithm:
    tournament_type = "comp_by_rank_and_crowding"

    def __init__(self, rng: np.random.Generator) -> None:
        self.random_state = rng


def chosen(found: Population, count: int = 3000) -> np.ndarray:
    rng = np.random.default_rng(0)
    parents = Roulette(lambda values: values)._do(None, found, count, 2, random_state=rng, algorithm=Algorithm(rng))
    assert parents.shape == (count, 2)
    return np.bincount(parents.ravel(), minlength=len(found)) / (2 * count)


def test_parents_come_as_often_as_they_contribute() -> None:
    rows = [[0.2, 0.8, 0.0], [0.5, 0.5, 0.0], [0.8, 0.2, 0.0], [0.9, 0.9, 0.0], [0.0, 0.0, 0.0]]
    often = chosen(population(rows, [0, 0, 0, 0, 1], [0, 0, 0, 1, 0]))
    # By hand, the third objective adding a factor of 1: 0.3 * 0.2, 0.3 * 0.3, 0.2 * 0.3.
    np.testing.assert_allclose(often, [0.06 / 0.21, 0.09 / 0.21, 0.06 / 0.21, 0, 0], atol=0.02)


def test_where_nobody_contributes_the_tournament_decides() -> None:
    often = chosen(population([[1.5, 1.5], [2.0, 2.0], [3.0, 3.0]], [0.5, 1.0, 2.0], [0, 0, 0]))
    assert often[0] > often[1] > 0
    assert often[2] < 0.1, "it wins against itself alone"
