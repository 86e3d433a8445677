"""Recordings of fewer events, and out of their place."""

from __future__ import annotations

import pytest
import torch

from minas.data import distort_events
from minas.data.task import DataSource, Task
from minas.domains import neuromorphic


@pytest.fixture(scope="module")
def task() -> Task:
    return neuromorphic.load(DataSource())


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_half_of_the_events_are_lost_and_none_is_added(task: Task) -> None:
    inputs = torch.from_numpy(task.test.inputs)
    outputs = distort_events.thinned(task, inputs, generator())
    assert (outputs <= inputs).all()
    events, left = inputs.flatten(1).sum(1), outputs.flatten(1).sum(1)
    total = float(events.sum())
    assert abs(float(left.sum()) - 0.5 * total) < 4 * (0.25 * total) ** 0.5
    # Each recording by its own chance: as many standard deviations off as a binomial is, neither fewer nor more.
    scores = (left - 0.5 * events) / (0.25 * events).sqrt()
    assert float(scores.std()) == pytest.approx(1, abs=0.1)


def test_a_recording_moves_by_one_pixel_as_a_whole(task: Task) -> None:
    inputs = torch.zeros(200, 6, 2, 17, 17)
    inputs[..., 4:-4, 4:-4] = torch.from_numpy(task.test.inputs[:200])[..., 4:-4, 4:-4]
    outputs = distort_events.shifted(task, inputs, generator())
    found = set()
    for before, after in zip(inputs, outputs, strict=True):
        fits = [(d, r) for d in (-1, 0, 1) for r in (-1, 0, 1) if torch.equal(before.roll((d, r), (2, 3)), after)]
        assert len(fits) == 1
        found.add(fits[0])
    assert len(found) == 8
    assert (0, 0) not in found


def test_what_moves_in_is_empty_and_what_moves_out_is_gone(task: Task) -> None:
    full = torch.ones(100, 6, 2, 17, 17)
    left = distort_events.shifted(task, full, generator()).mean((1, 2, 3, 4))
    assert set(left.mul(17 * 17).round().int().tolist()) == {16 * 17, 16 * 16}


def test_the_units_of_a_spike_train_take_what_their_neighbours_recorded(task: Task) -> None:
    trains = torch.eye(4)[None, :, None, None].expand(50, 4, 1, 1, 4)  # at step k unit k fires
    outputs = distort_events.shifted(task, trains, generator())
    wanted = {
        torch.eye(4).roll(way, 1).triu(1).flatten() if way > 0 else torch.eye(4).roll(way, 1).tril(-1).flatten()
        for way in (1, -1)
    }
    assert {tuple(one.flatten().tolist()) for one in outputs} == {tuple(one.tolist()) for one in wanted}
