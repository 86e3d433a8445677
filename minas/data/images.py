"""Raw images: their layout, values and size."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from minas.data.raw import check_size
from minas.errors import DataError

MOST_CHANNELS = 4
"""Up to here an axis is taken for the channels where the sides of the images differ."""


def channels_first(images: NDArray[Any], where: str) -> NDArray[Any]:
    """Return images as (samples, channels, height, width).

    Args:
        images: (samples, height, width), (samples, height, width, channels) or (samples, channels, height, width). The two
            sides are the equal ones of the last three axes; where they differ, the axis of at most 4 is the channels.
        where: what errors name.

    Raises:
        DataError: another number of axes, an empty axis, or axes that can be read both ways.
    """
    expected = "expected (samples, height, width), or with channels as the last or the second axis"
    if images.ndim not in (3, 4):
        raise DataError(f"{where}: images of shape {images.shape}; {expected}")
    if 0 in images.shape:
        raise DataError(f"{where}: images of shape {images.shape} are empty; {expected}")
    if images.ndim == 3:
        return images[:, None]
    first, middle, last = images.shape[1:]
    for equal in ((middle == last, first == middle), (first <= MOST_CHANNELS, last <= MOST_CHANNELS)):
        if equal == (True, False):
            return images
        if equal == (False, True):
            return np.moveaxis(images, -1, 1)
    raise DataError(f"{where}: images of shape {images.shape} leave open which axis is the channels; {expected}")


def values(images: NDArray[Any], where: str) -> NDArray[Any]:
    """Return images as uint8 where they hold whole numbers from 0 to 255, else as float32.

    Raises:
        DataError: values that are no real numbers, not finite, or too many.
    """
    check_size(images.size, where)
    if images.dtype == np.uint8:
        return images
    if images.dtype.kind not in "biuf":
        raise DataError(f"{where}: images of dtype {images.dtype}; expected real numbers")
    if images.dtype.kind == "f":
        with np.errstate(over="ignore"):
            out = images.astype(np.float32)
        bad = ~np.isfinite(out).reshape(len(out), -1).all(axis=1)
        if bad.any():
            first = np.flatnonzero(bad)[0]
            raise DataError(f"{where}: NaN, infinite or huge values in {bad.sum()} images, image {first} first; expected none")
        return out
    small = images.size == 0 or (images.min() >= 0 and images.max() <= 255)
    return images.astype(np.uint8 if small else np.float32)


def resized(images: NDArray[Any], height: int, width: int) -> NDArray[Any]:
    """Return images (samples, channels, h, w) stretched to (samples, channels, height, width), of the same dtype.

    Bilinear; each output pixel averages all the input pixels that it covers, so that shrinking does not alias.
    """
    if images.shape[2:] == (height, width):
        return images
    planes = images.reshape(-1, *images.shape[2:])
    out = np.empty((len(planes), height, width), dtype=images.dtype)
    for index, plane in enumerate(planes):
        out[index] = np.asarray(Image.fromarray(plane).resize((width, height), Image.Resampling.BILINEAR))
    return out.reshape(*images.shape[:2], height, width)
