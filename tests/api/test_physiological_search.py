"""A small search on real EEG, from the trials to an export; and one on a user's own signals."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import minas
from minas.api.repeating import repeat_command
from minas.api.work import task_of
from minas.data import signals

pytestmark = pytest.mark.slow

SMALL = {"population": 4, "window": 2, "epochs": 2, "members": 1, "confirmation_epochs": 2, "confirmation_seeds": 2}


def test_a_search_on_the_default_task_ends_with_a_network_that_can_be_used(tmp_path: Path) -> None:
    run = minas.search("physiological", trials=8, out=tmp_path / "run", **SMALL)
    assert run.configuration.task.name == "self-regulation-scp1"
    assert {trial.status.value for trial in run.trials} <= {"complete", "infeasible"}
    member = run.front.accurate()
    assert member.network()(torch.zeros(3, *run.configuration.task.shape)).shape == (3, 2)
    member.export(tmp_path / "network")
    loaded = minas.load(tmp_path / "network")
    x = torch.randn(2, *run.configuration.task.shape)
    assert torch.equal(loaded(x), member.network()(x))
    assert "'average': " in (tmp_path / "network" / "model.py").read_text(encoding="utf-8")


def test_preprocessing_that_is_asked_for_holds_in_workers_a_repeat_and_an_export(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    x = rng.normal(size=(60, 2, 90)) + 5 * rng.normal(size=(60, 2, 1)) + np.sin(np.arange(90) / 5) * y[:, None, None]
    asked = {"standardise": "trial", "band": (2, 20), "rate": 100, "points": 30}
    run = minas.search("physiological", data=(x, y), preprocessing=asked, trials=4, out=tmp_path / "run", **SMALL)
    written = "standardise=trial,band=2-20,rate=100,points=30"
    assert run.configuration.task.shape == (2, 30)
    assert run.configuration.data.preprocessing == written
    command = repeat_command(run)
    assert command is not None
    assert f"--preprocessing {written}" in command
    run.front.accurate().export(tmp_path / "network")
    kept = json.loads((tmp_path / "network" / "architecture.json").read_text(encoding="utf-8"))["preprocessing"]
    assert (kept["standardise"], kept["band"], kept["points"]) == ("trial", [2, 20], 30)
    task = task_of(run.configuration, run.path)
    done = {signal.tobytes() for signal in signals.apply(kept, x)}
    assert {signal.tobytes() for signal in task.test.inputs} <= done


def test_the_same_trials_on_one_worker_and_on_two(tmp_path: Path) -> None:
    runs = [minas.search("physiological", trials=4, workers=n, out=tmp_path / str(n), **SMALL) for n in (1, 2)]
    first, second = ([(trial.candidate.architecture, trial.measures) for trial in run.trials] for run in runs)
    assert first == second


def test_own_arrays_of_three_classes(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    y = np.arange(90) % 3
    x = rng.normal(size=(90, 2, 40)) + y[:, None, None]
    run = minas.search("physiological", data=(x, y), trials=4, out=tmp_path / "run", **SMALL)
    assert run.configuration.task.shape == (2, 40)
    assert len(run.front) >= 1
