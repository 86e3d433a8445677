"""The physiological domain: its default task, and a user's own signals."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from minas.data import fetch, formats, signals
from minas.data.raw import Raw
from minas.data.task import DataSource, Task
from minas.domains import physiological
from minas.errors import DataError, UsageError


@pytest.fixture(scope="module")
def trials() -> Task:
    return physiological.load(DataSource())


@pytest.fixture(scope="module")
def raw(trials: Task) -> Raw:
    return formats.read(fetch.folder(physiological.DOMAIN.data), "signal", formats.Options())


def test_the_test_part_is_as_shipped_and_validation_is_cut_from_train(trials: Task, raw: Raw) -> None:
    assert raw.train.inputs.shape == (268, 6, 896)
    assert raw.test is not None
    assert raw.test.inputs.shape == (293, 6, 896)
    assert trials.classes == ("negativity", "positivity")
    assert (len(trials.train) + len(trials.validation), len(trials.test)) == (268, 293)
    shares = [np.bincount(part.targets) / len(part) for part in (trials.train, trials.validation)]
    assert abs(shares[0] - shares[1]).max() < 0.02
    prepared = {signal.tobytes() for signal in signals.apply(trials.preprocessing, raw.test.inputs)}
    assert prepared == {signal.tobytes() for signal in trials.test.inputs}


def test_no_trial_is_in_two_parts(trials: Task) -> None:
    parts = [{signal.tobytes() for signal in part.inputs} for part in (trials.train, trials.validation, trials.test)]
    assert len(set.union(*parts)) == sum(map(len, parts)) == 268 + 293


def test_it_says_what_may_be_claimed(trials: Task) -> None:
    assert "one subject" in trials.source
    assert "within this subject alone" in trials.source


def test_preprocessing_is_fitted_on_the_training_part_alone_and_keeps_the_level(trials: Task) -> None:
    assert abs(trials.train.inputs.mean(axis=(0, 2))).max() < 1e-4
    assert abs(trials.train.inputs.std(axis=(0, 2)) - 1).max() < 1e-4
    assert abs(trials.validation.inputs.mean(axis=(0, 2))).max() > 1e-4
    assert trials.train.inputs.mean(axis=2).std() > 0.3
    assert json.loads(json.dumps(trials.preprocessing)) == trials.preprocessing
    assert trials.shape == tuple(trials.preprocessing["shape"])


def test_trials_are_seen_at_32_points_a_second(trials: Task) -> None:
    assert trials.shape == (6, 112)


def test_the_labels_belong_to_the_trials(trials: Task) -> None:
    # Ridge regression on the averaged signals; with shuffled labels it would find one in two.
    flat = trials.train.inputs.reshape(len(trials.train), -1).astype(np.float64)
    weights = np.linalg.solve(flat @ flat.T + 300 * np.eye(len(flat)), 2.0 * trials.train.targets - 1)
    found = trials.test.inputs.reshape(len(trials.test), -1) @ (flat.T @ weights) > 0
    assert (found == trials.test.targets).mean() > 0.8


def test_the_seed_of_the_split_moves_validation_and_leaves_test(trials: Task) -> None:
    other = physiological.load(DataSource(seed=1))
    assert other.digest != trials.digest
    assert sorted(other.test.targets) == sorted(trials.test.targets)


def own(folder: Path, time: int = 1000, **more: np.ndarray) -> DataSource:
    rng = np.random.default_rng(0)
    path = folder / "My signals.npz"
    np.savez(path, x=rng.normal(size=(60, 2, time)), y=np.arange(60) % 3, **more)
    return DataSource(path=str(path))


def test_long_signals_of_ones_own_are_averaged(tmp_path: Path) -> None:
    task = physiological.load(own(tmp_path))
    assert task.name.startswith("my-signals-")
    assert (task.shape, task.classes) == ((2, 250), ("0", "1", "2"))
    assert (len(task.train), len(task.validation), len(task.test)) == (36, 12, 12)
    assert physiological.load(own(tmp_path, time=256)).shape == (2, 256)


def test_what_is_asked_to_be_done_is_done_and_makes_another_task(tmp_path: Path, trials: Task) -> None:
    plain = physiological.load(own(tmp_path, time=100))
    asked = physiological.load(replace(own(tmp_path, time=100), preprocessing="standardise=trial,points=20,baseline=10"))
    assert asked.shape == (2, 20)
    assert (asked.preprocessing["standardise"], asked.preprocessing["baseline"]) == ("trial", 10)
    np.testing.assert_allclose(asked.test.inputs.std(axis=2), 1, atol=1e-3)
    assert asked.digest != plain.digest
    assert asked.name != plain.name
    usual = physiological.load(replace(own(tmp_path, time=100), preprocessing="standardise=channel,rate=250"))
    assert (usual.digest, usual.name) == (plain.digest, plain.name)
    other = physiological.load(DataSource(preprocessing="points=28"))
    assert other.shape == (6, 28)
    assert other.preprocessing["standardise"] == "channel"  # what is not said stays as usual
    assert other.name == f"self-regulation-scp1-{other.digest[:8]}"
    assert physiological.load(DataSource(preprocessing="baseline=0")).name == trials.name


def test_a_band_needs_a_rate_that_does_not_contradict_the_data(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"My signals.npz does not say; add it.*: band=8-30,rate=250"):
        physiological.load(replace(own(tmp_path), preprocessing="band=8-30"))
    task = physiological.load(replace(own(tmp_path), preprocessing="band=8-30,rate=250"))
    assert (task.preprocessing["band"], task.preprocessing["rate"]) == ([8, 30], 250)
    with pytest.raises(UsageError, match=r"expected 0 <= lowest < highest < 30\.0, half the rate"):
        physiological.load(replace(own(tmp_path), preprocessing="band=8-30,rate=60"))
    with pytest.raises(UsageError, match="a rate of 250 points of time a second, and self-regulation-scp1 says 256"):
        physiological.load(DataSource(preprocessing="rate=250"))
    assert physiological.load(DataSource(preprocessing="band=0-8")).preprocessing["rate"] == 256


def test_no_subject_is_in_two_parts(tmp_path: Path) -> None:
    groups = np.repeat(np.arange(10), 6)
    task = physiological.load(own(tmp_path, groups=groups))
    whole = np.load(tmp_path / "My signals.npz")
    prepared = signals.apply(task.preprocessing, whole["x"])
    owner = {signal.tobytes(): group for signal, group in zip(prepared, groups, strict=True)}
    subjects = [{owner[signal.tobytes()] for signal in part.inputs} for part in (task.train, task.validation, task.test)]
    assert sum(map(len, subjects)) == len(set.union(*subjects)) == 10


def test_what_is_no_signal_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(DataError, match=r"notes.txt: not a file that can be read as data.*; expected signal data, one of:"):
        physiological.load(DataSource(path=str(tmp_path / "notes.txt")))
