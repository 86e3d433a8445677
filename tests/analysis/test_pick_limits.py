from __future__ import annotations

import pytest
from planted_trials import BOUNDS, PAPER, trial, trials

from minas.analysis.front import front_of
from minas.analysis.pick import explain, pick
from minas.errors import UsageError
from minas.trial import Candidate, Status, Trial

ROWS = [(0.01, 1000.0, 900_000.0), (0.02, 300.0, 214_000.0), (0.03, 100.0, 150_000.0), (0.08, 30.0, 40_000.0)]
FRONT = front_of(trials(*ROWS), PAPER, BOUNDS)
KEYS = [member.key for member in FRONT.members]


def confirmed(place: int, seed: int, error: float, action: float, flops: float = 150_000.0) -> Trial:
    candidate = Candidate(role="confirmation", number=seed, key=KEYS[place], architecture={}, seed=seed, epochs=9)
    measures = {"error": error, "action": action, "flops": flops, "test_error": 0.9, "test_action": 0.0}
    return Trial(candidate=candidate, status=Status.COMPLETE, measures=measures)


def test_the_least_action_within_the_limits_is_chosen() -> None:
    got = pick(FRONT, {"error": 0.03, "flops": 200_000})
    assert got.chosen is FRONT.members[2]  # exactly at the limit of the error
    assert got.within == 1
    assert [left.member for left in got.left_out] == [FRONT.members[1], FRONT.members[3], FRONT.members[0]]
    assert [(e.measure, e.value, e.limit) for e in got.left_out[0].excesses] == [("flops", 214_000.0, 200_000)]
    assert got.left_out[0].excesses[0].share == pytest.approx(0.07)


def test_another_measure_to_have_the_least_of() -> None:
    assert pick(FRONT, {"flops": 1e6}, by="error").chosen is FRONT.members[0]
    assert pick(FRONT, {"flops": 1e6}).chosen is FRONT.members[3]


def test_without_limits_the_most_frugal_of_all_is_chosen() -> None:
    got = pick(FRONT, {})
    assert got.chosen is FRONT.members[3]
    assert got.left_out == ()
    assert "of the 4 members within the limits (no limits)" in explain(got)


def test_the_text_says_what_why_and_what_was_left_out() -> None:
    ids = [member.id for member in FRONT.members]
    confirmation = [confirmed(2, s, 0.02, 100) for s in (1, 2, 3)] + [
        confirmed(1, s, 0.02, 90 if s == 3 else 300) for s in (1, 2, 3)
    ]
    lines = explain(pick(FRONT, {"error": 0.03, "flops": 200_000}, confirmation=confirmation)).splitlines()
    assert lines == [
        f"{ids[2]} (knee): error 0.03, FLOPs 150k, action 100.",
        "Chosen as the only member within the limits (error at most 0.03, FLOPs at most 200k), "
        "on validation figures: those of its brief training.",
        f"Left out: {ids[1]}, FLOPs 214k is 7% over 200k.",
        f"Left out: {ids[3]}, error 0.08 is 170% over 0.03.",
        f"Left out: {ids[0]}, FLOPs 900k is 350% over 200k.",
        "How sure: the same rule chooses it in 2 of 3 seeds, among the confirmed members.",
    ]


def test_how_sure_judges_validation_figures_of_each_seed() -> None:
    confirmation = [confirmed(2, s, error, 100) for s, error in ((1, 0.02), (2, 0.05), (3, 0.02), (4, 0.02))]
    got = pick(FRONT, {"error": 0.03, "flops": 200_000}, confirmation=confirmation)
    assert (got.sure, got.seeds) == (0.75, 4)


def test_a_member_that_was_not_confirmed() -> None:
    got = pick(FRONT, {"error": 0.1}, confirmation=[confirmed(0, 1, 0.01, 900)])
    assert got.chosen is FRONT.members[3]
    assert got.sure is None
    assert "not confirmed" in explain(got)


def test_nothing_within_the_limits() -> None:
    got = pick(FRONT, {"error": 0.001})
    assert got.chosen is None
    assert got.within == 0
    text = explain(got)
    assert text.startswith("No member of the front is within the limits (error at most 0.001).")
    assert f"Left out: {FRONT.members[0].id}, error 0.01 is 900% over 0.001." in text
    assert "How sure" not in text


def test_figures_of_the_confirmation_may_replace_those_of_the_search() -> None:
    got = pick(FRONT, {"error": 0.03}, figures={KEYS[3]: {"error": 0.025}, "of no member": {"error": 0.0}})
    assert got.chosen is FRONT.members[3]
    assert got.confirmed == {KEYS[3]}
    text = explain(got)
    assert "on validation figures: the means of its confirmation." in text
    assert f"Left out: {FRONT.members[0].id}" not in text


def test_who_was_not_confirmed_is_marked_among_those_left_out() -> None:
    ids = [member.id for member in FRONT.members]
    got = pick(FRONT, {"error": 0.03, "flops": 200_000}, figures={KEYS[1]: {"error": 0.05}})
    assert got.chosen is FRONT.members[2]
    lines = explain(got).splitlines()
    assert lines[1].endswith("on validation figures: those of its brief training.")
    assert lines[2:5] == [
        f"Left out: {ids[1]}, error 0.05 is 67% over 0.03; FLOPs 214k is 7% over 200k.",
        f"Left out: {ids[3]} (judged by its brief training), error 0.08 is 170% over 0.03.",
        f"Left out: {ids[0]} (judged by its brief training), FLOPs 900k is 350% over 200k.",
    ]


def test_a_missing_measure_leaves_a_member_out() -> None:
    front = front_of([trial(0, {"error": 0.1, "action": 5.0, "flops": 500.0, "joules": None}),
                      trial(1, {"error": 0.2, "action": 4.0, "flops": 400.0, "joules": 2.0})], PAPER, BOUNDS)  # fmt: skip
    got = pick(front, {"joules": 3.0})
    assert got.chosen is front.members[1]
    assert "joules is not available" in explain(got)


def test_a_limit_of_zero() -> None:
    assert "error 0.01 is over 0." in explain(pick(FRONT, {"error": 0.0}))


SCORED = front_of(
    [trial(n, {"error": e, "action": a, "flops": 1e4, "kappa": k}) for n, (e, a, k) in enumerate([(0.1, 9.0, 0.9), (0.2, 3.0, 0.6)])],
    PAPER,
    BOUNDS,
)  # fmt: skip


def test_of_a_score_the_limit_is_the_least_that_is_allowed() -> None:
    got = pick(SCORED, {"kappa": 0.75}, scores=["kappa"])
    assert got.chosen is SCORED.members[0]
    assert got.left_out[0].excesses[0].share == pytest.approx(0.2)
    text = explain(got)
    assert "(kappa at least 0.75)" in text
    assert f"Left out: {SCORED.members[1].id}, kappa 0.6 is 20% under 0.75." in text
    assert pick(SCORED, {"kappa": 0.9}, scores=["kappa"]).chosen is SCORED.members[0]
    assert pick(SCORED, {"kappa": 0.6}, scores=["kappa"]).chosen is SCORED.members[1]


def test_by_a_score_takes_the_most_of_it() -> None:
    got = pick(SCORED, {}, by="kappa", scores=["kappa"])
    assert got.chosen is SCORED.members[0]
    assert "the most kappa of the 2 members" in explain(got)


@pytest.mark.parametrize(
    ("limits", "by", "says"),
    [
        ({"eror": 0.1}, "action", "no member of the front has a measure named 'eror'; did you mean 'error'"),
        ({}, "acton", "did you mean 'action'"),
        ({"error": float("nan")}, "action", "the limit of error must be a number of 0 or more, not nan"),
        ({"error": -1.0}, "action", "0 or more"),
    ],
)
def test_wrong_use(limits: dict[str, float], by: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        pick(FRONT, limits, by=by)


def test_an_empty_front() -> None:
    assert explain(pick(front_of([], PAPER, BOUNDS), {"error": 0.1})) == "The front is empty, so there is no member to choose."
