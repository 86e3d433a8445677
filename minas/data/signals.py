"""Signals: their layout and values, and their preprocessing, fitted on the training part alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from minas.data.raw import check_size
from minas.errors import DataError, UsageError

_ORDER = 4


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a task's raw signals become samples, in this order.

    Attributes:
        rate: points of time in a second, as recorded; needed for a band.
        baseline: over how many points of time, the first of a sample, each of its channels is averaged, to take that mean away
            from all of them: what is left is how a channel moves away from where it began. 0 for none.
        band: (lowest, highest) frequency in hertz of a band-pass; a lowest of 0 keeps the level, so that it is a low-pass.
        average: how many points of time, one after the other, become one: their mean.
        points: how many points of time there are at last: each is the mean over its share of the time where there were more,
            and lies on the line between its neighbours where there were fewer. None leaves as many as the average does.
        standardise: `none`; `channel`: every channel by its mean and standard deviation over all training samples, so that
            a sample's level stays in it; `trial`: every channel of every sample by its own, which takes the level away.
    """

    rate: float | None = None
    baseline: int = 0
    band: tuple[float, float] | None = None
    average: int = 1
    points: int | None = None
    standardise: Literal["none", "channel", "trial"] = "channel"

    def __post_init__(self) -> None:
        """Refuse what makes no sense.

        Raises:
            UsageError: with what was expected.
        """
        if self.average < 1:
            raise UsageError(f"signals: an average over {self.average} points of time; expected at least 1")
        if self.points is not None and (self.points < 1 or self.average != 1):
            raise UsageError(
                f"signals: {self.points} points of time from averages over {self.average}; expected 1 or more, of 1"
            )
        if self.baseline < 0:
            raise UsageError(f"signals: a baseline of {self.baseline} points of time; expected 0, which is none, or more")
        if self.standardise not in ("none", "channel", "trial"):
            raise UsageError(f"signals: standardise = {self.standardise!r}; expected none, channel or trial")
        if self.band is not None:
            low, high = self.band
            if self.rate is None:
                raise UsageError("signals: a band in hertz needs the rate, in points of time a second")
            if not 0 <= low < high < self.rate / 2:
                raise UsageError(
                    f"signals: a band from {low} to {high} Hz; expected 0 <= lowest < highest < {self.rate / 2}, half the rate"
                )

    def to_json(self) -> dict[str, Any]:
        """Return JSON values that tell settings apart; what came later is left out where it does nothing."""
        found = asdict(self)
        if self.points is None:
            del found["points"]
        return found


def values(signals: NDArray[Any], where: str) -> NDArray[np.float32]:
    """Return signals as (samples, channels, time), float32.

    Args:
        signals: (samples, channels, time), or (samples, time) of one channel.
        where: what errors name.

    Raises:
        DataError: another number of axes, an empty axis, values that are no real numbers, not finite, or too many.
    """
    expected = "expected (samples, channels, time), or (samples, time) of one channel"
    if signals.ndim not in (2, 3) or 0 in signals.shape:
        raise DataError(f"{where}: signals of shape {signals.shape}; {expected}")
    check_size(signals.size, where)
    if signals.dtype.kind not in "biuf":
        raise DataError(f"{where}: signals of dtype {signals.dtype}; expected real numbers")
    with np.errstate(over="ignore"):
        out: NDArray[np.float32] = (signals if signals.ndim == 3 else signals[:, None]).astype(np.float32)
    bad = ~np.isfinite(out).reshape(len(out), -1).all(axis=1)
    if bad.any():
        first = np.flatnonzero(bad)[0]
        raise DataError(
            f"{where}: NaN, infinite or huge values in {bad.sum()} samples, sample {first} first; expected none: fill gaps, "
            "or leave such samples out"
        )
    return out


def fit(train: NDArray[np.float32], settings: Settings, where: str) -> dict[str, Any]:
    """Return the preprocessing of signals, as JSON values.

    Args:
        train: the training part's raw signals, (samples, channels, time).
        settings: what is to be done.
        where: what errors name.

    Returns:
        `kind`, `shape` (channels, time) as a network sees it, `length` (of a raw signal), `rate`, `baseline`, `band`,
        `average`, `points`, `standardise`; and by channel `mean` and `standard_deviation` (1 where it is constant) of the
        training part, which are used where `standardise` is `channel`.

    Raises:
        DataError: all values are alike, or a signal is shorter than what is averaged, or not longer than its baseline.
    """
    length = train.shape[2]
    if length < settings.average:
        raise DataError(
            f"{where}: signals of {length} points of time; expected at least {settings.average}, which are averaged"
        )
    if length <= settings.baseline:
        raise DataError(
            f"{where}: signals of {length} points of time; expected more than {settings.baseline}, which are the baseline"
        )
    check_size(train.shape[0] * train.shape[1] * (settings.points or 1), where)
    found: dict[str, Any] = {
        "kind": "signal",
        "shape": [train.shape[1], settings.points or length // settings.average],
        "length": length,
        "rate": settings.rate,
        "baseline": settings.baseline,
        "band": None if settings.band is None else list(settings.band),
        "average": settings.average,
        "points": settings.points,
        "standardise": settings.standardise,
    }
    filtered = _brought_down(train, found).astype(np.float64)
    deviation = filtered.std(axis=(0, 2))
    if not deviation.any():
        raise DataError(f"{where}: all values of all training signals are alike; expected signals that differ")
    found["mean"] = filtered.mean(axis=(0, 2)).tolist()
    found["standard_deviation"] = np.where(deviation > 0, deviation, 1.0).tolist()
    return found


def apply(preprocessing: Mapping[str, Any], raw: NDArray[Any]) -> NDArray[np.float32]:
    """Return raw signals as a network takes them: from their baseline, filtered, averaged and standardised.

    Args:
        preprocessing: what `fit` returned.
        raw: (samples, channels, time), or (samples, time) of one channel, in the units of the training data's files.

    Returns:
        (samples, channels, points), or (samples, channels, time / average) where points left over at the end are dropped;
        float32.

    Raises:
        DataError: another number of channels or points of time than in training, or values that are no finite numbers.
    """
    placed = values(raw, "signals")
    channels, length = preprocessing["shape"][0], preprocessing["length"]
    if placed.shape[1:] != (channels, length):
        raise DataError(f"signals of shape {placed.shape[1:]}; expected {channels} channels and {length} points of time")
    out = _brought_down(placed, preprocessing)
    if preprocessing["standardise"] == "channel":
        mean, deviation = (np.asarray(preprocessing[name])[:, None] for name in ("mean", "standard_deviation"))
        out = (out - mean) / deviation
    elif preprocessing["standardise"] == "trial":
        spread = out.std(axis=2, keepdims=True)
        out = (out - out.mean(axis=2, keepdims=True)) / np.where(spread > 0, spread, 1.0)
    return np.ascontiguousarray(out, dtype=np.float32)


def _brought_down(signals: NDArray[np.float32], preprocessing: Mapping[str, Any]) -> NDArray[Any]:
    """Take the baseline away, filter, average: all that needs no statistics of other samples."""
    baseline = preprocessing.get("baseline", 0)  # networks exported before there was one lack it
    if baseline:
        signals = signals - signals[:, :, :baseline].mean(axis=2, keepdims=True, dtype=np.float64).astype(np.float32)
    averaged = _averaged(_in_band(signals, preprocessing), preprocessing["average"])
    points = preprocessing.get("points")
    return averaged if points is None else _resampled(averaged, points)


def _in_band(signals: NDArray[np.float32], preprocessing: Mapping[str, Any]) -> NDArray[Any]:
    """Filter forwards and backwards, so that nothing moves in time (Butterworth, order 4 each way)."""
    if preprocessing["band"] is None:
        return signals
    from scipy.signal import butter, sosfiltfilt

    low, high = preprocessing["band"]
    kind, edges = ("bandpass", [low, high]) if low > 0 else ("lowpass", high)
    sections = butter(_ORDER, edges, kind, fs=preprocessing["rate"], output="sos")
    padding = min(3 * (2 * len(sections) + 1), signals.shape[2] - 1)
    filtered: NDArray[Any] = sosfiltfilt(sections, signals.astype(np.float64), axis=2, padlen=padding)
    return filtered


def _averaged(signals: NDArray[Any], average: int) -> NDArray[Any]:
    if average == 1:
        return signals
    samples, channels, length = signals.shape
    kept = signals[:, :, : length // average * average]
    means: NDArray[Any] = kept.reshape(samples, channels, -1, average).mean(axis=3)
    return means


def _resampled(signals: NDArray[Any], points: int) -> NDArray[Any]:
    """Return so many points of time for the same span: means over equal shares of it, or, where points are added, lines."""
    length = signals.shape[2]
    if points == length:
        return signals
    if points > length:
        places = np.clip((np.arange(points) + 0.5) * (length / points) - 0.5, 0, length - 1)
        return _between(signals.astype(np.float64), places)
    # The integral over time at the ends of the shares, of signals that keep each value for one point of time.
    whole = np.zeros((*signals.shape[:2], length + 1))
    np.cumsum(signals, axis=2, dtype=np.float64, out=whole[:, :, 1:])
    means: NDArray[Any] = np.diff(_between(whole, np.linspace(0, length, points + 1)), axis=2) * (points / length)
    return means


def _between(values: NDArray[np.float64], places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values at places between points of time, on the lines between them."""
    before = np.minimum(places.astype(np.int64), values.shape[2] - 1)
    after = np.minimum(before + 1, values.shape[2] - 1)
    share = places - before
    found: NDArray[np.float64] = values[:, :, before] * (1 - share) + values[:, :, after] * share
    return found
