from __future__ import annotations

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted_trials import BOUNDS, PAPER, trial, trials

from minas.analysis.hypervolume import curve, of_points, of_trials, of_values
from minas.objectives import Bounds, Objective, ObjectiveSet
from minas.trial import Status

ROW = st.tuples(st.floats(0.001, 1.0), st.floats(0.1, 1e5), st.floats(10, 1e7))


def by_inclusion_and_exclusion(points: np.ndarray) -> float:
    """Sum over all subsets: (-1)^(k+1) times the volume of the box that all k points dominate."""
    points = np.clip(points[(points < 1).all(axis=1)], 0, None)
    total = 0.0
    for subset in range(1, 1 << len(points)):
        chosen = points[[i for i in range(len(points)) if subset >> i & 1]]
        total -= (-1) ** len(chosen) * float(np.prod(1 - chosen.max(axis=0)))
    return total


@settings(max_examples=150, deadline=None)
@given(st.integers(2, 3), st.data())
def test_of_points_agrees_with_inclusion_and_exclusion(width: int, data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.tuples(*[st.floats(-0.5, 1.5)] * width), max_size=7))
    points = np.array(rows, dtype=np.float64).reshape(-1, width)
    assert of_points(points) == pytest.approx(by_inclusion_and_exclusion(points), abs=1e-9)


def test_of_points_agrees_with_random_counting() -> None:
    generator = np.random.default_rng(5)
    points, samples = generator.random((12, 3)), generator.random((200_000, 3))
    share = np.mean((points[None] <= samples[:, None]).all(axis=2).any(axis=1))
    assert of_points(points) == pytest.approx(share, abs=0.005)


def test_objectives_are_judged_on_their_scales() -> None:
    # Half-way: error .45 of .9, action 1e2 of 1 to 1e4, FLOPs 1e4 of 1e2 to 1e6.
    assert of_trials(trials((0.45, 1e2, 1e4)), PAPER, BOUNDS) == pytest.approx(0.125)
    values = np.array([PAPER.values({"error": 0.45, "action": 1e2, "flops": 1e4})])
    assert of_values(values, PAPER, BOUNDS) == pytest.approx(0.125)


def test_points_on_or_beyond_the_reference_count_nothing() -> None:
    assert of_trials(trials((0.9, 10, 1e3), (0.1, 2e4, 1e3), (0.1, 10, 1e6)), PAPER, BOUNDS) == 0.0


def test_better_than_ideal_counts_as_ideal() -> None:
    assert of_trials(trials((0.0, 0.01, 0.0)), PAPER, BOUNDS) == pytest.approx(1.0)


def test_of_nothing_is_zero() -> None:
    assert of_trials([], PAPER, BOUNDS) == 0.0
    assert of_values(np.empty((0, 3)), PAPER, BOUNDS) == 0.0


@settings(max_examples=60, deadline=None)
@given(st.lists(ROW, max_size=20))
def test_the_curve_is_what_each_prefix_gives(rows: list[tuple[float, float, float]]) -> None:
    told = trials(*rows)
    got = curve(told, PAPER, BOUNDS)
    values = np.array([PAPER.values(t.measures) for t in told]).reshape(-1, 3)
    assert got == pytest.approx([of_values(values[: n + 1], PAPER, BOUNDS) for n in range(len(told))], abs=1e-12)
    assert (np.diff(got) >= 0).all()
    assert all(0 <= value <= 1 for value in got)


def test_failed_late_and_incomplete_trials_take_a_place_and_change_nothing() -> None:
    good = {"error": 0.01, "action": 2.0, "flops": 200.0}
    told = [
        *trials((0.45, 1e2, 1e4)),
        trial(1, good, status=Status.FAILED),
        trial(2, good, late=True),
        trial(3, {**good, "flops": None}),
        trial(4, {**good, "action": math.inf}),
    ]
    assert curve(told, PAPER, BOUNDS) == pytest.approx([0.125] * 5)


def test_a_score_is_judged_as_one_minus_it() -> None:
    score = ObjectiveSet(name="score", objectives=(Objective(measure="accuracy", maximise=True), Objective(measure="params")))
    bounds = {"accuracy": Bounds(ideal=0.0, reference=0.5), "params": Bounds(ideal=0.0, reference=100.0)}
    assert of_trials([trial(0, {"accuracy": 0.75, "params": 50.0})], score, bounds) == pytest.approx(0.25)


def test_ten_thousand_trials_take_about_a_second() -> None:
    generator = np.random.default_rng(1)
    told = trials(
        *zip(
            generator.random(10_000), 10 ** generator.uniform(0, 4, 10_000), 10 ** generator.uniform(2, 6, 10_000), strict=True
        )
    )
    curve(told[:10], PAPER, BOUNDS)
    start = time.perf_counter()
    got = curve(told, PAPER, BOUNDS)
    assert time.perf_counter() - start < 3.0  # 0.2 s on an idle core
    assert got[-1] > 0.8
