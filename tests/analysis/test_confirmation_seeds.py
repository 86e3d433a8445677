from __future__ import annotations

import math

import pytest
from planted_trials import PAPER

from minas.analysis.confirmation import interval, no_more_error, paired, rounds, share_on_front, summarise
from minas.trial import Candidate, Status, Trial


def repeat(
    key: str, seed: int, error: float, *, action: float = 10.0, number: int = 0, status: Status = Status.COMPLETE
) -> Trial:
    candidate = Candidate(role="confirmation", number=number, key=key, architecture={}, seed=seed, epochs=9)
    measures = {"error": error + 0.5, "test_error": error, "action": 0.0, "test_action": action, "flops": 100.0}
    return Trial(candidate=candidate, status=status, measures=measures if status is Status.COMPLETE else {})


def repeats(key: str, *errors: float, action: float = 10.0, seeds: tuple[int, ...] = (1, 2, 3)) -> list[Trial]:
    return [
        repeat(key, seed, error, action=action, number=n) for n, (seed, error) in enumerate(zip(seeds, errors, strict=False))
    ]


def test_interval_of_three_values_by_the_table() -> None:
    # t(0.975, 2) = 4.302653; the standard deviation of 1, 2, 3 is 1.
    got = interval([1.0, 2.0, 3.0])
    assert (got.mean, got.seeds) == (2.0, 3)
    assert got.high == pytest.approx(2 + 4.302653 / math.sqrt(3), abs=1e-5)
    assert got.low == pytest.approx(2 - 4.302653 / math.sqrt(3), abs=1e-5)


def test_one_seed_has_no_interval() -> None:
    got = interval([0.25])
    assert (got.mean, got.low, got.high, got.seeds) == (0.25, None, None, 1)
    with pytest.raises(ValueError, match="at least one"):
        interval([])


def test_summaries_keep_test_and_validation_apart() -> None:
    told = [*repeats("a", 0.1, 0.2, 0.3), repeat("a", 9, 0.0, number=7, status=Status.DIVERGED)]
    assert summarise(told)["a"]["error"].mean == pytest.approx(0.2)
    assert summarise(told, test=False)["a"]["error"].mean == pytest.approx(0.7)
    assert summarise(told)["a"]["flops"].mean == 100.0
    assert set(summarise(told)["a"]) == {"error", "action", "flops"}


def test_without_figures_on_test_samples_there_is_no_summary() -> None:
    candidate = Candidate(role="baseline", number=0, key="baseline:x", architecture=None, seed=0, epochs=1)
    assert summarise([Trial(candidate=candidate, status=Status.COMPLETE, measures={"error": 0.1})]) == {"baseline:x": {}}


def test_share_on_front_counts_seeds() -> None:
    told = (
        repeats("a", 0.1, 0.1, 0.3, action=10) + repeats("b", 0.2, 0.2, 0.2, action=10) + repeats("c", 0.9, 0.9, 0.9, action=1)
    )
    assert share_on_front(told, PAPER) == {"a": pytest.approx(2 / 3), "b": pytest.approx(1 / 3), "c": 1.0}


def test_who_diverged_is_not_on_the_front_with_that_seed() -> None:
    told = [*repeats("a", 0.1, 0.1), repeat("b", 1, 0.05, number=5), repeat("b", 2, 0.05, number=6, status=Status.DIVERGED)]
    assert share_on_front(told, PAPER) == {"a": 0.5, "b": 0.5}
    assert share_on_front([], PAPER) == {}


def test_repeats_are_matched_by_shared_seeds_whatever_their_order() -> None:
    told = repeats("a", 1, 2, 3, seeds=(7, 8, 9)) + repeats("b", 30, 10, seeds=(9, 7))
    pairs = [(r["a"].measures["test_error"], r["b"].measures["test_error"]) for r in rounds(told)]
    assert pairs == [(1, 10), (3, 30)]


def test_repeats_without_shared_seeds_are_matched_by_order() -> None:
    told = repeats("a", 1, 2, 3, seeds=(1, 2, 3)) + repeats("b", 10, 20, seeds=(4, 5))
    assert [(r["a"].measures["test_error"], r["b"].measures["test_error"]) for r in rounds(told)] == [(1, 10), (2, 20)]


def test_paired_difference_and_its_standard_error() -> None:
    got = paired(repeats("a", 0.03, 0.05, 0.07), repeats("b", 0.02, 0.02, 0.02))
    assert got.difference == pytest.approx(0.03)
    assert got.standard_error == pytest.approx(0.02 / math.sqrt(3))
    assert got.seeds == 3


def test_a_repeat_that_failed_on_one_side_is_left_out() -> None:
    got = paired([*repeats("a", 0.03), repeat("a", 2, 0, number=1, status=Status.FAILED)], repeats("b", 0.02, 0.9))
    assert (got.difference, got.standard_error, got.seeds) == (pytest.approx(0.01), None, 1)


def test_no_more_error_within_one_standard_error() -> None:
    baseline = repeats("b", 0.02, 0.02, 0.02)
    noisy, steady = repeats("a", 0.010, 0.020, 0.034), repeats("a", 0.0213, 0.0214, 0.0213)
    assert no_more_error(noisy, baseline)  # +.0013, standard error .007
    assert not no_more_error(steady, baseline)  # +.0013, standard error .00003
    assert no_more_error(steady, baseline, margin=0.002)
    assert not no_more_error(repeats("a", 0.021), repeats("b", 0.02))
    assert no_more_error(repeats("a", 0.02), repeats("b", 0.02))


def test_a_comparison_needs_two_networks_that_share_a_repeat() -> None:
    with pytest.raises(ValueError, match="two different networks"):
        paired(repeats("a", 0.1), repeats("a", 0.2))
    with pytest.raises(ValueError, match="two different networks"):
        paired(repeats("a", 0.1), [])
    with pytest.raises(ValueError, match="no repeat in which both"):
        paired(repeats("a", 0.1), repeats("b", 0.2), measure="test_kappa")
