"""A sitting: what displays hear, what limits and seeds do, what is added up over sittings."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import pytest
from toy_space import FakeEngine, ToySpace, session

from minas.evolution import session as session_module
from minas.evolution.clock import Clock
from minas.evolution.guard import FIRST_GUARD, SHORTEST_GUARD, Pace
from minas.evolution.search import run_control, run_search
from minas.evolution.session import Progress, Stopwatch
from minas.trial import Status


@pytest.fixture
def sitting(tmp_path: Path):
    opened = []

    def make(**options):
        opened.append(session(tmp_path, **options))
        return opened[-1]

    yield make
    for one in opened:
        one.store.close()


def test_a_candidate_s_seed_follows_from_the_run_s_seed_and_its_key_alone(sitting) -> None:
    run = sitting(seed=3)
    digits = (1,) * 16
    first, second = run.candidate("search", 4, digits), run.candidate("control", 9, digits, parents=("x",))
    assert first.seed == second.seed
    assert first.seed != run.candidate("search", 4, (2,) * 16).seed
    assert first.seed != sitting(seed=4).candidate("search", 4, digits).seed
    assert (first.key, first.epochs, first.architecture) == (ToySpace().key(digits), 8, {"digits": list(digits)})
    assert second.parents == ("x",)


def test_limits_that_can_be_predicted_keep_architectures_from_being_asked(sitting) -> None:
    assert sitting().within_limits((4,) * 16)
    run = sitting(limits={"cost": 30.0, "params": 1.0})
    assert run.within_limits((0,) * 16)
    assert not run.within_limits((2,) * 16)
    run_search(run, share=1.0)
    run_control(run, 10, share=1.0)
    asked = [*run.store.candidates("search"), *run.store.candidates("control")]
    assert len(asked) == 40
    assert all(sum(one.architecture["digits"]) <= 30 for one in asked)


def test_the_control_is_random_repeatable_and_without_doubles(sitting, tmp_path: Path) -> None:
    run = sitting(seed=1)
    run_control(run, 25, share=1.0)
    found = run.store.trials("control")
    assert [trial.number for trial in found] == list(range(25))
    assert len({trial.candidate.key for trial in found}) == 25
    assert all(trial.candidate.parents == () and trial.candidate.part == "validation" for trial in found)
    (tmp_path / "again").mkdir()
    again = session(tmp_path / "again", seed=1, engine=FakeEngine(3))
    run_control(again, 25, share=1.0)
    assert again.store.trials("control") == found
    again.store.close()


def test_the_control_ends_where_a_space_has_no_more(sitting) -> None:
    run = sitting(space=ToySpace(slots=2, levels=2))
    run_control(run, 25, share=1.0)
    assert len(run.store.trials("control")) == 4


def test_displays_hear_of_every_step_and_of_the_front(sitting) -> None:
    heard: list[Progress] = []
    run = sitting(trials=20)
    run.listener = heard.append
    run_search(run, share=0.6)
    assert {progress.phase for progress in heard} == {"search"}
    assert [progress.told for progress in heard] == sorted(progress.told for progress in heard)
    last = heard[-1]
    assert (last.told, last.asked, last.of) == (20, 20, 20)
    assert last.front == run.front
    assert (last.left, last.share_left) == (None, None)
    assert last.spent >= 0
    assert run.front.members
    assert all(member.trial.status is Status.COMPLETE for member in run.front.members)


def test_the_live_front_is_the_front_of_all_that_was_told(sitting) -> None:
    run = sitting(trials=40)
    points: list[set[tuple[float, ...]]] = []
    run.listener = lambda progress: points.append(
        ({member.values for member in progress.front.members} if progress.front else set(), progress.told)
    )
    run_search(run, share=1.0)
    trials = run.store.trials("search")
    for values, told in points:
        assert values == {member.values for member in run.front_of(trials[:told]).members}


def test_seconds_add_up_over_sittings_whatever_ends_them(sitting) -> None:
    run = sitting()
    run.add_fact("search_seconds", 10.0)
    with pytest.raises(KeyboardInterrupt), Stopwatch(run, "search_seconds"):
        raise KeyboardInterrupt
    assert 10.0 <= run.store.fact("search_seconds") < 11.0


def test_the_clock_is_kept_about_once_a_second(sitting, monkeypatch: pytest.MonkeyPatch) -> None:
    run = sitting()
    for spent, kept in ((0.5, None), (1.5, 1.5), (2.0, 1.5), (2.6, 2.6)):
        monkeypatch.setattr(run.clock, "spent", lambda spent=spent: spent)
        run.report("search")
        assert run.store.fact("spent") == kept


def test_seconds_of_a_sitting_that_is_killed_are_kept_with_the_clock(sitting, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(session_module.time, "monotonic", lambda: now[0])
    run = sitting()
    run.store.put_fact("search_seconds", 10.0)
    monkeypatch.setattr(run.clock, "spent", lambda: now[0] - 1000.0)
    with Stopwatch(run, "search_seconds"):
        for seconds, kept in ((0.5, 10.0), (7.0, 17.0), (7.4, 17.0)):
            now[0] = 1000.0 + seconds
            run.report("search")
            assert run.store.fact("search_seconds") == kept, "what the store holds if the process is killed now"
        now[0] = 1008.0
    assert run.store.fact("search_seconds") == 18.0
    now[0] = 1099.0
    run.report("confirmation")
    assert run.store.fact("search_seconds") == 18.0, "the phase is over"


class Predicted(ToySpace):
    """A space that predicts FLOPs."""

    def features(self, architecture, task_shape, classes):
        return {"flops": 1e6 * sum(architecture)}


def test_the_first_trials_are_guarded_by_their_predicted_work_and_by_the_clock(sitting) -> None:
    run = sitting(space=Predicted())
    run.configuration = dataclasses.replace(
        run.configuration, task=dataclasses.replace(run.configuration.task, samples=(3000, 1, 1))
    )
    small, large = (run.candidate("search", 0, digits) for digits in ((0,) * 16, (4,) * 16))
    assert run.guard.seconds(small, Pace()) == FIRST_GUARD, "without a clock, nobody waits"
    assert run.guard.seconds(large, Pace()) == 10 * 8 * 3000 * (2e-3 + 3 * 64e6 / 1e9) > FIRST_GUARD
    for total, guards in ((300.0, (SHORTEST_GUARD, 300.0)), (1e6, (SHORTEST_GUARD, 8 * 3000 * 0.194)), (9.0, (120.0, 120.0))):
        run.clock = Clock(total, started=time.monotonic())
        found = [run.guard.seconds(one, Pace()) for one in (small, large)]
        assert found == pytest.approx(guards, abs=1.0), "a trial that takes longer than the clock has left cannot count"
    assert run.guard.seconds(dataclasses.replace(small, architecture=None), Pace()) == SHORTEST_GUARD


def test_a_space_that_predicts_nothing_is_guarded_by_the_clock_alone(sitting) -> None:
    run = sitting()
    one = run.candidate("search", 0, (1,) * 16)
    assert run.guard.seconds(one, Pace()) == FIRST_GUARD
    run.clock = Clock(300.0)
    assert run.guard.seconds(one, Pace()) == pytest.approx(300.0, abs=1.0)


def test_every_phase_guards_its_workers_by_the_clock(sitting) -> None:
    run = sitting(trials=4)
    run.clock = Clock(300.0)
    run.clock.over = lambda share=1.0: run.engine.work() or False
    run_search(run, share=1.0)
    run_control(run, 4, share=1.0)
    assert len(run.engine.timeouts) == 8
    assert all(299.0 < guard <= 300.0 for guard in run.engine.timeouts[:4])
