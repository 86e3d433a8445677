"""Recordings of event cameras: events, and the spikes that networks take, binned by time and pooled over the sensor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minas.data.raw import Pile, Raw, check_size, names
from minas.errors import DataError

STEPS = 10
"""Time bins of a recording."""
LARGEST_SIDE = 34
"""Pixels; the longer side of larger sensors is pooled to this, unless a size is given."""


@dataclass(frozen=True)
class Events:
    """One recording; an event an entry of each array.

    Attributes:
        x, y: column and row of the pixel, from 0.
        on: whether its intensity rose.
        times: in any unit that grows evenly.
    """

    x: NDArray[np.int64]
    y: NDArray[np.int64]
    on: NDArray[np.bool_]
    times: NDArray[np.int64]

    def checked(self, where: str) -> Events:
        """Return the events, if they can be used.

        Raises:
            DataError: there are none, or places and times below 0.
        """
        if not len(self.times):
            raise DataError(f"{where}: holds no events; expected some in each recording")
        if min(self.x.min(), self.y.min(), self.times.min()) < 0:
            raise DataError(f"{where}: events at negative places or times; expected them from 0")
        return self


def sensor_of(recordings: list[Events], where: str, *, most: int = 4096) -> tuple[int, int]:
    """Return the height and width of the sensor: one more than the largest row and column of any event.

    Raises:
        DataError: a side over `most` pixels.
    """
    height = 1 + max(int(events.y.max()) for events in recordings)
    width = 1 + max(int(events.x.max()) for events in recordings)
    if max(height, width) > most:
        raise DataError(
            f"{where}: events at column {width - 1} and row {height - 1}; expected a sensor of {most} pixels at most"
        )
    return height, width


def sides(sensor: tuple[int, int], size: int | None) -> tuple[int, int]:
    """Return height and width after pooling: the longer side as given, or kept, at most 34 pixels."""
    longer = max(sensor)
    wanted = min(size or LARGEST_SIDE, longer)
    return max(1, sensor[0] * wanted // longer), max(1, sensor[1] * wanted // longer)


def binned(events: Events, *, sensor: tuple[int, int], pooled: tuple[int, int], steps: int = STEPS) -> NDArray[np.uint8]:
    """Return whether any event came, for each time bin, polarity and pooled pixel.

    The recording is divided into bins of equal length from its first event to its last; several events in one place count
    once, as a spike does.

    Returns:
        (steps, 2, height, width), 0 or 1, OFF before ON.
    """
    first, last = int(events.times.min()), int(events.times.max())
    step = np.minimum((events.times - first) * steps // max(1, last - first + 1), steps - 1)
    row, column = events.y * pooled[0] // sensor[0], events.x * pooled[1] // sensor[1]
    out = np.zeros((steps, 2, *pooled), np.uint8)
    out[step, events.on.astype(np.int64), row, column] = 1
    return out


def pile(
    recordings: dict[str, list[Events]],
    labels: dict[str, list[str]],
    where: str,
    *,
    size: int | None,
    groups: dict[str, NDArray[np.str_]] | None = None,
) -> Raw:
    """Return a data set of recordings by part: binned, and pooled alike.

    Args:
        recordings: the events of each recording, by part.
        labels: the class of each, by part.
        where: what errors name.
        size: the longer side of the sensor after pooling; None keeps it, at most 34 pixels.
        groups: whose each recording is, by part, where that is known.

    Raises:
        DataError: the sensor is too large.
    """
    sensor = sensor_of([events for part in recordings.values() for events in part], where)
    pooled = sides(sensor, size)
    check_size(sum(map(len, recordings.values())) * STEPS * 2 * pooled[0] * pooled[1], where)
    classes, targets = names([np.array(labels[part]) for part in recordings], where)
    piles = {
        part: Pile(
            np.stack([binned(events, sensor=sensor, pooled=pooled) for events in found]),
            indices,
            groups[part] if groups else None,
        )
        for (part, found), indices in zip(recordings.items(), targets, strict=True)
    }
    return Raw(train=piles["train"], validation=piles.get("validation"), test=piles.get("test"), classes=classes, source=where)
