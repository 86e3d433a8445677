"""Augmentation of signals."""

from __future__ import annotations

import pytest
import torch

from minas.data.signal_augment import Settings, augmentation, shifted
from minas.errors import ConfigError


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_each_signal_moves_as_a_whole_and_its_ends_fill_the_gap() -> None:
    x = torch.arange(10.0).expand(200, 2, 10) + torch.tensor([[0.0], [100.0]])
    out = shifted(x, generator(), most=3)
    offsets = set()
    for sample in out:
        offset = int(sample[0, 5]) - 5
        offsets.add(offset)
        expected = (torch.arange(10) + offset).clamp(0, 9).float()
        assert torch.equal(sample[0], expected)
        assert torch.equal(sample[1], expected + 100)
    assert offsets == set(range(-3, 4))


def test_noise_has_its_deviation_and_leaves_the_signals_as_they_are() -> None:
    x = torch.zeros(100, 3, 50)
    augment = augmentation({"noise": 0.5})
    assert augment is not None
    first, second = augment(x, generator()), augment(x, generator(1))
    assert first.std() == pytest.approx(0.5, rel=0.05)
    assert not torch.equal(first, second)
    assert torch.equal(first, augment(x, generator()))
    assert not x.any()


def test_nothing_is_done_unless_asked_for() -> None:
    assert augmentation({}) is None
    assert augmentation({"noise": 0.0, "shift": 0}) is None
    assert Settings.of({"shift": 2.0}) == Settings(shift=2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"nosie": 1}, "no augmentation of signals named 'nosie'; did you mean 'noise'"),
        ({"noise": -1}, "noise = -1; expected a number from 0"),
        ({"shift": 1.5}, "shift = 1.5; expected whole points of time"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        augmentation(options)
