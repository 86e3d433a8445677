"""A small search on real EEG, from the trials to an export; and one on a user's own signals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import minas

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
