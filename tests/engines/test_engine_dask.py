"""The engine on Dask: clusters that run already, and workers that come, go, and are lost in the middle of a trial."""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("distributed")

from dask_clusters import cluster
from distributed import Client

from minas.engines import ENGINES, Engine, _dask_cluster, _dask_open, _dask_site
from minas.engines._dask_place import Place
from minas.engines._pool import WorkerGoneError
from minas.errors import MinasError, MissingExtraError, UsageError
from minas.trial import Candidate, Status, Trial

LONG = 60.0


def candidate(number: int, key: str = "ok") -> Candidate:
    return Candidate(role="search", number=number, key=key, architecture={}, seed=0, epochs=1)


def submit(engine: Engine, *keys: str) -> list[Future[Trial]]:
    return [engine.submit(candidate(number, key), timeout=LONG) for number, key in enumerate(keys)]


def eventually(holds, seconds: float = LONG) -> bool:
    deadline = time.monotonic() + seconds
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    return bool(holds())


def begun(folder: Path) -> list[int]:
    """The processes in which trials began, in their order."""
    log = folder / "log"
    lines = log.read_text().splitlines() if log.exists() else []
    return [int(line.split()[1]) for line in lines if " begins " in line]


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture(scope="module")
def shared() -> Iterator[Any]:
    """A cluster of one Dask worker that no test harms."""
    with cluster() as made:
        yield made


@pytest.fixture
def start(tmp_path: Path):
    engines: list[Engine] = []

    def make(address: str) -> Engine:
        text = json.dumps({"folder": str(tmp_path)})
        engine = ENGINES.get("dask").start(text, 1, evaluator="engine_evaluator", options={"address": address})
        engines.append(engine)
        return engine

    yield make
    for engine in engines:
        engine.close()


def dask_processes(made: Any) -> list[int]:
    with Client(made, set_as_default=False) as client:
        return list(client.run(os.getpid).values())


def test_without_dask_the_extra_is_named(monkeypatch) -> None:
    monkeypatch.delitem(sys.modules, "minas.engines._dask_cluster", raising=False)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtraError, match=r"the engine 'dask' needs the package dask: pip install 'minas\[dask\]'"):
        ENGINES.get("dask").start("{}", 1)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "cluster", "ftp://127.0.0.1:9"])
def test_an_address_where_no_scheduler_answers_is_refused(start, address: str, monkeypatch) -> None:
    gc.collect()  # Dask may stop for 10 seconds where a client that found nothing is cleared up while the next one starts
    monkeypatch.setattr(_dask_open, "ANSWER", 0.5)
    with pytest.raises(UsageError, match=f"no Dask scheduler answers at {address}"):
        start(address)


def test_other_versions_are_refused(start, shared, monkeypatch) -> None:
    here = _dask_site.known_versions()
    monkeypatch.setattr(_dask_site, "known_versions", lambda: {**here, "torch": "1.0"})
    words = rf"the Dask worker tcp://.* has torch {here['torch'].replace('+', '.')}, and here is 1\.0: a cluster needs"
    with pytest.raises(UsageError, match=words):
        start(shared.scheduler_address)


def test_a_worker_without_minas_is_refused(start, shared, monkeypatch) -> None:
    def facts() -> None:
        raise ModuleNotFoundError("No module named 'minas'")

    monkeypatch.setattr(_dask_site, "facts", facts)
    with pytest.raises(UsageError, match=r"the Dask worker tcp://.* cannot load MINAS \(No module named 'minas'\)"):
        start(shared.scheduler_address)


def test_a_cluster_that_ran_before_runs_on_and_keeps_nothing_of_the_run(start, shared, tmp_path) -> None:
    before = dask_processes(shared)
    engine = start(shared.scheduler_address)
    assert submit(engine, "ok")[0].result(LONG).status is Status.COMPLETE
    submit(engine, "hang", "hang")
    assert eventually(lambda: len(begun(tmp_path)) == 2)
    engine.close()
    assert eventually(lambda: not any(alive(process) for process in begun(tmp_path)))
    assert dask_processes(shared) == before
    with Client(shared, set_as_default=False) as client:
        assert client.submit(sum, [1, 2]).result(LONG) == 3
        (plugins,) = client.run(lambda dask_worker: list(dask_worker.plugins)).values()
    assert not [name for name in plugins if name.startswith("minas")]


def test_a_place_on_a_worker_that_was_started_again_under_its_address_takes_nothing(shared) -> None:
    with Client(shared, set_as_default=False) as client:
        (address,) = client.nthreads()
        place = Place(client, "minas-x", address, "another one", 0)
        with pytest.raises(WorkerGoneError, match="the worker was lost") as error:
            place.evaluate(candidate(0), LONG)
        assert error.value.begun
    assert place.gone
    with pytest.raises(WorkerGoneError) as error:  # the connection is closed by now
        place.evaluate(candidate(0), LONG)
    assert not error.value.begun


@pytest.mark.slow
def test_workers_that_come_later_are_used_and_a_killed_one_loses_nothing(start, tmp_path) -> None:
    with cluster() as made:
        engine = start(made.scheduler_address)
        assert engine.capacity == 1
        made.scale(2)
        assert eventually(lambda: engine.capacity == 2)
        done, once, long = submit(engine, "ok", "hang-once", "sleep:1.5")
        assert done.result(LONG).attempts == 1
        assert eventually(lambda: len(begun(tmp_path)) == 3)
        hung = hanging(tmp_path)
        assert parent(hung) in dask_processes(made)
        os.kill(parent(hung), signal.SIGKILL)
        assert once.result(LONG).status is Status.COMPLETE
        assert once.result().attempts == 2
        assert long.result(LONG).attempts == 1
        assert eventually(lambda: not alive(hung))
        assert eventually(lambda: engine.capacity == 2), "the nanny's new worker was not taken"


def hanging(folder: Path) -> int:
    """The process of the candidate 1."""
    lines = (folder / "log").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("1 "))


def parent(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


@pytest.mark.slow
def test_a_candidate_whose_dask_worker_is_lost_twice_is_a_failed_trial(start, tmp_path) -> None:
    with cluster() as made:
        engine = start(made.scheduler_address)
        (future,) = submit(engine, "hang")
        for count in (1, 2):
            assert eventually(lambda count=count: len(begun(tmp_path)) == count)
            os.kill(parent(begun(tmp_path)[-1]), signal.SIGKILL)
        trial = future.result(LONG)
        assert (trial.status, trial.reason, trial.attempts) == (Status.FAILED, "the worker was lost, twice", 2)


def test_without_workers_it_waits_says_so_and_ends_the_run_at_last(start, monkeypatch, caplog) -> None:
    monkeypatch.setattr(_dask_cluster, "PATIENCE", 1.5)
    with cluster(n_workers=0) as made:
        engine = start(made.scheduler_address)
        (dropped,) = submit(engine, "ok")
        engine.drop_waiting()
        assert dropped.cancelled()
        (future,) = submit(engine, "ok")
        with pytest.raises(MinasError, match=r"the Dask cluster at tcp://.* has had no worker for 1\.5 seconds; what was"):
            future.result(LONG)
        assert "has no worker; waiting 1.5 seconds for one" in caplog.text


@pytest.mark.slow
def test_a_scheduler_that_goes_ends_the_run_and_fails_no_trial(start, tmp_path, monkeypatch) -> None:
    import dask

    monkeypatch.setattr(_dask_cluster, "PATIENCE", 3.0)
    with dask.config.set({"distributed.comm.timeouts.connect": "1s"}):
        made = cluster()
        engine = start(made.__enter__().scheduler_address)
        futures = submit(engine, "hang", "ok", "ok")
        assert eventually(lambda: len(begun(tmp_path)) == 1)
        made.__exit__(None, None, None)
        for future in futures:
            with pytest.raises(MinasError, match=r"the Dask (scheduler|cluster) at tcp://.*; what was finished is kept"):
                future.result(LONG)


COORDINATOR = """
import json, sys, time
from minas.engines import ENGINES
from minas.trial import Candidate
if __name__ == "__main__":
    options = {"address": sys.argv[1]}
    work = json.dumps({"folder": sys.argv[2]})
    engine = ENGINES.get("dask").start(work, 1, evaluator="engine_evaluator", options=options)
    engine.submit(Candidate(role="search", number=0, key="hang", architecture={}, seed=0, epochs=1), timeout=999)
    time.sleep(999)
"""


def test_trials_end_with_the_coordinating_process_on_a_cluster_that_runs_on(shared, tmp_path: Path) -> None:
    script = tmp_path / "coordinator.py"
    script.write_text(COORDINATOR)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([path for path in sys.path if path])}
    coordinator = subprocess.Popen([sys.executable, script, shared.scheduler_address, tmp_path], env=environment)
    try:
        assert eventually(lambda: len(begun(tmp_path)) == 1)
    finally:
        coordinator.kill()
        coordinator.wait()
    assert eventually(lambda: not alive(begun(tmp_path)[0]))
    assert dask_processes(shared), "the cluster itself goes on"
