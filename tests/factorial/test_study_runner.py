"""The runner: every planned cell once, whatever stops it in between, and what finished is kept."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path

import pytest

from minas.errors import MinasError, UsageError
from minas.factorial.runner import Runner, put_plan
from minas.run.store import Store
from minas.trial import Candidate, Status, Trial


def cells(count: int, tasks: int = 2) -> list[Candidate]:
    return [
        Candidate(
            role="study",
            number=number,
            key=f"k{number}",
            architecture=None,
            baseline="b",
            seed=number,
            epochs=1,
            training={"lambda": 0.5, "functional": "action"},
            levels={"domain": f"task {number * tasks // count}", "lambda": 0.5},
        )
        for number in range(count)
    ]


class Hands:
    """An engine that evaluates at once, or breaks, and notes what it was given."""

    note = None
    capacity = 2

    def __init__(self, seen: list[int], breaks_at: int | None = None) -> None:
        self.seen, self.breaks_at, self.closed = seen, breaks_at, False

    def submit(self, candidate: Candidate, *, timeout: float) -> Future[Trial]:
        assert timeout > 0
        assert not self.closed
        future: Future[Trial] = Future()
        self.seen.append(candidate.number)
        if candidate.number == self.breaks_at:
            future.set_exception(MinasError("the disk is full"))
        else:
            future.set_result(Trial(candidate=candidate, status=Status.COMPLETE, measures={"error": candidate.number / 100}))
        return future

    def drop_waiting(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def store(tmp_path: Path):
    with Store(tmp_path / "run.db") as opened:
        yield opened


def test_every_cell_is_evaluated_once_by_the_engine_of_its_task(store: Store) -> None:
    put_plan(store, cells(7))
    seen: list[int] = []
    engines: dict[str, Hands] = {}

    def engine_of(name: str) -> Hands:
        engines[name] = Hands(seen)
        return engines[name]

    told: list[tuple[int, int]] = []
    assert Runner(store=store, engine_of=engine_of, tick=lambda *counts: told.append(counts)).run()
    assert sorted(seen) == list(range(7))
    assert list(engines) == ["task 0", "task 1"]
    assert all(engine.closed for engine in engines.values())
    assert [trial.measures["error"] for trial in store.trials("study")] == [number / 100 for number in range(7)]
    assert told[0] == (0, 7)
    assert told[-1] == (7, 7)


def test_what_is_finished_is_not_evaluated_again(store: Store) -> None:
    planned = cells(6)
    put_plan(store, planned)
    for number in (0, 4):
        store.put_trial(Trial(candidate=planned[number], status=Status.DIVERGED, reason="it did"))
    seen: list[int] = []
    assert Runner(store=store, engine_of=lambda name: Hands(seen)).run()
    assert sorted(seen) == [1, 2, 3, 5]
    assert [trial.status for trial in store.trials("study")][4] is Status.DIVERGED
    assert Runner(store=store, engine_of=lambda name: pytest.fail("there is nothing left")).run()


def test_what_ends_the_study_is_raised_when_what_finished_is_kept(store: Store) -> None:
    put_plan(store, cells(6, tasks=1))
    seen: list[int] = []
    with pytest.raises(MinasError, match="the disk is full"):
        Runner(store=store, engine_of=lambda name: Hands(seen, breaks_at=1)).run()
    assert {trial.number for trial in store.trials("study")} == set(seen) - {1}
    assert Runner(store=store, engine_of=lambda name: Hands(seen)).run()
    assert len(store.trials("study")) == 6


def test_a_study_stopped_by_the_clock_goes_on(store: Store) -> None:
    put_plan(store, cells(20, tasks=1))
    seen: list[int] = []
    runner = Runner(store=store, engine_of=lambda name: Hands(seen))
    runner.stop = lambda: len(runner.finished) >= 5
    assert not runner.run()
    assert 5 <= len(store.trials("study")) < 20
    assert Runner(store=store, engine_of=lambda name: Hands(seen)).run()
    assert sorted(seen) == list(range(20))


def test_a_plan_is_kept_whole_and_not_replaced(store: Store) -> None:
    put_plan(store, cells(6))
    put_plan(store, cells(6))
    assert store.candidates("study") == cells(6)
    with pytest.raises(UsageError, match="another plan, of 6 cells where this one has 5"):
        put_plan(store, cells(5))
    assert store.candidates("study") == cells(6)


def test_what_the_machine_broke_is_noted(store: Store) -> None:
    put_plan(store, cells(1, tasks=1))

    class Broken(Hands):
        def submit(self, candidate, *, timeout):
            future = Future()
            future.set_result(Trial(candidate=candidate, status=Status.FAILED, reason="a worker died", attempts=2))
            return future

    assert Runner(store=store, engine_of=lambda name: Broken([])).run()
    assert store.fact("not_repeatable") == "cell 0 failed because of the machine: a worker died"
