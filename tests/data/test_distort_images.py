"""Images out of their place, noisy and turned."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from minas.data import distort_images, normalise
from minas.data.task import Part, Task


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def task_of(raw: np.ndarray) -> Task:
    """A task of 8-bit images, each part of which is all of them."""
    preprocessing = normalise.fit(raw, "here")
    part = Part(normalise.apply(preprocessing, raw), np.arange(len(raw)) % 2)
    return Task(
        name="small",
        domain="vision",
        kind="image",
        shape=raw.shape[1:],
        classes=("0", "1"),
        train=part,
        validation=part,
        test=part,
        preprocessing=preprocessing,
        source="drawn",
        licence="",
        digest="",
    )


@pytest.fixture
def framed() -> Task:
    """Noise within a frame of one grey and one lighter grey, which is the background."""
    raw = np.random.default_rng(0).integers(0, 256, (300, 2, 12, 15)).astype(np.uint8)
    for channel, grey in enumerate((40, 200)):
        for edge in (np.s_[:, channel, :3], np.s_[:, channel, -3:], np.s_[:, channel, :, :3], np.s_[:, channel, :, -3:]):
            raw[edge] = grey
    return task_of(raw)


def test_each_image_moves_by_two_pixels_in_one_of_eight_directions(framed: Task) -> None:
    inputs = torch.from_numpy(framed.test.inputs)
    outputs = distort_images.shifted(framed, inputs, generator())
    found = []
    for before, after in zip(inputs, outputs, strict=True):
        # The frame is wider than the shift, so that what a roll brings in is background too.
        fits = [
            (d, r) for d in (-2, 0, 2) for r in (-2, 0, 2) if torch.allclose(before.roll((d, r), (1, 2)), after, atol=1e-5)
        ]
        assert len(fits) == 1
        found += fits
    assert len(set(found)) == 8
    assert (0, 0) not in found
    assert max(map(found.count, set(found))) < 70  # 37.5 of 300 expected


def test_an_image_of_one_row_moves_sideways() -> None:
    inputs = torch.arange(1.0, 7).expand(50, 1, 1, 6)
    outputs = distort_images.shifted_about(inputs, generator(), distance=2, fill=[0.0])
    assert {tuple(row) for row in outputs.flatten(1).tolist()} == {(3, 4, 5, 6, 0, 0), (0, 0, 1, 2, 3, 4)}


def test_noise_is_in_proportion_to_each_channels_own_deviation() -> None:
    raw = np.random.default_rng(0).integers(0, 256, (200, 2, 12, 12)).astype(np.uint8)
    raw[:, 1] = 7  # a channel that never changes
    task = task_of(raw)
    inputs = torch.from_numpy(task.test.inputs)
    added = distort_images.noisy(task, inputs, generator()) - inputs
    assert float(added[:, 0].std()) == pytest.approx(distort_images.NOISE, rel=0.02)
    assert float(added[:, 0].mean()) == pytest.approx(0, abs=0.02)
    assert not added[:, 1].any()


def test_images_turn_by_the_angles_said_to_either_side(framed: Task) -> None:
    size, radius = 41, 12
    fill = torch.tensor(normalise.background(framed.preprocessing))[:, None, None]
    inputs = fill.expand(200, 2, size, size).clone()
    middle = size // 2
    inputs[:, :, middle - 1 : middle + 2, middle + radius - 1 : middle + radius + 2] += 1  # a spot to the right of the middle
    outputs = distort_images.rotated(framed, inputs, generator()) - fill
    spot = outputs.mean(1).clamp(min=0)
    places = torch.arange(size) - float(middle)
    down, right = ((spot * axis).sum((1, 2)) / spot.sum((1, 2)) for axis in (places[:, None], places))
    angles = torch.atan2(down, right) * 180 / math.pi
    assert torch.hypot(down, right).sub(radius).abs().max() < 0.2
    assert 19.5 < float(angles.abs().min()) < 21
    assert 29 < float(angles.abs().max()) < 30.5
    assert 70 < int((angles > 0).sum()) < 130
    assert outputs[:, :, :3, :3].abs().max() < 1e-5, "corners are filled with the background"
