"""Simulated events from real images: what an event camera would record while an image moves before it.

As N-MNIST was recorded (Orchard et al. 2015, arXiv 1507.07629), the image makes three quick movements along a triangle, here
of 100 ms each, with an ease-in and ease-out speed. Each pixel of the sensor emits an ON (OFF) event whenever the logarithm
of its intensity has risen (fallen) by a threshold since its last event. No recording is behind it: whoever names
such data says "simulated events from real images".

All arithmetic is on whole numbers, so the same images give the same events on every machine.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

SENSOR = 34
"""Pixels of the sensor's side, as in N-MNIST."""
DURATION = 0.3
"""Seconds of a recording."""
MOVES = 60
"""Steps of the simulation in a recording, 5 ms each; time bins are whole numbers of them."""
THRESHOLD = 0.45
"""Change of the logarithm of intensity for one event: about 4,200 events a digit of MNIST, as N-MNIST has."""

_DARK = 0.1  # intensity of a black pixel, a white one has 1 more
_REACH = 181  # from the middle to a corner of the triangle, in 64ths of a pixel
_MARGIN = 4  # pixels beyond the sensor: the reach, and one for the interpolation
_CORNERS = ((-1, -1), (1, 0), (-1, 1), (-1, -1))  # down, right; in units of the reach
_UNIT = 64  # parts of a pixel
_FULL = 1024  # the threshold in units of the table of levels
_CHUNK = 100  # images at a time: what the loop works on then stays in the processor's cache


def trajectory() -> list[tuple[int, int]]:
    """Return where the image is at each step, down and right of the middle, in 64ths of a pixel: MOVES + 1 places."""
    places = []
    for move in range(MOVES + 1):
        leg, step = min(move * 3 // MOVES, 2), MOVES // 3
        share = (move - leg * step) / step
        eased = share * share * (3 - 2 * share)
        start, end = _CORNERS[leg], _CORNERS[leg + 1]
        down, right = (round(_REACH * (a + (b - a) * eased)) for a, b in zip(start, end, strict=True))
        places.append((down, right))
    return places


def simulate(images: NDArray[np.uint8], *, steps: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the simulated events of images, binned.

    Args:
        images: (samples, height, width), grey values from 0 to 255, black the background; at most 34 x 34 pixels.
        steps: time bins of a recording; they divide 60.

    Returns:
        Whether any event came, (samples, steps, 2, 34, 34), 0 or 1, OFF before ON; and how many events each sample has,
        before bins were clipped at 1.

    Raises:
        ValueError: images that are too large, or steps that don't divide 60.
    """
    if MOVES % steps or max(images.shape[1:]) > SENSOR:
        raise ValueError(
            f"{steps} steps for images of {images.shape[1:]}: expected a divisor of {MOVES}, and at most {SENSOR}"
        )
    spikes = np.zeros((len(images), steps, 2, SENSOR, SENSOR), np.uint8)
    events = np.zeros(len(images), np.int64)
    levels = _levels()
    for start in range(0, len(images), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        _record(_canvas(images[chunk]), levels, spikes[chunk], events[chunk])
    return spikes, events


def _levels() -> NDArray[np.int32]:
    """Return the logarithm of intensity for each of its values from 0 to 255 * 16, in 1024ths of the threshold."""
    top = 255 * 16
    return np.array([round(_FULL / THRESHOLD * math.log(_DARK + value / top)) for value in range(top + 1)], np.int32)


def _canvas(images: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Lay images into the middle of a black ground that reaches beyond the sensor by as much as they move, and one."""
    side = SENSOR + 2 * _MARGIN
    top, left = ((side - size) // 2 for size in images.shape[1:])
    ground = np.zeros((len(images), side, side), np.int32)
    ground[:, top : top + images.shape[1], left : left + images.shape[2]] = images
    return ground


def _seen(ground: NDArray[np.int32], down: int, right: int) -> NDArray[np.int32]:
    """Return what the sensor sees of a ground that moved, (samples, 34, 34): intensities from 0 to 255 * 16, bilinear."""
    (rows, row_part), (columns, column_part) = divmod(down, _UNIT), divmod(right, _UNIT)
    top, left = _MARGIN - rows, _MARGIN - columns
    upper, lower = ground[:, top - 1 : top - 1 + SENSOR], ground[:, top : top + SENSOR]
    tall = row_part * upper[:, :, left - 1 : left + SENSOR] + (_UNIT - row_part) * lower[:, :, left - 1 : left + SENSOR]
    wide = column_part * tall[:, :, :-1] + (_UNIT - column_part) * tall[:, :, 1:]
    return wide >> 8


def _record(
    ground: NDArray[np.int32], levels: NDArray[np.int32], spikes: NDArray[np.uint8], events: NDArray[np.int64]
) -> None:
    """Move one chunk of images along the trajectory, and write down what the pixels emit."""
    places = trajectory()
    last = levels[_seen(ground, *places[0])]
    each = MOVES // spikes.shape[1]
    for move, place in enumerate(places[1:]):
        change = levels[_seen(ground, *place)] - last
        emitted = np.abs(change) >> 10
        events += emitted.sum((1, 2))
        off, on = spikes[:, move // each, 0], spikes[:, move // each, 1]
        on |= change >= _FULL
        off |= change <= -_FULL
        last += np.sign(change) * (emitted << 10)


def pooled(spikes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return what a sensor of half the side sees: a pixel fires where one of its four did; (..., height, width), even."""
    *shape, height, width = spikes.shape
    found: NDArray[np.uint8] = spikes.reshape(*shape, height // 2, 2, width // 2, 2).max((-3, -1))
    return found
