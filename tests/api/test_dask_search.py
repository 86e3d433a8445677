"""A search on Dask is the search on local processes, to the bit, whatever happens to its workers."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

import interrupted
import pytest

import minas
from minas.run.store import Store

pytest.importorskip("distributed")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def whole(tmp_path_factory, thousand_digits) -> Path:
    """A run on a local process that nothing happened to."""
    out = tmp_path_factory.mktemp("whole") / "run"
    process = interrupted.start(out, thousand_digits)
    _, errors = process.communicate(timeout=200)
    assert process.returncode == 0, errors
    return out


def assert_equal_runs(one: Path, other: Path) -> None:
    first, second = interrupted.stored(one), interrupted.stored(other)
    for name in first:
        assert first[name] == second[name], name
    assert interrupted.front(one) == interrupted.front(other)
    assert interrupted.weights(one) == interrupted.weights(other)


def parent(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def alive(processes: Iterable[int]) -> list[int]:
    """Those of some processes that are there, and not only waiting to be cleared away."""
    found = []
    for process in processes:
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state != "Z":
            found.append(process)
    return found


def assert_gone(processes: Iterable[int]) -> None:
    deadline = time.monotonic() + 10
    while alive(processes) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(processes), "a process was left behind"


def below(process: int) -> dict[int, int]:
    """All processes that came of one, each with its parent."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parents[int(entry.name)] = parent(int(entry.name))
            except OSError:
                continue
    found: dict[int, int] = {}
    while more := {one: of for one, of in parents.items() if (of in found or of == process) and one not in found}:
        found |= more
    return found


def test_a_killed_dask_worker_changes_nothing(whole, tmp_path, thousand_digits):
    out = tmp_path / "killed"
    process = interrupted.start(out, thousand_digits, "--engine", "dask", "--workers", "2")
    interrupted.wait_for_trials(out, 2, process)
    tree = below(process.pid)
    workers = sorted({of for of in tree.values() if of in tree})  # Dask's workers are those that have a child
    assert workers
    os.kill(workers[0], signal.SIGKILL)
    _, errors = process.communicate(timeout=200)
    assert process.returncode == 0, errors
    assert_equal_runs(whole, out)
    assert_gone(tree)


def test_ctrl_c_ends_cleanly_and_the_run_goes_on_with_another_engine(whole, tmp_path, thousand_digits):
    out = tmp_path / "stopped"
    process = interrupted.start(out, thousand_digits, "--engine", "dask")
    interrupted.wait_for_trials(out, 3, process)
    tree = below(process.pid)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all workers too
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "stopped; what was finished is kept." in errors
    assert "Traceback" not in errors
    assert_gone(tree)
    with Store(out / "run.db", read_only=True) as store:
        kept = {trial.number: trial.cost for trial in store.trials("search")}
    minas.resume(out, engine="local", workers=1)
    assert_equal_runs(whole, out)
    with Store(out / "run.db", read_only=True) as store:
        costs = {trial.number: trial.cost for trial in store.trials("search")}
    assert all(costs[number] == cost for number, cost in kept.items()), "a finished trial was trained again"
