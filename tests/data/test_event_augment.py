"""Augmentation of recordings: spikes stay spikes, and a recording moves as a whole."""

from __future__ import annotations

import pytest
import torch

from minas.data import event_augment
from minas.errors import ConfigError


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _recordings(samples: int = 200, height: int = 9, width: int = 12) -> torch.Tensor:
    return (torch.rand(samples, 3, 2, height, width, generator=_generator(9)) < 0.3).float()


def test_a_shift_alone_moves_whole_recordings_by_whole_pixels() -> None:
    inputs = _recordings()
    outputs = event_augment.moved(inputs, _generator(), shift=1.5, rotate=0, zoom=0)
    found = []
    for before, after in zip(inputs, outputs, strict=True):
        fits = []
        for down in (-1, 0, 1):
            for right in (-1, 0, 1):
                by_hand = torch.zeros_like(before)
                rows = slice(max(0, down), 9 + min(0, down)), slice(max(0, -down), 9 + min(0, -down))
                columns = slice(max(0, right), 12 + min(0, right)), slice(max(0, -right), 12 + min(0, -right))
                by_hand[..., rows[0], columns[0]] = before[..., rows[1], columns[1]]
                if torch.equal(by_hand, after):
                    fits.append((down, right))
        assert len(fits) == 1
        found += fits
    counts = [found.count(place) for place in set(found)]
    assert len(counts) == 9
    assert max(counts) < 50  # each distance about as often as the others: 22 of 200


def test_half_a_pixel_does_nothing_alone_and_something_with_a_turn() -> None:
    inputs = _recordings()
    assert torch.equal(event_augment.moved(inputs, _generator(), shift=0.49, rotate=0, zoom=0), inputs)
    turned = event_augment.moved(inputs, _generator(), shift=0, rotate=10, zoom=0)
    assert not torch.equal(event_augment.moved(inputs, _generator(), shift=0.5, rotate=10, zoom=0), turned)


def test_a_turn_keeps_shapes_on_sensors_that_are_not_square() -> None:
    rows, columns = torch.meshgrid(torch.arange(21) - 10.0, torch.arange(61) - 30.0, indexing="ij")
    disc = (rows**2 + columns**2 < 36).float().expand(50, 1, 1, -1, -1)
    out = event_augment.moved(disc, _generator(), shift=0, rotate=90, zoom=0)
    assert float((out - disc).abs().sum(dim=(1, 2, 3, 4)).max()) < 0.25 * float(disc[0].sum())


def test_a_zoom_changes_areas_within_its_bounds() -> None:
    square = torch.zeros(200, 1, 1, 40, 40)
    square[..., 12:28, 12:28] = 1
    areas = event_augment.moved(square, _generator(), shift=0, rotate=0, zoom=0.25).sum(dim=(1, 2, 3, 4)) / 256
    assert 0.75**2 - 0.1 < float(areas.min()) < 0.7
    assert 1.4 < float(areas.max()) < 1.25**2 + 0.1


def test_spikes_stay_spikes_and_the_generator_decides() -> None:
    augmentation = event_augment.augmentation({"shift": 0.5, "rotate": 10, "zoom": 0.1})
    assert augmentation is not None
    inputs = _recordings()
    before, chance = inputs.clone(), torch.random.get_rng_state()
    first, again, other = (augmentation(inputs, _generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert set(first.unique().tolist()) == {0.0, 1.0}
    assert torch.equal(inputs, before)
    assert torch.equal(torch.random.get_rng_state(), chance)


def test_spike_trains_stay_as_they_are() -> None:
    trains = _recordings(height=1, width=50)
    augmentation = event_augment.augmentation({"shift": 1, "rotate": 10})
    assert augmentation is not None
    assert torch.equal(augmentation(trains, _generator()), trains)


def test_options_become_settings() -> None:
    made = event_augment.augmentation({"shift": 1, "zoom": 0.1})
    assert made is not None
    assert made.settings == event_augment.Settings(shift=1.0, zoom=0.1)
    assert event_augment.augmentation({"shift": 0, "rotate": 0}) is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"flip": 1}, "no augmentation of events named 'flip'"),
        ({"rotat": 1}, "did you mean 'rotate'"),
        ({"shift": -1}, "shift = -1; expected a number from 0"),
        ({"shift": float("inf")}, "expected a number from 0"),
        ({"zoom": 1}, "expected a share from 0, below 1"),
        ({"rotate": "much"}, "expected a number from 0"),
    ],
)
def test_senseless_options_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        event_augment.augmentation(options)
