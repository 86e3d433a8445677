from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted_trials import BOUNDS, PAPER, trial, trials

from minas.analysis.front import contributions, front_of, non_dominated, plan_confirmation
from minas.objectives import Bounds, Objective, ObjectiveSet
from minas.trial import Status


def dominates(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return all(x <= y for x, y in zip(a, b, strict=True)) and any(x < y for x, y in zip(a, b, strict=True))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 4)] * 3), min_size=1, max_size=25))
def test_non_dominated_agrees_with_the_definition(rows: list[tuple[int, int, int]]) -> None:
    expected = [place for place, row in enumerate(rows) if not any(dominates(other, row) for other in rows)]
    assert non_dominated(np.array(rows, dtype=np.float64)).tolist() == expected


def test_equal_points_both_stay() -> None:
    front = front_of(trials((0.1, 10, 1e3), (0.1, 10, 1e3), (0.2, 20, 2e3)), PAPER, BOUNDS)
    assert [member.trial.number for member in front.members] == [0, 1]
    assert [member.contribution for member in front.members] == [0.0, 0.0]


def test_what_failed_was_late_or_lacks_a_measure_does_not_enter() -> None:
    good = {"error": 0.01, "action": 2.0, "flops": 200.0}
    told = [
        trial(0, {"error": 0.5, "action": 100.0, "flops": 1e4}),
        trial(1, good, status=Status.DIVERGED),
        trial(2, good, late=True),
        trial(3, {**good, "action": None}),
        trial(4, {**good, "error": float("nan")}),
    ]
    assert [member.trial.number for member in front_of(told, PAPER, BOUNDS).members] == [0]


def test_an_empty_front_has_no_labels() -> None:
    front = front_of([], PAPER, BOUNDS)
    assert front.members == ()
    assert front.hypervolume == 0.0
    assert front.labelled("knee") is None
    assert plan_confirmation(front) == ()


def test_labels_of_a_planted_front() -> None:
    front = front_of(
        trials((0.01, 1e3, 1e5), (0.03, 50, 1e4), (0.40, 20, 5e3), (0.80, 2, 2e2)),
        PAPER,
        BOUNDS,
    )
    labels = {member.trial.number: member.labels for member in front.members}
    # The last one has the least action of all, but an error beyond half-way to the reference.
    assert labels == {0: ("accurate",), 1: ("knee",), 2: ("frugal",), 3: ()}


def test_where_no_member_is_near_the_ideal_what_guesses_is_not_the_frugal_one() -> None:
    front = front_of(trials((0.7, 1e3, 1e5), (0.75, 20, 2e3), (0.88, 2, 2e2)), PAPER, BOUNDS)
    assert front.labelled("accurate") is front.members[0]
    assert front.labelled("frugal") is front.members[1]


def test_where_all_members_are_beyond_the_reference_all_may_be_labelled() -> None:
    front = front_of(trials((1.0, 1e3, 1e5), (1.1, 2, 2e2)), PAPER, BOUNDS)
    assert front.labelled("accurate") is front.members[0]
    assert front.labelled("frugal") is front.members[1]


def test_a_network_without_flops_does_not_stretch_the_scale_of_the_knee() -> None:
    rows = [(0.01, 1e3, 1e5), (0.03, 50, 1e4), (0.40, 20, 5e3), (0.44, 30, 0.0)]
    front = front_of(trials(*rows), PAPER, BOUNDS)
    assert front.labelled("knee") is front.members[1]


def test_one_member_bears_all_labels() -> None:
    front = front_of(trials((0.1, 10, 1e3)), PAPER, BOUNDS)
    assert front.members[0].labels == ("knee", "accurate", "frugal")


def test_without_error_and_action_the_first_and_second_objective_serve() -> None:
    other = ObjectiveSet(
        name="other", objectives=(Objective(measure="accuracy", maximise=True), Objective(measure="params", scale="log"))
    )
    bounds = {"accuracy": Bounds(ideal=0.0, reference=1.0), "params": Bounds(ideal=1.0, reference=1e6)}
    told = [trial(0, {"accuracy": 0.9, "params": 1e4}), trial(1, {"accuracy": 0.7, "params": 1e2})]
    front = front_of(told, other, bounds)
    assert front.labelled("accurate").id == told[0].id  # type: ignore[union-attr]
    assert front.labelled("frugal").id == told[1].id  # type: ignore[union-attr]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(*[st.sampled_from([0.1, 0.25, 0.5, 0.75, 0.9])] * 3), min_size=1, max_size=7))
def test_contributions_agree_with_a_count_of_cells(rows: list[tuple[float, float, float]]) -> None:
    grid = [0.1, 0.25, 0.5, 0.75, 0.9, 1.0]

    def volume(points: list[tuple[float, float, float]]) -> float:
        total = 0.0
        for i, j, k in itertools.product(range(5), repeat=3):
            corner = (grid[i], grid[j], grid[k])
            if any(all(p <= c for p, c in zip(point, corner, strict=True)) for point in points):
                total += (grid[i + 1] - grid[i]) * (grid[j + 1] - grid[j]) * (grid[k + 1] - grid[k])
        return total

    expected = [volume(rows) - volume(rows[:n] + rows[n + 1 :]) for n in range(len(rows))]
    assert contributions(np.array(rows)) == pytest.approx(expected, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0.01, 0.9), st.floats(1, 1e4), st.floats(100, 1e6)), max_size=30), st.integers(1, 8))
def test_plan_names_each_once_and_the_labelled_first(rows: list[tuple[float, float, float]], most: int) -> None:
    front = front_of(trials(*rows), PAPER, BOUNDS)
    plan = plan_confirmation(front, most)
    assert len(plan) == min(most, len(front.members))
    assert len({member.key for member in plan}) == len(plan)
    named = list(dict.fromkeys(front.labelled(label).key for label in ("knee", "accurate", "frugal") if front.members))  # type: ignore[union-attr]
    assert [member.key for member in plan][: len(named)] == named[:most]
    rest = [member.contribution for member in plan[len(named) :]]
    assert rest == sorted(rest, reverse=True)
    assert plan == plan_confirmation(front_of(reversed(trials(*rows)), PAPER, BOUNDS), most)
