"""Normalisation of images by channel, fitted on the training part alone, and applied to raw data at any time later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minas.data import images
from minas.errors import DataError

_CHUNK = 1024


def fit(train: NDArray[Any], where: str) -> dict[str, Any]:
    """Return the preprocessing of images, as JSON values.

    Args:
        train: the training part's raw images, (samples, channels, height, width), uint8 or float32.
        where: what errors name.

    Returns:
        `kind`, `shape` (channels, height, width), `scale` (raw values are divided by it: 255 for 8-bit images, else 1), and by
        channel, in scaled values: `mean`, `standard_deviation` (1 where all pixels are alike) and `background` (the median of
        the outermost pixels, with which shifted images are filled).

    Raises:
        DataError: all pixels of all images are alike.
    """
    count = train.size / train.shape[1]
    mean = sum(chunk.sum(axis=(0, 2, 3)) for chunk in _chunks(train)) / count
    squares = sum(((chunk - mean[:, None, None]) ** 2).sum(axis=(0, 2, 3)) for chunk in _chunks(train)) / count
    deviation = np.sqrt(squares)
    if not deviation.any():
        raise DataError(f"{where}: all pixels of all training images are alike; expected images that differ")
    scale = 255.0 if train.dtype == np.uint8 else 1.0
    return {
        "kind": "image",
        "shape": list(train.shape[1:]),
        "scale": scale,
        "mean": (mean / scale).tolist(),
        "standard_deviation": np.where(deviation > 0, deviation / scale, 1.0).tolist(),
        "background": (_border_median(train) / scale).tolist(),
    }


def _chunks(train: NDArray[Any]) -> Iterator[NDArray[np.float64]]:
    for start in range(0, len(train), _CHUNK):
        yield train[start : start + _CHUNK].astype(np.float64)


def _border_median(train: NDArray[Any]) -> NDArray[np.float64]:
    rows, columns = train[:, :, (0, -1), :], train[:, :, :, (0, -1)]
    flat = [np.moveaxis(edge, 1, 0).reshape(train.shape[1], -1) for edge in (rows, columns)]
    return np.asarray(np.median(np.concatenate(flat, axis=1), axis=1), dtype=np.float64)


def apply(preprocessing: Mapping[str, Any], raw: NDArray[Any]) -> NDArray[np.float32]:
    """Return raw images as a network takes them: resized if need be, scaled and normalised.

    Args:
        preprocessing: what `fit` returned.
        raw: (samples, height, width), or with channels as the second or last axis, of any size, in the values of the training
            data's files (0 to 255 where those had 8 bits).

    Returns:
        (samples, channels, height, width), float32.

    Raises:
        DataError: another number of channels, or values that are no finite numbers.
    """
    channels, height, width = preprocessing["shape"]
    placed = images.values(raw, "images")
    if placed.shape[1:] != (channels, height, width):
        placed = images.channels_first(placed, "images")
    if placed.shape[1] != channels:
        raise DataError(f"images have {placed.shape[1]} channels; expected {channels}, as in training")
    deviation = np.asarray(preprocessing["standard_deviation"])
    factor = 1 / (preprocessing["scale"] * deviation)
    offset = -np.asarray(preprocessing["mean"]) / deviation
    out = images.resized(placed, height, width).astype(np.float32)
    out *= factor.astype(np.float32)[:, None, None]
    out += offset.astype(np.float32)[:, None, None]
    return out


def background(preprocessing: Mapping[str, Any]) -> list[float]:
    """Return the background's value by channel, as a network sees it."""
    by_channel = zip(preprocessing["background"], preprocessing["mean"], preprocessing["standard_deviation"], strict=True)
    return [(value - mean) / deviation for value, mean, deviation in by_channel]
