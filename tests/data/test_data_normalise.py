from __future__ import annotations

import json

import numpy as np
import pytest

from minas.data import images, normalise
from minas.errors import DataError


def _pixels(samples: int = 2500, channels: int = 3) -> np.ndarray:
    generator = np.random.default_rng(0)
    level = generator.integers(0, 120, (1, channels, 1, 1))
    return (level + generator.integers(0, 120, (samples, channels, 6, 5))).astype(np.uint8)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_the_training_part_gets_mean_0_and_deviation_1(dtype):
    pixels = _pixels().astype(dtype)
    out = normalise.apply(normalise.fit(pixels, "here"), pixels)
    assert out.dtype == np.float32
    assert out.mean(axis=(0, 2, 3), dtype=float) == pytest.approx(0, abs=1e-5)
    assert out.std(axis=(0, 2, 3), dtype=float) == pytest.approx(1, abs=1e-5)


def test_bytes_are_scaled():
    pixels = _pixels()
    fitted = normalise.fit(pixels, "here")
    assert fitted["scale"] == 255
    assert fitted["mean"] == pytest.approx(pixels.mean(axis=(0, 2, 3)) / 255)
    assert fitted["standard_deviation"] == pytest.approx(pixels.std(axis=(0, 2, 3)) / 255)


def test_preprocessing_survives_json_and_takes_raw_data_in_each_layout():
    pixels = _pixels(channels=1)
    fitted = json.loads(json.dumps(normalise.fit(pixels, "here")))
    expected = normalise.apply(fitted, pixels)
    assert (normalise.apply(fitted, pixels[:, 0]) == expected).all()
    assert (normalise.apply(fitted, np.moveaxis(pixels, 1, -1)) == expected).all()


def test_raw_data_of_another_size_is_resized():
    pixels = _pixels()
    fitted = normalise.fit(pixels, "here")
    larger = images.resized(pixels, 12, 10)
    assert normalise.apply(fitted, larger).shape == pixels.shape
    assert abs(normalise.apply(fitted, larger) - normalise.apply(fitted, pixels)).mean() < 0.5


def test_raw_data_with_other_channels_is_refused():
    with pytest.raises(DataError, match=r"images have 1 channels; expected 3"):
        normalise.apply(normalise.fit(_pixels(), "here"), _pixels(channels=1))


def test_a_channel_that_says_nothing_stays_finite():
    pixels = _pixels()
    pixels[:, 1] = 7
    out = normalise.apply(normalise.fit(pixels, "here"), pixels)
    assert out[:, 1] == pytest.approx(0, abs=1e-6)


def test_images_that_are_all_alike_are_refused():
    with pytest.raises(DataError, match=r"here: all pixels of all training images are alike"):
        normalise.fit(np.full((5, 3, 4, 4), 9, np.uint8), "here")


def test_the_background_is_the_normalised_value_of_the_border():
    pixels = _pixels()
    pixels[:, 0, (0, -1), :] = 250
    pixels[:, 0, :, (0, -1)] = 250
    fitted = normalise.fit(pixels, "here")
    expected = normalise.apply(fitted, np.full((1, 3, 6, 5), 250, np.uint8))[0, 0, 0, 0]
    assert normalise.background(fitted)[0] == pytest.approx(expected, abs=1e-5)
