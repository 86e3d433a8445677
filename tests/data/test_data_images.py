from __future__ import annotations

import numpy as np
import pytest

from minas.data import images, raw
from minas.errors import DataError


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((9, 28, 28), (9, 1, 28, 28)),
        ((9, 28, 30), (9, 1, 28, 30)),
        ((9, 1, 28, 28), (9, 1, 28, 28)),
        ((9, 28, 28, 1), (9, 1, 28, 28)),
        ((9, 32, 32, 3), (9, 3, 32, 32)),
        ((9, 3, 32, 32), (9, 3, 32, 32)),
        ((9, 20, 30, 3), (9, 3, 20, 30)),
        ((9, 3, 20, 30), (9, 3, 20, 30)),
        ((9, 4, 4, 1), (9, 1, 4, 4)),
        ((9, 64, 64, 13), (9, 13, 64, 64)),
        ((9, 13, 64, 64), (9, 13, 64, 64)),
    ],
)
def test_channels_are_found(given, expected):
    assert images.channels_first(np.zeros(given), "here").shape == expected


def test_channels_last_keep_their_pixels():
    pixels = np.random.default_rng(0).random((2, 5, 7, 3))
    assert (images.channels_first(pixels, "here")[1, 2] == pixels[1, :, :, 2]).all()


@pytest.mark.parametrize("shape", [(9, 28, 28, 28), (9, 3, 3, 3), (9, 10, 20, 30), (9, 2, 30, 3)])
def test_axes_that_can_be_read_both_ways_are_refused(shape):
    with pytest.raises(DataError, match=r"here: images of shape .* leave open which axis is the channels"):
        images.channels_first(np.zeros(shape), "here")


@pytest.mark.parametrize("shape", [(9,), (9, 784), (9, 1, 2, 3, 4), (0, 28, 28), (9, 0, 28)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(DataError, match=r"here: images of shape"):
        images.channels_first(np.zeros(shape), "here")


def test_values_are_bytes_where_they_fit():
    assert images.values(np.array([0, 255]), "here").dtype == np.uint8
    assert images.values(np.array([True, False]), "here").dtype == np.uint8
    assert images.values(np.array([0, 256]), "here").dtype == np.float32
    assert images.values(np.array([-1, 5]), "here").dtype == np.float32
    assert images.values(np.array([0.5, 5]), "here").dtype == np.float32


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_values_must_be_finite(value):
    pixels = np.zeros((5, 2, 2))
    pixels[3, 1, 0] = value
    with pytest.raises(DataError, match=r"here: NaN, infinite or huge values in 1 images, image 3 first"):
        images.values(pixels, "here")


@pytest.mark.parametrize("dtype", [complex, "U3", "M8[s]"])
def test_values_must_be_real_numbers(dtype):
    with pytest.raises(DataError, match=r"expected real numbers"):
        images.values(np.zeros((1, 2, 2)).astype(dtype), "here")


def test_too_many_values_are_refused(monkeypatch):
    monkeypatch.setattr(raw, "LARGEST_ARRAY", 10)
    with pytest.raises(DataError, match=r"here: 12 values; expected at most 10"):
        images.values(np.zeros((3, 2, 2)), "here")


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_shrinking_averages(dtype):
    pixels = np.zeros((2, 3, 8, 8), dtype)
    pixels[1, 2] = np.tile([0, 200], 4)
    out = images.resized(pixels, 2, 2)
    assert out.shape == (2, 3, 2, 2)
    assert out.dtype == dtype
    assert out[1, 2].astype(float) == pytest.approx(100, abs=15)
    assert not out[0].any()
