"""Searches in processes of their own, to be interrupted, and what of two runs must be equal."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import minas
from minas.run.store import Store
from minas.trial import Trial

OPTIONS = [
    "--trials",
    "8",
    "--population",
    "3",
    "--window",
    "3",
    "--epochs",
    "1",
    "--members",
    "2",
    "--confirmation-epochs",
    "1",
    "--confirmation-seeds",
    "2",
    "--workers",
    "1",
]


def start(out: Path, data: Path, *more: str) -> subprocess.Popen[str]:
    """Start a search; `--workers` and others in `more` win over the common options."""
    return _run("search", "vision", "--data", data, *OPTIONS, *more, "--out", out)


def resume(out: Path, *more: str) -> subprocess.Popen[str]:
    return _run("search", "--resume", out, *more)


def _run(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "minas", *map(str, arguments)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, env=dict(os.environ)
    )


def wait_for_trials(out: Path, count: int, process: subprocess.Popen[str], role: str = "search") -> None:
    """Wait until so many of a role's trials are in the store."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()
        if (out / "run.db").is_file():
            try:
                with Store(out / "run.db", read_only=True) as store:
                    if len(store.trials(role)) >= count:  # type: ignore[arg-type]
                        return
            except minas.errors.MinasError:
                pass
        time.sleep(0.05)
    raise AssertionError(f"no {count} trials of the role {role} in two minutes")


def kill(process: subprocess.Popen[str]) -> None:
    """Kill the coordinating process alone, as the kernel would: its workers must notice."""
    process.send_signal(signal.SIGKILL)
    process.communicate()


def timeless(trial: Trial) -> dict[str, Any]:
    """All of a trial but what a clock says of it."""
    values = dataclasses.asdict(dataclasses.replace(trial, attempts=1))
    values["cost"] = {"training_macs": trial.cost.training_macs}
    return values


def stored(out: Path) -> dict[str, Any]:
    """All of a run's store but what a clock says."""
    with Store(out / "run.db", read_only=True) as store:
        roles = ("initial", "search", "control", "confirmation", "baseline")
        found: dict[str, Any] = {role: [timeless(trial) for trial in store.trials(role)] for role in roles}
        found |= {f"{role} candidates": store.candidates(role) for role in roles}
        found |= {name: store.fact(name) for name in ("search_told", "search_ended", "population", "not_repeatable")}
        plan = store.fact("confirmation_plan")
        found["plan"] = plan and {name: value for name, value in plan.items() if name != "expected"}
    return found


def front(out: Path) -> dict[str, Any]:
    """A finished run's front as it lies in its folder; the run's name aside."""
    return {name: value for name, value in json.loads((out / "front.json").read_text()).items() if name != "run"}


def weights(out: Path) -> dict[str, bytes]:
    """What the weights' folder holds."""
    return {path.name: path.read_bytes() for path in sorted((out / "weights").iterdir())}
