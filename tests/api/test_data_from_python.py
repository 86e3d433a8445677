"""Data from Python, as `minas.search` takes them: arrays, data sets, parts given apart, groups; the work itself left out."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.utils.data import ConcatDataset, Dataset, Subset, TensorDataset

import minas
from minas.api import search
from minas.api.work import task_of
from minas.errors import DataError, UsageError

X = np.random.default_rng(0).integers(0, 256, (60, 8, 8)).astype(np.uint8)
Y = np.arange(60) % 3
SUBJECTS = np.repeat([f"s{number}" for number in range(10)], 6)


class Digits(Dataset):
    """A torch data set as users write them: colour images as float tensors, labels as numbers."""

    def __len__(self) -> int:
        return 60

    def __getitem__(self, index: int):
        if index >= 60:
            raise IndexError(index)
        return torch.from_numpy(X[index]).float().expand(3, 8, 8) / 255, int(Y[index])


@pytest.fixture
def begun(tmp_path, monkeypatch):
    """`begun(data=...)`: the task of a search that was asked for, as workers load it, and the run's configuration."""
    monkeypatch.setattr(search, "sit", lambda *given: None)

    def call(**asked):
        run = minas.search("vision", out=tmp_path / "run", trials=1, **asked)
        return task_of(run.configuration, run.path), run.configuration

    return call


def samples(task) -> tuple[int, ...]:
    return tuple(len(part) for part in (task.train, task.validation, task.test))


def test_arrays(begun):
    task, configuration = begun(data=(X, Y))
    assert samples(task) == configuration.task.samples == (36, 12, 12)
    assert task.shape == (1, 8, 8)


@pytest.mark.parametrize(
    "data",
    [Digits(), Subset(Digits(), range(60)), ConcatDataset([Subset(Digits(), range(30)), Subset(Digits(), range(30, 60))])],
    ids=["own", "subset", "joined"],
)
def test_a_torch_data_set(begun, data):
    task, _ = begun(data=data)
    assert samples(task) == (36, 12, 12)
    assert task.shape == (3, 8, 8)
    assert task.classes == ("0", "1", "2")


def test_a_torch_data_set_is_the_same_task_as_its_arrays(begun, tmp_path):
    first, _ = begun(data=TensorDataset(torch.from_numpy(X), torch.from_numpy(Y)))
    (tmp_path / "run").rename(tmp_path / "first")
    second, _ = begun(data=(X, Y))
    assert first.digest == second.digest


def test_train_validation_and_test_given_apart(begun):
    parts = ((X[:30], Y[:30]), (X[30:42], Y[30:42]), (X[42:], Y[42:]))
    task, _ = begun(data=parts)
    assert samples(task) == (30, 12, 18)
    assert sorted(task.test.targets) == sorted(Y[42:])


def test_validation_is_cut_from_train_where_only_test_is_given(begun):
    task, _ = begun(data=(Subset(Digits(), range(48)), Subset(Digits(), range(48, 60))))
    assert samples(task) == (40, 8, 12)


def test_groups_decide_the_split(begun):
    task, configuration = begun(data=(np.arange(60).repeat(64).reshape(60, 8, 8).astype(np.uint8), Y), groups=SUBJECTS)
    assert sum(samples(task)) == 60
    low = task.preprocessing
    assert low
    held = []
    for part in (task.train, task.validation, task.test):
        values = part.inputs[:, 0, 0, 0]
        held.append(values)
    ranks = np.argsort(np.argsort(np.concatenate(held)))  # a sample's value is its number
    ends = np.cumsum(samples(task))[:-1]
    subjects = [set(SUBJECTS[numbers]) for numbers in np.split(ranks, ends)]
    assert not subjects[0] & subjects[1]
    assert not subjects[0] & subjects[2]
    assert not subjects[1] & subjects[2]
    assert configuration.data.path == "data/data.npz"


def test_groups_without_arrays_are_refused(tmp_path):
    with pytest.raises(UsageError, match="groups go with data given as arrays"):
        minas.search("vision", groups=SUBJECTS, trials=1, out=tmp_path / "run")


def test_wrong_groups_leave_no_folder_and_are_named_as_what_they_are(tmp_path):
    with pytest.raises(
        DataError, match=r"^the data given as arrays: groups of the training part: shape \(5,\) for 60 samples"
    ):
        minas.search("vision", data=(X, Y), groups=SUBJECTS[:5], trials=1, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_data_set_without_a_length_is_told_what_is_expected(tmp_path):
    stream = (item for item in Digits())
    with pytest.raises(DataError, match="data of type generator; expected"):
        minas.search("vision", data=stream, trials=1, out=tmp_path / "run")
