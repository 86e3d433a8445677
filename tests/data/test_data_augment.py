from __future__ import annotations

import time

import pytest
import torch

from minas.data import augment
from minas.errors import ConfigError

FILL = (-0.5, 2.0)


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _images(samples: int = 300, channels: int = 2, height: int = 6, width: int = 9) -> torch.Tensor:
    return torch.rand(samples, channels, height, width, generator=_generator(9))


def _moved(image: torch.Tensor, down: int, right: int) -> torch.Tensor:
    """Move one image by hand, pixel by pixel."""
    out = torch.tensor(FILL)[: len(image), None, None].expand_as(image).clone()
    _, height, width = image.shape
    for row in range(height):
        for column in range(width):
            if 0 <= row - down < height and 0 <= column - right < width:
                out[:, row, column] = image[:, row - down, column - right]
    return out


@pytest.mark.parametrize("chunk", [1 << 20, 700])
def test_shifts_are_those_made_by_hand(monkeypatch, chunk):
    monkeypatch.setattr(augment, "_CHUNK", chunk)
    inputs = _images(60)
    out = augment.shift(inputs, _generator(), most=2, fill=FILL)
    seen = set()
    for before, after in zip(inputs, out, strict=True):
        fits = [(d, r) for d in range(-2, 3) for r in range(-2, 3) if torch.equal(_moved(before, d, r), after)]
        assert len(fits) == 1
        seen.update(fits)
    assert len(seen) > 15
    assert {down for down, _ in seen} == {right for _, right in seen} == {-2, -1, 0, 1, 2}


def test_inputs_stay_as_they_are():
    inputs = _images()
    before = inputs.clone()
    augment.Augmentation(augment.Settings(shift=1, flip=True, rotate=10, zoom=0.1), FILL)(inputs, _generator())
    assert torch.equal(inputs, before)


def test_the_generator_decides():
    settings = augment.Settings(shift=2, flip=True, rotate=10, zoom=0.1)

    def run(seed: int) -> list[torch.Tensor]:
        augmentation, generator = augment.Augmentation(settings, FILL), _generator(seed)
        return [augmentation(_images(), generator) for _ in range(3)]

    first, again, other = run(1), run(1), run(2)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[0], first[1])
    assert not torch.equal(first[0], other[0])


def test_the_global_generator_is_left_alone():
    before = torch.random.get_rng_state()
    augment.Augmentation(augment.Settings(shift=2, flip=True, rotate=10, zoom=0.1), FILL)(_images(), _generator())
    assert torch.equal(torch.random.get_rng_state(), before)


def test_flips_alternate():
    inputs, augmentation, generator = _images(), augment.Augmentation(augment.Settings(flip=True), FILL), _generator(4)
    epochs = []
    for _ in range(4):
        out = augmentation(inputs, generator)
        flipped = (out == inputs.flip(3)).all(dim=(1, 2, 3))
        assert torch.equal(flipped, ~(out == inputs).all(dim=(1, 2, 3)))
        epochs.append(flipped)
    assert 100 < int(epochs[0].sum()) < 200
    assert torch.equal(epochs[0], ~epochs[1])
    assert torch.equal(epochs[0], epochs[2])


def test_no_turn_leaves_images_as_they_are():
    inputs = _images()
    assert torch.allclose(augment.turn(inputs, _generator(), rotate=0, zoom=0, fill=FILL), inputs, atol=1e-5)


def test_a_turn_keeps_shapes_on_images_that_are_not_square():
    # A disc stays a disc under every rotation about its centre; a turn that mixed up the sides would stretch it.
    rows, columns = torch.meshgrid(torch.arange(21) - 10.0, torch.arange(61) - 30.0, indexing="ij")
    disc = (rows**2 + columns**2 < 36).float().expand(50, 1, -1, -1)
    out = augment.turn(disc, _generator(), rotate=90, zoom=0, fill=(0.0,))
    assert float((out - disc).abs().sum(dim=(1, 2, 3)).max()) < 0.25 * float(disc[0].sum())


def test_a_zoom_changes_areas_within_its_bounds():
    square = torch.zeros(200, 1, 40, 40)
    square[:, :, 12:28, 12:28] = 1
    areas = augment.turn(square, _generator(), rotate=0, zoom=0.25, fill=(0.0,)).sum(dim=(1, 2, 3)) / 256
    assert 0.75**2 - 0.03 < float(areas.min()) < 0.7
    assert 1.4 < float(areas.max()) < 1.25**2 + 0.03


def test_a_turn_fills_with_the_background():
    inputs = torch.tensor(FILL).view(1, 2, 1, 1).expand(5, 2, 6, 9)
    assert torch.allclose(augment.turn(inputs, _generator(), rotate=45, zoom=0.5, fill=FILL), inputs, atol=1e-5)


PREPROCESSING = {"background": [0.0], "mean": [0.13], "standard_deviation": [0.31]}


def test_options_become_settings():
    made = augment.augmentation(PREPROCESSING, {"shift": 2.0, "flip": 1, "zoom": 0.1})
    assert made is not None
    assert made.settings == augment.Settings(shift=2, flip=True, zoom=0.1)
    assert made.fill == pytest.approx((-0.13 / 0.31,))


@pytest.mark.parametrize("options", [{}, {"shift": 0, "flip": False}])
def test_nothing_to_do_is_nothing(options):
    assert augment.augmentation(PREPROCESSING, options) is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shfit": 2}, "no augmentation of images named 'shfit'; did you mean 'shift'"),
        ({"shift": 1.5}, "expected whole pixels"),
        ({"shift": -1}, "expected a number from 0"),
        ({"rotate": float("nan")}, "expected a number from 0"),
        ({"zoom": 1.5}, "expected a share from 0, below 1"),
        ({"flip": 2}, "expected true or false"),
        ({"flip": "yes"}, "expected a number from 0"),
    ],
)
def test_senseless_options_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        augment.augmentation(PREPROCESSING, options)


def test_shifts_cost_next_to_nothing():
    inputs, generator, times = torch.rand(3000, 1, 28, 28), _generator(), []
    for _ in range(20):
        started = time.thread_time()
        augment.shift(inputs, generator, most=2, fill=(0.0,))
        times.append(time.thread_time() - started)
    # Measured at 2 to 4 ms of processor time.
    assert min(times) < 0.02
