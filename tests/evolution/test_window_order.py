"""The ordered window: what is asked for depends on its size alone, never on workers, their speed, or where a run was killed."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_space import BOUNDS, OBJECTIVES, Crash, FakeEngine, ToySpace, session

from minas.analysis.front import front_of
from minas.errors import MinasError
from minas.evolution import guard as guard_module
from minas.evolution.search import run_control, run_search
from minas.evolution.window import Window
from minas.run.store import Store
from minas.trial import Candidate, Cost, Status, Trial


def candidate(number: int) -> Candidate:
    return Candidate(role="search", number=number, key=str(number), architecture={"digits": [0]}, seed=1, epochs=8)


def some_order(numbers: list[int]) -> Callable[[int], int]:
    queue = iter(numbers * 100)
    return lambda begun: next(queue)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 6), st.integers(1, 9), st.integers(0, 14), st.lists(st.integers(0, 50), min_size=1, max_size=20))
def test_each_is_asked_for_with_exactly_as_many_results_told_as_the_window_says(workers, size, count, order) -> None:
    engine = FakeEngine(workers, some_order(order))
    asked: list[tuple[int, int]] = []
    told: list[int] = []

    def ask(number: int) -> Candidate | None:
        if number >= count:
            return None
        asked.append((number, len(told)))
        return candidate(number)

    def stop() -> bool:
        engine.work()
        return False

    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "run.db") as store:
        tell = lambda trial: told.append(trial.number)  # noqa: E731
        Window(role="search", engine=engine, store=store, size=size, ask=ask, tell=tell, stop=stop).run()
        assert asked == [(number, max(0, number - size + 1)) for number in range(count)]
        assert told == list(range(count))
        assert [trial.number for trial in store.trials("search")] == told
        assert store.fact("search_told", 0) == count


def stored(folder: Path, *, roles: tuple[str, ...] = ("search", "control")) -> dict[str, object]:
    with Store(folder / "run.db", read_only=True) as store:
        return {
            "candidates": {role: store.candidates(role) for role in roles},
            "trials": {role: store.trials(role) for role in roles},
            "population": store.fact("population"),
            "told": [store.fact(f"{role}_told") for role in roles],
            "ended": [store.fact(f"{role}_ended") for role in roles],
        }


def sitting(folder: Path, **options) -> bool:
    """Search until the end or the crash; tell whether it was the end."""
    run = session(folder, **options)
    try:
        run_search(run, share=1.0)
        run_control(run, 3, share=1.0)
    except Crash:
        return False
    finally:
        run.store.close()
    return True


def uninterrupted(**options) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        assert sitting(Path(folder), **options)
        return stored(Path(folder))


SEARCH = {"trials": 9, "population": 4, "window": 3}
EXHAUSTED = {"trials": None, "population": 3, "window": 2, "space": ToySpace(slots=3, levels=2)}


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 6), st.lists(st.integers(0, 50), min_size=1, max_size=20))
def test_the_search_is_the_same_with_any_workers_in_any_order(workers: int, order: list[int]) -> None:
    assert uninterrupted(**SEARCH, engine=FakeEngine(workers, some_order(order))) == uninterrupted(**SEARCH)


def test_the_window_and_the_seed_do_decide() -> None:
    reference = uninterrupted(**SEARCH)["candidates"]
    assert uninterrupted(**{**SEARCH, "window": 5})["candidates"] != reference
    assert uninterrupted(**{**SEARCH, "seed": 1})["candidates"] != reference


@pytest.mark.parametrize("options", [SEARCH, EXHAUSTED], ids=["trials", "exhausted"])
def test_a_crash_before_any_write_changes_nothing(options: dict[str, object], tmp_path: Path) -> None:
    reference = uninterrupted(**options)
    for writes in range(1000):
        folder = tmp_path / str(writes)
        folder.mkdir()
        if sitting(folder, **options, writes=writes, engine=FakeEngine(3, lambda begun: begun - 1)):
            break
        kept = stored(folder)["trials"]["search"]
        engine = FakeEngine(2)
        assert sitting(folder, **options, engine=engine)
        assert stored(folder) == reference, f"a crash before write {writes}"
        again = {one.number for one in engine.submitted if one.role == "search"}
        assert not again & {trial.number for trial in kept}, "a finished trial was evaluated again"
    assert 50 < writes < 999, "hardly a crash was tried"


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 5), st.integers(0, 9)), max_size=6))
def test_many_crashes_change_nothing(sittings) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for writes, workers, place in sittings:
            sitting(Path(folder), **SEARCH, writes=writes, engine=FakeEngine(workers, lambda begun, place=place: place))
        assert sitting(Path(folder), **SEARCH)
        assert stored(Path(folder)) == uninterrupted(**SEARCH)


def test_once_there_was_nothing_to_ask_nothing_is_asked_after_a_crash_either(tmp_path: Path) -> None:
    def evaluated(told_at_most: float) -> list[int]:
        engine = FakeEngine()
        with Store(tmp_path / "run.db") as store:
            window = Window(
                role="search",
                engine=engine,
                store=store,
                size=3,
                ask=lambda number: candidate(number) if number != 5 or window.told > 3 else None,
                tell=lambda trial: None,
                stop=lambda: engine.work() or window.told > told_at_most,
            )
            window.load(store.fact("search_told", 0))
            window.run()
            return [trial.number for trial in store.trials("search")]

    evaluated(3)
    assert evaluated(99) == [0, 1, 2, 3, 4]


def test_the_exhausted_space_was_searched_whole() -> None:
    assert len(uninterrupted(**EXHAUSTED)["trials"]["search"]) == 2**3


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 40), st.integers(1, 4), st.integers(0, 9))
def test_what_finishes_when_the_time_is_over_is_kept_flagged_and_never_counts(looks: int, workers: int, place: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        engine = FakeEngine(workers, lambda begun: place)
        run = session(folder, **{**SEARCH, "trials": None}, engine=engine, looks=looks)
        window = run_search(run, share=0.6)
        while engine.queue:
            engine.work()
        window.late()
        front = run.front
        ended = run.store.fact("search_ended")
        run.store.close()

        trials = stored(folder)["trials"]["search"]
        assert [trial.late for trial in trials] == [trial.number >= ended for trial in trials]
        assert len([trial for trial in trials if not trial.late]) == ended
        assert front == front_of(trials, OBJECTIVES, BOUNDS)
        assert {member.trial.number for member in front.members} <= set(range(ended))

        again = session(folder, **{**SEARCH, "trials": None}, looks=1000)
        run_search(again, share=0.6)
        assert again.engine.submitted == [], "a search that had ended went on"
        assert again.front == front
        again.store.close()
        assert stored(folder)["trials"]["search"] == trials

        repeated = uninterrupted(**{**SEARCH, "trials": ended})["trials"]["search"] if ended else []
        assert repeated == trials[:ended]


def test_a_clock_that_is_over_begins_nothing(tmp_path: Path) -> None:
    sitting(tmp_path, **{**SEARCH, "trials": None}, writes=60)
    before = stored(tmp_path)
    run = session(tmp_path, **{**SEARCH, "trials": None}, looks=0)
    run_search(run, share=0.6)
    assert run.engine.submitted == []
    assert run.store.fact("search_told") == before["told"][0]
    run.store.close()


def test_an_error_of_the_machine_ends_the_run_once_everything_that_finished_is_kept(tmp_path: Path) -> None:
    engine = FakeEngine(4)

    def stop() -> bool:
        if engine.queue:
            engine.queue[0][1].set_exception(MinasError("the disk is full"))
            for one, future in engine.queue[1:]:
                future.set_result(Trial(candidate=one, status=Status.COMPLETE))
            engine.queue.clear()
        return False

    with Store(tmp_path / "run.db") as store:
        ask = lambda number: candidate(number)  # noqa: E731
        window = Window(role="search", engine=engine, store=store, size=4, ask=ask, tell=lambda trial: None, stop=stop)
        window.stop()
        with pytest.raises(MinasError, match="the disk is full"):
            window.run()
        assert [trial.number for trial in store.trials("search")] == [1, 2, 3]


def test_a_trial_that_a_machine_broke_twice_marks_the_run(tmp_path: Path) -> None:
    class Breaking(FakeEngine):
        def work(self) -> None:
            if self.queue:
                one, future = self.queue.pop(0)
                broken = one.number == 2
                status = Status.FAILED if broken else Status.COMPLETE
                reason = "the worker died, twice" if broken else None
                future.set_result(Trial(candidate=one, status=status, reason=reason, attempts=2 if broken else 1))

    engine = Breaking()
    run = session(tmp_path, engine=engine, trials=6)
    run_search(run, share=1.0)
    assert run.store.fact("not_repeatable") == "search trial 2 failed because of the machine: the worker died, twice"
    run.store.close()
    sound = session(tmp_path / "..", trials=6)
    run_search(sound, share=1.0)
    assert sound.store.fact("not_repeatable") is None
    sound.store.close()


def finished(seconds: float, epochs: int, status: Status = Status.COMPLETE) -> Trial:
    one = dataclasses.replace(candidate(0), epochs=epochs)
    return Trial(candidate=one, status=status, cost=Cost(seconds=seconds))


@pytest.mark.parametrize(
    ("paced_by", "epochs", "guard"),
    [
        ([], 8, guard_module.FIRST_GUARD),
        ([finished(100, 8)] * 4, 8, guard_module.FIRST_GUARD),
        ([finished(100, 8)] * 5, 8, 2000.0),
        ([finished(100, 8)] * 5, 24, 6000.0),
        ([finished(100, 8)] * 5 + [finished(1, 8, Status.FAILED)] * 9, 8, 2000.0),
        ([finished(1, 8)] * 5, 8, guard_module.SHORTEST_GUARD),
        ([finished(100, 0)] * 5, 0, 2000.0),
    ],
)
def test_a_worker_counts_as_hung_by_the_pace_of_what_finished(tmp_path: Path, paced_by, epochs: int, guard: float) -> None:
    engine = FakeEngine()
    asked = iter([dataclasses.replace(candidate(0), epochs=epochs)])
    with Store(tmp_path / "run.db") as store:
        window = Window(
            role="search",
            engine=engine,
            store=store,
            size=1,
            ask=lambda number: next(asked, None),
            tell=lambda trial: None,
            stop=lambda: engine.work() or False,
            paced_by=paced_by,
        )
        window.run()
    assert engine.timeouts == [guard]
