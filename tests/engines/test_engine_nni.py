"""NNI itself: the same trials as on the local engine, its manager killed meanwhile, and nothing left behind."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import minas
from minas.engines import ENGINES
from minas.errors import UsageError
from minas.run.store import Store
from minas.trial import Candidate, Status, Trial

pytest.importorskip("nni")
import psutil

pytestmark = pytest.mark.slow

LONG = 90.0
SMALL = {"trials": 6, "population": 3, "window": 3, "epochs": 1, "members": 0, "workers": 2, "max_flops": 150_000}


@pytest.fixture(autouse=True)
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give a test a folder for temporary files and see that nothing is left: no process, no file."""
    before = {process.pid for process in psutil.Process().children(recursive=True)}
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    yield
    assert list(folder.glob("minas-nni-*")) == []
    left = [process for process in psutil.Process().children(recursive=True) if process.pid not in before]
    left += [process for process in psutil.process_iter() if str(folder) in " ".join(_command(process))]
    assert [command for process in left if "resource_tracker" not in " ".join(command := _command(process))] == []


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def managers() -> list[psutil.Process]:
    """Return the NNI managers that this process looks after."""
    return [child for child in psutil.Process().children(recursive=True) if any("main.js" in word for word in _command(child))]


def eventually(holds: Any, seconds: float = LONG) -> bool:
    deadline = time.monotonic() + seconds
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.05)
    return bool(holds())


def trials(folder: Path) -> list[dict[str, Any]]:
    """All of a run's trials but what a clock says."""
    with Store(folder / "run.db", read_only=True) as store:
        return [timeless(trial) for role in ("search", "confirmation") for trial in store.trials(role)]  # type: ignore[arg-type]


def timeless(trial: Trial) -> dict[str, Any]:
    values = dataclasses.asdict(trial)
    values["cost"] = {"training_macs": trial.cost.training_macs}
    return values


def test_a_search_gives_the_trials_of_the_local_engine_though_the_manager_is_killed(tmp_path: Path) -> None:
    killed: list[int] = []
    out = tmp_path / "nni"

    def kill_the_manager() -> None:
        def some() -> bool:
            return (out / "run.db").exists() and len(finished(out)) >= 2

        if eventually(some):
            for manager in managers():
                killed.append(manager.pid)
                manager.send_signal(signal.SIGKILL)

    killer = threading.Thread(target=kill_the_manager)
    killer.start()
    minas.search("vision", engine="nni", out=out, **SMALL)  # type: ignore[arg-type]
    killer.join()
    minas.search("vision", engine="local", out=tmp_path / "local", **SMALL)  # type: ignore[arg-type]
    assert len(killed) == 1
    assert trials(out) == trials(tmp_path / "local")
    assert {trial["attempts"] for trial in trials(out)} == {1}
    assert len(trials(out)) == SMALL["trials"]


def finished(out: Path) -> list[Trial]:
    try:
        with Store(out / "run.db", read_only=True) as store:
            return list(store.trials("search"))
    except minas.errors.MinasError:
        return []


def get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


def test_the_portal_shows_the_error_first_to_this_machine_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    config = tmp_path / "nni.yml"
    config.write_text("experimentName: mine\ntrainingService:\n  platform: local\n")
    work = json.dumps({"folder": str(tmp_path)})
    engine: Any = ENGINES.get("nni").start(work, 1, evaluator="engine_evaluator", options={"config": str(config)})
    try:
        done = Candidate(role="search", number=0, key="scored", architecture={}, seed=0, epochs=1)
        assert engine.submit(done, timeout=LONG).result(LONG).measures["error"] == 0.1 + 0.2
        portal = engine.note.rpartition(" ")[2]
        assert eventually(lambda: "finalMetricData" in get(f"{portal}/api/v1/nni/trial-jobs")[0])
        (job,) = get(f"{portal}/api/v1/nni/trial-jobs")
        metric = json.loads(json.loads(job["finalMetricData"][0]["data"]))
        assert (metric["default"], metric["error"], metric["flops"]) == (0.1 + 0.2, 0.1 + 0.2, 5.0)
        with pytest.raises(urllib.error.HTTPError):
            get(f"{portal.rpartition('/')[0]}/api/v1/nni/trial-jobs")
        addresses = {each.laddr.ip for each in managers()[0].net_connections() if each.status == psutil.CONN_LISTEN}
        assert addresses == {"127.0.0.1"}
        killed = engine.submit(dataclasses.replace(done, number=1, key="hang"), timeout=LONG)
        assert eventually(lambda: "1 " in [line[:2] for line in (tmp_path / "log").read_text().splitlines()])
        for trial in managers()[0].children(recursive=True):
            if any("_nni_trial" in word for word in _command(trial)):
                os.kill(trial.pid, signal.SIGKILL)
    finally:
        engine.close()
    assert killed.cancelled()
    assert list(home.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("trainingService:\n  platform: nowhere\n", "nowhere"),
        ("trialGpuNumber: 0\n", "it has no trainingService, which says where trials run"),
        ("trainingService:\n  platform: local\ntuner:\n  name: TPE\n", "leave out tuner: a search says that itself"),
        ("trainingService:\n  platform: local\nodd: 1\n", "odd"),
        ("[]", "not a dict"),
    ],
)
def test_a_wrong_file_is_refused_before_anything_starts(tmp_path: Path, content: str, why: str) -> None:
    config = tmp_path / "nni.yml"
    config.write_text(content)
    with pytest.raises(UsageError, match=rf"nni\.yml: NNI does not take it: .*{why}"):
        ENGINES.get("nni").start("{}", 1, options={"config": str(config)})


def test_the_command_of_a_trial_can_be_the_users(tmp_path: Path) -> None:
    config = tmp_path / "nni.yml"
    command = f"{sys.executable} -m minas.engines._nni_trial && touch {tmp_path / 'theirs'}"
    config.write_text(f"trialCommand: {json.dumps(command)}\ntrainingService:\n  platform: local\n")
    work = json.dumps({"folder": str(tmp_path)})
    engine = ENGINES.get("nni").start(work, 1, evaluator="engine_evaluator", options={"config": str(config)})
    try:
        candidate = Candidate(role="search", number=0, key="ok", architecture={}, seed=0, epochs=1)
        assert engine.submit(candidate, timeout=LONG).result(LONG).status is Status.COMPLETE
        assert eventually((tmp_path / "theirs").exists)
    finally:
        engine.close()
