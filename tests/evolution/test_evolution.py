"""NSGA-II by ask and tell: repeatable from its pool alone, never the same architecture twice, and better than chance."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from toy_space import BOUNDS, OBJECTIVES, Digits, ToySpace, measures

from minas.analysis.hypervolume import of_values
from minas.evolution.nsga2 import Evolution

Values = NDArray[np.float64]


def values_of(architecture: Digits) -> Values:
    found = OBJECTIVES.values(measures(architecture))
    assert found is not None
    return found


def normalise(values: Values) -> Values:
    return OBJECTIVES.normalise(values, BOUNDS)


def tight(values: Values) -> Values:
    """Bounds that about half of all architectures break."""
    return OBJECTIVES.normalise(values, BOUNDS) * 2


class Loop:
    """An evolution in a window, with what was asked and told."""

    def __init__(self, *, window: int = 4, failing: Callable[[int], bool] = lambda number: False, **options) -> None:
        self.options = {"objectives": 3, "population": 6, "seed": 0, **options}
        self.space = self.options.pop("space", None) or ToySpace()
        self.evolution = self.fresh()
        self.window, self.failing = window, failing
        self.asked: list[tuple[str, Digits, tuple[str, ...]]] = []
        self.told = 0

    def fresh(self) -> Evolution:
        return Evolution(self.space, **self.options)

    def result(self, number: int) -> Values | None:
        return None if self.failing(number) else values_of(self.asked[number][1])

    def step(self) -> bool:
        number = len(self.asked)
        if number - self.told >= self.window:
            self.evolution.tell(self.told, self.asked[self.told][1], self.result(self.told))
            self.told += 1
        found = self.evolution.ask(number)
        if found is not None:
            self.asked.append((found.key, found.architecture, found.parents))
        return found is not None

    def run(self, count: int) -> Loop:
        for _ in range(count):
            assert self.step()
        return self

    def resumed(self) -> Loop:
        """Return the loop as a new process takes it up: from the keys, the pool and the results of the pool's trials."""
        other = Loop(window=self.window, failing=self.failing, space=self.space, **self.options)
        other.asked, other.told = list(self.asked), self.told
        pool = self.evolution.pool()
        other.evolution.know([key for key, _, _ in self.asked])
        other.evolution.restore(pool, {number: (self.asked[number][1], self.result(number)) for number in pool})
        return other


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 40),
    st.integers(1, 9),
    st.integers(2, 9),
    st.integers(0, 3),
    st.sets(st.integers(0, 40)),
    st.sampled_from([None, normalise, tight]),
)
def test_the_pool_is_all_that_a_resumed_search_needs(steps, window, population, seed, failed, scale) -> None:
    options = {"window": window, "population": population, "seed": seed, "normalise": scale}
    loop = Loop(failing=lambda number: number in failed, **options).run(steps)
    other = loop.resumed()
    assert other.evolution.pool() == loop.evolution.pool()
    loop.run(15)
    other.run(15)
    assert other.asked == loop.asked
    assert other.evolution.pool() == loop.evolution.pool()
    assert len(loop.evolution.pool()) <= population + 1


def test_the_seed_decides() -> None:
    assert Loop(seed=0).run(20).asked == Loop(seed=0).run(20).asked
    assert Loop(seed=0).run(20).asked[:6] != Loop(seed=1).run(20).asked[:6]


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 100), st.integers(1, 6), st.integers(2, 6))
def test_nothing_is_asked_twice_until_the_space_is_exhausted(seed: int, window: int, population: int) -> None:
    loop = Loop(space=ToySpace(slots=3, levels=2), window=window, population=population, seed=seed)
    while loop.step():
        pass
    keys = [key for key, _, _ in loop.asked]
    assert len(set(keys)) == len(keys) == 2**3
    assert not loop.step()


def test_only_what_is_admitted_is_asked() -> None:
    loop = Loop(admits=lambda architecture: sum(architecture) < 24).run(60)
    assert all(sum(architecture) < 24 for _, architecture, _ in loop.asked)
    assert Loop(admits=lambda architecture: False).step() is False


def test_architectures_come_back_as_the_space_made_them_and_name_their_parents() -> None:
    loop = Loop().run(40)
    assert all(type(architecture) is tuple and type(architecture[0]) is int for _, architecture, _ in loop.asked)
    assert all(key == loop.space.key(architecture) for key, architecture, _ in loop.asked)
    assert all(parents == () for _, _, parents in loop.asked[:6])
    for place, (_, _, parents) in enumerate(loop.asked[6:], start=6):
        assert 1 <= len(set(parents)) == len(parents) <= 2
        assert set(parents) <= {key for key, _, _ in loop.asked[: place - 3]}, "a parent that had not been told"


def test_failed_trials_never_survive_nor_win_though_their_values_would_dominate() -> None:
    loop = Loop(population=8, window=1, failing=lambda number: number % 2 == 0)
    loop.run(60)
    survivors = loop.evolution.pool()[:-1]
    assert len(survivors) == 8
    assert all(number % 2 == 1 for number in survivors)
    failed = {key for number, (key, _, _) in enumerate(loop.asked) if number % 2 == 0}
    bred = [parents for _, _, parents in loop.asked[16:]]
    assert not any(set(parents) & failed for parents in bred)


def test_of_a_failed_and_a_completed_one_the_completed_one_breeds() -> None:
    mothers = []
    for seed in range(30):
        loop = Loop(population=2, window=1, seed=seed, failing=lambda number: number == 1).run(2)
        loop.step()
        mothers.append(loop.asked[2][2])
    assert all(parents == (loop_key,) for parents, loop_key in zip(mothers, map(first_key, range(30)), strict=True))


def first_key(seed: int) -> str:
    return Loop(population=2, window=1, seed=seed).run(1).asked[0][0]


def test_all_failing_still_gives_new_architectures() -> None:
    assert len(Loop(failing=lambda number: True).run(50).asked) == 50


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_no_numbers_count_as_failed(bad: float) -> None:
    first, second = (Loop(window=1, population=4).run(4) for _ in range(2))
    for loop, values in ((first, None), (second, np.array([-1.0, bad, -1.0]))):
        loop.evolution.tell(3, loop.asked[3][1], values)
        loop.told = 4
        loop.window = 2
    assert first.run(10).asked == second.run(10).asked
    assert 3 not in second.evolution.pool()


TRIALS, SEEDS, WINDOW = 120, 12, 8


def hypervolume(rows: list[Values]) -> float:
    return of_values(np.array(rows), OBJECTIVES, BOUNDS)


def searched(seed: int, heard: Callable[[list[Values], int, np.random.Generator], Values], scale=normalise) -> float:
    """Return the hypervolume of a search that hears, of each trial, what `heard` makes of all values so far and its number."""
    evolution = Evolution(ToySpace(), objectives=3, population=20, seed=seed, normalise=scale)
    noise = np.random.default_rng(seed)
    asked: list[Digits] = []
    rows: list[Values] = []
    for number in range(TRIALS):
        found = evolution.ask(number)
        assert found is not None
        asked.append(found.architecture)
        rows.append(values_of(found.architecture))
        told = number - WINDOW + 1
        if told >= 0:
            evolution.tell(told, asked[told], heard(rows, told, noise))
    return hypervolume(rows)


def by_chance(seed: int) -> float:
    rng = np.random.default_rng(10**6 + seed)
    return hypervolume([values_of(ToySpace().sample(rng)) for _ in range(TRIALS)])


def spreads(first: list[float], second: list[float]) -> float:
    """Return the mean difference in standard errors, seed by seed."""
    difference = np.array(first) - np.array(second)
    return float(difference.mean() / (difference.std(ddof=1) / len(difference) ** 0.5))


def test_the_search_beats_chance_by_what_it_is_told_and_falls_to_chance_when_the_tell_is_broken() -> None:
    chance = [by_chance(seed) for seed in range(SEEDS)]
    sound = [searched(seed, lambda rows, told, noise: rows[told]) for seed in range(SEEDS)]
    shuffled = [searched(seed, lambda rows, told, noise: rows[noise.integers(len(rows))]) for seed in range(SEEDS)]
    constant = [searched(seed, lambda rows, told, noise: np.ones(3)) for seed in range(SEEDS)]
    crowded = [searched(seed, lambda rows, told, noise: rows[told], None) for seed in range(SEEDS)]
    assert spreads(sound, chance) > 3
    assert spreads(crowded, chance) > 3
    assert spreads(sound, crowded) > 2, "selection by hypervolume should beat crowding distance at a hundred trials"
    for broken in (shuffled, constant):
        assert spreads(broken, chance) < 2
        assert spreads(sound, broken) > 4
