"""One contract for every engine on the shelf, with an evaluator that can fail in every way."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import CancelledError, Future, wait
from pathlib import Path

import pytest
from dask_clusters import cluster

from minas.engines import ENGINES, Engine
from minas.errors import DataError, MinasError, UsageError
from minas.trial import Candidate, Status, Trial

LONG = 60.0


def candidate(number: int, key: str = "ok") -> Candidate:
    return Candidate(role="search", number=number, key=key, architecture={}, seed=0, epochs=1)


def missing(package: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(importlib.util.find_spec(package) is None, reason=f"{package} is not installed")


MARKS = {"dask": [missing("distributed")], "nni": [pytest.mark.slow, missing("nni")]}
"""Each of NNI's trials is a process of its own: a matter of seconds."""

ALL = [pytest.param(name, marks=MARKS.get(name, ())) for name in ENGINES.names()]
WARM = [one for one in ALL if one.values != ("nni",)]


@pytest.fixture(scope="module")
def dask_address():
    """`dask_address(2)`: a cluster of one Dask worker of two threads, started when it is first asked for."""
    with contextlib.ExitStack() as running:
        made: dict[int, str] = {}

        def address(threads: int) -> str:
            if threads not in made:
                made[threads] = running.enter_context(cluster(threads_per_worker=threads)).scheduler_address
            return made[threads]

        yield address


@pytest.fixture(params=ALL)
def start(request: pytest.FixtureRequest, tmp_path: Path):
    engines: list[Engine] = []

    def make(workers: int = 1, **work: str) -> Engine:
        text = json.dumps({"folder": str(tmp_path), **work})
        options = {}
        if request.param == "dask" and workers > 0:  # one that runs already: starting one takes seconds
            options["address"] = request.getfixturevalue("dask_address")(workers)
        engine = ENGINES.get(request.param).start(text, workers, evaluator="engine_evaluator", options=options)
        engines.append(engine)
        return engine

    yield make
    for engine in engines:
        engine.close()


def submit(engine: Engine, *keys: str, timeout: float = LONG) -> list[Future[Trial]]:
    return [engine.submit(candidate(number, key), timeout=timeout) for number, key in enumerate(keys)]


def events(folder: Path) -> list[tuple[int, int, str]]:
    rows = [line.split() for line in (folder / "log").read_text().splitlines()]
    return [(int(number), int(process), what) for number, process, what, _ in rows]


def eventually(holds, seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    return bool(holds())


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_each_candidate_gives_its_own_trial_and_they_are_begun_in_order(start, tmp_path) -> None:
    engine = start(workers=1)
    futures = submit(engine, *["ok"] * 6)
    assert [future.result(LONG).measures["number"] for future in futures] == [0, 1, 2, 3, 4, 5]
    assert [number for number, _, what in events(tmp_path) if what == "begins"] == [0, 1, 2, 3, 4, 5]
    assert {future.result().attempts for future in futures} == {1}


@pytest.mark.parametrize("workers", [0, -1])
def test_an_engine_without_workers_is_refused(start, workers: int) -> None:
    with pytest.raises(UsageError, match=f"trials need at least one worker, not {workers}"):
        start(workers=workers)


@pytest.mark.parametrize("start", WARM, indirect=True)
def test_workers_stay_warm_and_work_side_by_side(start, tmp_path) -> None:
    engine = start(workers=2)
    assert engine.capacity == 2
    futures = submit(engine, "sleep:0.5", "sleep:0.5", "ok", "ok", "ok", "ok")
    processes = {future.result(LONG).measures["process"] for future in futures}
    assert len(processes) == 2
    assert os.getpid() not in processes


def test_a_mistake_in_the_evaluator_ends_the_run_and_says_where(start) -> None:
    future = submit(start(), "raise")[0]
    with pytest.raises(RuntimeError, match=r"ValueError: a mistake in MINAS"):
        future.result(LONG)


def test_an_error_of_minas_comes_back_as_it_is(start) -> None:
    engine = start()
    first, second, third = submit(engine, "minas", "odd", "ok")
    with pytest.raises(MinasError, match="the disk is full"):
        first.result(LONG)
    with pytest.raises(MinasError, match=r"this engine needs the package nni: pip install 'minas\[nni\]'"):
        second.result(LONG)
    assert third.result(LONG).status is Status.COMPLETE


def test_what_prepare_refuses_ends_the_run_for_every_candidate(start) -> None:
    for future in submit(start(prepare="fail"), "ok", "ok"):
        with pytest.raises(DataError, match=r"digits\.csv: not there"):
            future.result(LONG)


def test_a_worker_that_dies_while_it_starts_fails_its_candidates_and_never_hangs(start) -> None:
    engine = start(prepare="die")
    trial = submit(engine, "ok")[0].result(LONG)
    assert (trial.status, trial.reason) == (Status.FAILED, "the worker died (exit code 3), twice")


def test_a_killed_worker_is_replaced_and_its_candidate_tried_again(start, tmp_path) -> None:
    engine = start()
    first, second = submit(engine, "die-once", "ok")
    assert (first.result(LONG).status, first.result().attempts) == (Status.COMPLETE, 2)
    assert (second.result(LONG).status, second.result().attempts) == (Status.COMPLETE, 1)


def test_a_second_failure_is_recorded_and_counted(start) -> None:
    engine = start()
    first, second, third = submit(engine, "die", "memory", "ok")
    trial = first.result(LONG)
    assert (trial.status, trial.attempts) == (Status.FAILED, 2)
    assert trial.reason == "the worker died (exit code -9), twice"
    assert second.result(LONG).reason == "no memory was left, twice"
    assert third.result(LONG).status is Status.COMPLETE


def test_a_hung_worker_is_killed_and_its_candidate_tried_again(start, tmp_path) -> None:
    engine = start(workers=1)
    submit(engine, "ok")[0].result(LONG)
    first, second = [engine.submit(candidate(n, key), timeout=0.6) for n, key in ((1, "hang-once"), (2, "hang"))]
    assert (first.result(LONG).status, first.result().attempts) == (Status.COMPLETE, 2)
    assert second.result(LONG).reason == "the worker hung for 0.6 seconds, twice"
    hung = [process for number, process, what in events(tmp_path) if number in (1, 2) and what == "begins"]
    assert len(hung) == 4
    assert eventually(lambda: not alive(hung[0]) and not alive(hung[3]))


def test_a_retry_runs_alone(start, tmp_path) -> None:
    engine = start(workers=2)
    futures = submit(engine, "die-once:0.5", *["sleep:0.3"] * 5)
    wait(futures, LONG)
    log = events(tmp_path)
    again = [place for place, (number, _, what) in enumerate(log) if number == 0 and what == "begins"][1]
    assert [number for number, _, _ in log[again : again + 2]] == [0, 0], "something else began while the retry was at work"
    open_before = {number for number, _, what in log[:again] if what == "begins"}
    closed_before = {number for number, _, what in log[:again] if what == "ends"}
    assert open_before - closed_before == {0}, "something else was still at work when the retry began"


@pytest.mark.parametrize("start", WARM, indirect=True)
def test_idle_workers_that_are_killed_are_replaced(start, tmp_path) -> None:
    engine = start(workers=2)
    busy = submit(engine, "sleep:0.4", "sleep:0.4")
    processes = {int(future.result(LONG).measures["process"]) for future in busy}
    for process in processes:
        os.kill(process, signal.SIGKILL)
    assert eventually(lambda: not any(alive(process) for process in processes))
    trials = [future.result(LONG) for future in submit(engine, "ok", "ok", "ok")]
    assert {trial.status for trial in trials} == {Status.COMPLETE}


def test_waiting_candidates_can_be_dropped_and_running_ones_end(start) -> None:
    engine = start(workers=1)
    begun = submit(engine, "ok")[0]
    begun.result(LONG)
    running = engine.submit(candidate(1, "sleep:1"), timeout=LONG)
    waiting = [engine.submit(candidate(number), timeout=LONG) for number in (2, 3)]
    time.sleep(0.3)
    engine.drop_waiting()
    done, _ = wait(waiting, 0.1)
    assert done == set(waiting)
    assert all(future.cancelled() for future in waiting)
    assert running.result(LONG).status is Status.COMPLETE
    assert engine.submit(candidate(4), timeout=LONG).result(LONG).status is Status.COMPLETE


def test_closing_stops_everything_at_once_and_leaves_no_process_behind(start, tmp_path) -> None:
    engine = start(workers=2)
    futures = submit(engine, "hang", "hang", "ok")
    assert eventually(lambda: (tmp_path / "log").exists() and len(events(tmp_path)) == 2, LONG)
    processes = [process for _, process, _ in events(tmp_path)]
    began = time.monotonic()
    engine.close()
    assert time.monotonic() - began < 5
    for future in futures:
        with pytest.raises(CancelledError):
            future.result(1)
    assert not any(alive(process) for process in processes)
    with pytest.raises(CancelledError):
        engine.submit(candidate(9), timeout=LONG).result(1)
    engine.close()


def test_closing_while_workers_start_leaves_nothing_behind(start) -> None:
    start(workers=2).close()  # what a package starts with its first use and keeps is nothing to count
    before = threading.active_count()
    engine = start(workers=2)
    futures = submit(engine, "ok", "ok")
    engine.close()
    assert all(future.done() for future in futures)
    assert eventually(lambda: threading.active_count() <= before)


COORDINATOR = """
import json, sys, time
from minas.engines import ENGINES
from minas.trial import Candidate
if __name__ == "__main__":
    engine = ENGINES.get(sys.argv[1]).start(json.dumps({"folder": sys.argv[2]}), 2, evaluator="engine_evaluator")
    for number, key in enumerate(["hang", "ok"]):
        engine.submit(Candidate(role="search", number=number, key=key, architecture={}, seed=0, epochs=1), timeout=999)
    time.sleep(999)
"""


@pytest.mark.parametrize("name", ALL)
def test_workers_go_when_the_coordinating_process_is_killed(name: str, tmp_path: Path) -> None:
    script = tmp_path / "coordinator.py"
    script.write_text(COORDINATOR)
    path = os.pathsep.join([path for path in sys.path if path])
    environment = {**os.environ, "PYTHONPATH": path, "TMPDIR": str(tmp_path)}
    coordinator = subprocess.Popen([sys.executable, script, name, tmp_path], env=environment)
    try:
        assert eventually(lambda: (tmp_path / "log").exists() and len(events(tmp_path)) == 3, LONG)
    finally:
        coordinator.kill()
        coordinator.wait()
    processes = {process for _, process, _ in events(tmp_path)}
    assert len(processes) == 2
    assert eventually(lambda: not any(alive(process) for process in processes), 5.0)
    assert eventually(lambda: list(tmp_path.glob("minas-*")) == [])
