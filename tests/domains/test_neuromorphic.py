"""The neuromorphic domain: simulated events from real images by default, and a user's recordings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from minas.api.request import Request, configuration_of
from minas.data.task import DataSource, Task
from minas.domains import neuromorphic
from minas.errors import ConfigError, DataError


@pytest.fixture(scope="module")
def task() -> Task:
    return neuromorphic.load(DataSource())


def test_the_default_task(task: Task) -> None:
    assert task.name == "simulated-events-mnist-5k"
    assert task.source.startswith("simulated events from real images")
    assert (task.kind, task.shape) == ("spikes", (6, 2, 17, 17))
    for part, each in ((task.train, 300), (task.validation, 100), (task.test, 100)):
        assert list(np.bincount(part.targets)) == [each] * 10
        assert part.inputs.dtype == np.float32
        assert set(np.unique(part.inputs)) == {0.0, 1.0}


def test_the_parts_share_no_sample(task: Task) -> None:
    parts = [{sample.tobytes() for sample in part.inputs} for part in (task.train, task.validation, task.test)]
    assert [len(part) for part in parts] == [3000, 1000, 1000]
    assert len(set.union(*parts)) == 5000


@pytest.mark.slow
def test_time_bins_carry_information(task: Task) -> None:
    """A linear readout of binned events beats one of summed counts by five points and more."""

    def accuracy(view) -> float:
        train, test = (torch.from_numpy(view(part.inputs).reshape(len(part), -1)) for part in (task.train, task.validation))
        targets = torch.from_numpy(task.train.targets)
        torch.manual_seed(0)
        linear = torch.nn.Linear(train.shape[1], 10)
        optimizer = torch.optim.AdamW(linear.parameters(), lr=2e-3, weight_decay=0.1)
        for _ in range(20):
            for chosen in torch.split(torch.randperm(len(train)), 100):
                optimizer.zero_grad()
                torch.nn.functional.cross_entropy(linear(train[chosen]), targets[chosen]).backward()
                optimizer.step()
        return float((linear(test).argmax(1).numpy() == task.validation.targets).mean())

    binned, summed = accuracy(lambda x: x), accuracy(lambda x: x.sum(1))
    assert binned > 0.9
    assert binned - summed > 0.05


def test_the_whole_sensor_on_request() -> None:
    raw = neuromorphic.simulated(34)
    assert raw.train.inputs.shape == (5000, 6, 2, 34, 34)
    halves = raw.train.inputs[:50].reshape(50, 6, 2, 17, 2, 17, 2).max((-3, -1))
    assert np.array_equal(halves, neuromorphic.simulated().train.inputs[:50])
    with pytest.raises(DataError, match="image size 20: the simulated sensor has 34 x 34 pixels"):
        neuromorphic.load(DataSource(image_size=20))


def test_a_users_recordings(tmp_path: Path) -> None:
    np.savez(tmp_path / "Mine.npz", x=np.random.default_rng(0).integers(0, 3, (60, 6, 2, 8, 8)), y=np.arange(60) % 3)
    task = neuromorphic.load(DataSource(path=str(tmp_path / "Mine.npz")))
    assert task.name.startswith("mine-")
    assert (task.shape, task.classes) == ((6, 2, 8, 8), ("0", "1", "2"))
    assert set(np.unique(task.train.inputs)) == {0.0, 1.0}


def test_whose_a_recording_is_decides_its_part(tmp_path: Path) -> None:
    x, users = np.random.default_rng(0).integers(0, 2, (120, 3, 2, 4, 4)), np.arange(120) % 12
    np.savez(tmp_path / "mine.npz", x=x, y=np.arange(120) % 2, groups=users)
    task = neuromorphic.load(DataSource(path=str(tmp_path / "mine.npz")))
    found = [set(part.groups.tolist()) for part in (task.train, task.validation, task.test)]
    assert len(set.union(*found)) == sum(map(len, found)) == 12
    assert all(len(part.groups) == len(part.targets) for part in (task.train, task.validation, task.test))


def test_a_search_takes_ten_minutes_where_nothing_else_is_asked_for(task: Task) -> None:
    def seconds(**given: object) -> float | None:
        request = Request(domain="neuromorphic", **given)
        return configuration_of(request, neuromorphic.DOMAIN, task, DataSource())[0].settings.seconds

    assert (seconds(), seconds(time="2m"), seconds(trials=9)) == (600.0, 120.0, None)


def test_recordings_are_moved(task: Task) -> None:
    inputs = torch.from_numpy(task.train.inputs[:200])
    augment = neuromorphic.augment(task, {"shift": 0.5, "rotate": 10, "zoom": 0.1})
    assert augment is not None
    moved = augment(inputs, torch.Generator().manual_seed(0))
    assert moved.shape == inputs.shape
    assert not torch.equal(moved, inputs)
    assert 0.8 < float(moved.sum() / inputs.sum()) < 1.2  # the digits are still there
    assert neuromorphic.augment(task, {"shift": 0}) is None
    with pytest.raises(ConfigError):
        neuromorphic.augment(task, {"flip": 1})
