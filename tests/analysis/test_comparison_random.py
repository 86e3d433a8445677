from __future__ import annotations

import pytest
from planted_trials import BOUNDS, PAPER, trial, trials

from minas.analysis.comparison import averages, compare, initial_population, share_dominated
from minas.analysis.front import front_of
from minas.trial import Candidate, Status, Trial


def child(number: int, measures: dict[str, float]) -> Trial:
    candidate = Candidate(
        role="search", number=number, key=f"{number:08d}x", architecture={}, seed=0, epochs=1, parents=("p",)
    )
    return Trial(candidate=candidate, status=Status.COMPLETE, measures=measures)


CONTROL = trials((0.2, 400, 4e4), (0.3, 600, 6e4), (0.1, 800, 8e4), (0.02, 3, 2e2))
SEARCH = trials((0.1, 40, 4e3), (0.25, 10, 1e3), (0.05, 700, 7e4))


def test_a_planted_comparison_with_a_control() -> None:
    front = front_of(SEARCH, PAPER, BOUNDS)
    got = compare(front, SEARCH, CONTROL, population=2)
    assert got.source == "control"
    assert got.random_trials == 4
    assert got.average == {"error": pytest.approx(0.15), "action": pytest.approx(500), "flops": pytest.approx(5e4)}
    # (.2, 400), (.3, 600) and (.1, 800) are dominated; the last one dominates everything itself.
    assert got.dominated == 0.75
    # Of those with at most .15 error, the least action is 40: 12.5 times less, and 12.5 times less FLOPs.
    assert got.member is not None
    assert got.member.trial.number == 0
    assert got.ratios == {"action": pytest.approx(12.5), "flops": pytest.approx(12.5)}
    assert [point.trials for point in got.checkpoints] == [1, 3]
    last = got.checkpoints[-1]
    assert last.search == pytest.approx(front.hypervolume)
    assert last.search > last.control > 0


def test_without_a_control_the_initial_population_is_the_random_line() -> None:
    search = [
        *CONTROL[:3],
        child(3, {"error": 0.05, "action": 20.0, "flops": 2e3}),
        child(1, {"error": 0.9, "action": 1.0, "flops": 1.0}),
    ]
    assert [t.number for t in initial_population([*search, *trials((0, 0, 0))], 2)] == [0, 1, 0]
    got = compare(front_of(search, PAPER, BOUNDS), search, [], population=3)
    assert got.source == "initial population"
    assert got.random_trials == 3
    assert got.checkpoints == ()
    assert got.average["error"] == pytest.approx(0.2)
    assert got.ratios["action"] == pytest.approx(30.0)


def test_failed_trials_count_as_trials_and_not_as_figures() -> None:
    control = [trial(0, {"error": 0.0}, status=Status.FAILED), *CONTROL[1:3]]
    assert averages(control)["error"] == pytest.approx(0.2)
    front = front_of(SEARCH, PAPER, BOUNDS)
    assert compare(front, SEARCH, control, population=2).random_trials == 3
    assert share_dominated(front, control) == 1.0


def test_nothing_to_compare_with() -> None:
    front = front_of([], PAPER, BOUNDS)
    got = compare(front, [], [], population=20)
    assert (got.dominated, got.member, got.ratios, got.average) == (None, None, {}, {})


def test_an_empty_front_dominates_nothing() -> None:
    assert share_dominated(front_of([], PAPER, BOUNDS), CONTROL) == 0.0


def test_equal_points_are_not_dominated() -> None:
    assert share_dominated(front_of(SEARCH, PAPER, BOUNDS), SEARCH) == 0.0


def test_a_front_with_more_error_than_the_average_has_no_member_to_show() -> None:
    bad = trials((0.8, 2, 2e2))
    assert compare(front_of(bad, PAPER, BOUNDS), bad, CONTROL, population=1).member is None
