"""Signals of unequal lengths, and missing values: how both become whole arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minas.data.raw import check_size
from minas.errors import DataError

STATED = "a missing value lies on the line between its neighbours, shorter samples stay at their last values to the end"
"""What is done, for descriptions of formats."""


def filled(signal: NDArray[np.float64], where: str) -> NDArray[np.float64]:
    """Return a signal without missing values.

    Args:
        signal: (channels, time), NaN where a value is missing.
        where: what errors name.

    Returns:
        The signal, in which each missing value lies on the line between the nearest ones before and behind it that are there;
        at an end it is the nearest one.

    Raises:
        DataError: a channel has no value at all.
    """
    missing = np.isnan(signal)
    if not missing.any():
        return signal
    empty = np.flatnonzero(missing.all(axis=1))
    if len(empty):
        raise DataError(f"{where}: channel {empty[0] + 1} holds no value; expected at least one: leave the sample out")
    out = signal.copy()
    places = np.arange(signal.shape[1])
    for channel, gaps in zip(out, missing, strict=True):
        channel[gaps] = np.interp(places[gaps], places[~gaps], channel[~gaps])
    return out


def padded(samples: Sequence[NDArray[Any]], length: int, where: str) -> NDArray[np.float32]:
    """Return signals of one length: shorter ones stay at each channel's last value to the end.

    Nothing is stretched, since that would move every frequency, and nothing of a signal is cut off.

    Args:
        samples: each (channels, time), of as many channels, and time from 1 to `length`.
        length: points of time of each when done.
        where: what errors name.

    Returns:
        (samples, channels, length), float32.

    Raises:
        DataError: together they are too large.
    """
    channels = samples[0].shape[0]
    check_size(len(samples) * channels * length, where)
    out = np.empty((len(samples), channels, length), np.float32)
    with np.errstate(over="ignore"):
        for place, sample in zip(out, samples, strict=True):
            place[:, : sample.shape[1]] = sample
            place[:, sample.shape[1] :] = place[:, sample.shape[1] - 1 : sample.shape[1]]
    return out


def longest(parts: Sequence[Sequence[NDArray[Any]]]) -> int:
    """Return how many points of time the longest signal of a data set has, all parts together."""
    return max(len(sample[0]) for part in parts for sample in part)
