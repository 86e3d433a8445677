"""Confirmation: the plan that fits the clock, kept once made, and carried out seed by seed."""

from __future__ import annotations

import dataclasses
import json

from hypothesis import assume, given
from hypothesis import strategies as st
from toy_space import FakeEngine, session

from minas.analysis.front import Member
from minas.evolution import confirm
from minas.evolution.confirm import FINISHING, Plan, fit, make_plan, run_baselines, run_confirmation
from minas.evolution.guard import SHORTEST_GUARD
from minas.evolution.search import run_search
from minas.trial import Candidate, Cost, Status, Trial


def member(number: int, seconds: float) -> Member:
    candidate = Candidate(role="search", number=number, key=f"k{number}", architecture={}, seed=0, epochs=8)
    trial = Trial(candidate=candidate, status=Status.COMPLETE, cost=Cost(training_seconds=seconds))
    return Member(trial=trial, values=(), contribution=0.0)


paces = st.lists(st.floats(0.01, 100), max_size=6)
wanted = st.fixed_dictionaries(
    {"epochs": st.integers(1, 40), "brief": st.integers(1, 10), "repeats": st.integers(1, 4), "workers": st.integers(1, 4)}
)


def members_of(seconds: list[float]) -> list[Member]:
    return [member(10 - place, pace) for place, pace in enumerate(seconds)]


@given(paces, wanted, st.floats(-100, 1e5))
def test_a_plan_ends_in_time_and_takes_members_in_order(seconds, options, left: float) -> None:
    members = members_of(seconds)
    plan = fit(members, **options, seconds=left)
    assert plan.members == tuple(one.trial.number for one in members[: len(plan.members)])
    assert 1 <= plan.epochs <= options["epochs"]
    assert 1 <= plan.seeds <= options["repeats"]
    if plan.members:
        assert plan.expected <= left
        assert plan.epochs >= min(options["brief"], options["epochs"])
        work = sum(one.trial.cost.training_seconds for one in members[: len(plan.members)]) * plan.seeds * plan.epochs
        assert plan.expected >= work / options["brief"] / options["workers"]
    else:
        assert plan.expected == 0.0
    whole = (len(plan.members), plan.epochs, plan.seeds) == (len(members), options["epochs"], options["repeats"])
    assert (plan.note is None) == whole


@given(paces, wanted, st.floats(0, 1e4), st.floats(0, 1e4))
def test_more_time_never_plans_less(seconds, options, left: float, more: float) -> None:
    short = fit(members_of(seconds), **options, seconds=left)
    long = fit(members_of(seconds), **options, seconds=left + more)
    assert len(long.members) >= len(short.members)
    assert long.epochs >= short.epochs
    assert long.seeds >= short.seeds


@given(paces, wanted)
def test_without_a_clock_all_is_confirmed(seconds, options) -> None:
    plan = fit(members_of(seconds), **options, seconds=float("inf"))
    assert len(plan.members) == len(seconds)
    assert (plan.epochs, plan.seeds, plan.note) == (options["epochs"], options["repeats"], None)


@given(paces, wanted)
def test_a_plan_is_given_up_only_where_not_even_one_short_training_fits(seconds, options) -> None:
    assume(seconds)
    members = members_of(seconds)
    least = fit(members[:1], **{**options, "epochs": min(options["brief"], options["epochs"]), "repeats": 1}, seconds=1e9)
    assert len(fit(members, **options, seconds=least.expected).members) >= 1
    assert fit(members, **options, seconds=least.expected * 0.999).members == ()


def test_members_go_before_epochs_and_epochs_before_seeds() -> None:
    members = members_of([8.0] * 6)
    options = {"epochs": 20, "brief": 8, "repeats": 3, "workers": 1}
    plans = [fit(members, **options, seconds=float(left)) for left in range(600, 0, -1)]
    seen = list(dict.fromkeys((len(plan.members), plan.epochs, plan.seeds) for plan in plans))
    assert seen == [
        *[(count, 20, 3) for count in (6, 5, 4, 3)],
        *[(3, epochs, 3) for epochs in (16, 12, 8)],
        *[(3, 8, seeds) for seeds in (2, 1)],
        (2, 8, 1),
        (1, 8, 1),
        (0, 8, 1),
    ]
    assert plans[-1].note == ("the clock allows 0 of 6 members, 8 of 20 epochs, 1 of 3 seeds; a longer --time confirms all")


def searched(folder, **options):
    run = session(folder, trials=40, **options)
    run_search(run, share=1.0)
    return run


def test_the_plan_is_chosen_on_the_front_stored_and_never_made_anew(tmp_path) -> None:
    run = searched(tmp_path, members=4, confirmation_epochs=20, confirmation_seeds=2)
    plan = make_plan(run)
    assert len(plan.members) == 4
    assert set(plan.members) <= {one.trial.number for one in run.front.members}
    assert json.loads(json.dumps(run.store.fact("confirmation_plan")))["members"] == list(plan.members)
    run.front = dataclasses.replace(run.front, members=())
    run.clock.looks = 1
    assert make_plan(run) == plan
    run.store.close()


def test_the_plan_keeps_time_for_the_finish(tmp_path, monkeypatch) -> None:
    run = searched(tmp_path)
    given: list[float] = []

    def fitted(members, *, seconds: float, **options) -> Plan:
        given.append(seconds)
        return fit(members, seconds=seconds, **options)

    monkeypatch.setattr(confirm, "fit", fitted)
    monkeypatch.setattr(run.clock, "left", lambda share=1.0: 100.0)
    assert make_plan(run).expected <= given[0] == 100.0 - FINISHING
    run.store.close()


def test_no_members_are_wanted_or_there_are_none(tmp_path) -> None:
    run = searched(tmp_path, members=0)
    assert make_plan(run).members == ()
    window = run_confirmation(run, make_plan(run))
    assert window.finished == {}
    run.store.close()


def test_every_member_is_trained_on_every_seed_the_most_important_first(tmp_path) -> None:
    run = searched(tmp_path, members=3, confirmation_epochs=20, confirmation_seeds=2)
    plan = make_plan(run)
    before = len(run.engine.submitted)
    run_confirmation(run, plan)
    asked = run.engine.submitted[before:]
    by_number = {trial.number: trial.candidate for trial in run.store.trials("search")}
    assert [one.key for one in asked] == [by_number[number].key for number in plan.members] * 2
    assert [one.number for one in asked] == list(range(6))
    assert {(one.role, one.part, one.epochs) for one in asked} == {("confirmation", "test", 20)}
    seeds = [one.seed for one in asked]
    assert seeds == [confirm.confirmation_seed(0)] * 3 + [confirm.confirmation_seed(1)] * 3
    assert seeds[0] != seeds[3]
    assert len(run.store.trials("confirmation")) == 6
    assert run.engine.timeouts[before:] == [SHORTEST_GUARD] * 6, "a hang is told by the search's pace"
    run_confirmation(run, plan)
    assert len(run.engine.submitted) == before + 6, "a finished confirmation was trained again"
    run.store.close()


def test_baselines_go_through_the_same_protocol(tmp_path) -> None:
    run = session(tmp_path)
    run_baselines(run, {"chain w8": {"digits": [0]}, "chain w16": {"digits": [1]}}, epochs=20, repeats=2)
    trials = run.store.trials("baseline")
    assert [trial.candidate.key for trial in trials] == ["baseline:chain w8", "baseline:chain w16"] * 2
    assert [trial.candidate.baseline for trial in trials] == ["chain w8", "chain w16"] * 2
    assert [trial.candidate.seed for trial in trials] == [confirm.confirmation_seed(place // 2) for place in range(4)]
    assert {(trial.candidate.part, trial.candidate.epochs) for trial in trials} == {("test", 20)}
    run.store.close()


def test_a_confirmation_whose_time_is_over_keeps_what_finished(tmp_path) -> None:
    run = searched(tmp_path, members=3, confirmation_seeds=3)
    plan = make_plan(run)
    run.clock.looks = FINISHING / 2 + 4
    run_confirmation(run, plan)
    kept = [trial.number for trial in run.store.trials("confirmation")]
    assert 0 < len(kept) < 9
    assert kept == list(range(len(kept)))
    run.store.close()
    again = session(tmp_path, engine=FakeEngine(), members=3, confirmation_seeds=3)
    run_search(again, share=1.0)
    run_confirmation(again, make_plan(again))
    assert [trial.number for trial in again.store.trials("confirmation")] == list(range(9))
    assert [one.number for one in again.engine.submitted] == list(range(len(kept), 9))
    again.store.close()
