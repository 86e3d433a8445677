"""What a method without a network reached on a task: figures on validation and test samples, as plain records."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minas.errors import DataError

DRAWS = 1000
"""How often test samples are drawn anew for the intervals of scores that have no formula."""
LARGEST = 10_000_000
"""Values that the drawn tables may have; beyond some hundred classes the scores get no interval of their own."""
NORMAL = 1.959963984540054
"""Quantile of the normal distribution that leaves 2.5% above it."""


@dataclass(frozen=True, kw_only=True)
class Spread:
    """A figure on the test samples with its 95% interval over samples: what other samples of the same kind might give.

    A line is fitted once and has no chance in it, so there are no seeds to take an interval over.

    Attributes:
        mean: the figure.
        low: lower end of the interval.
        high: upper end.
        samples: over how many test samples.
    """

    mean: float
    low: float
    high: float
    samples: int


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What a line reached on a task.

    Attributes:
        name: of the line.
        source: what it is, and where it is published.
        seconds: wall time of fitting.
        measures: measure to value on the validation samples, by which it chose its penalty: `error`, `balanced_accuracy`,
            `macro_f1` and `kappa`.
        test: likewise on the test samples, with intervals.
    """

    name: str
    source: str
    seconds: float
    measures: Mapping[str, float]
    test: Mapping[str, Spread]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)


def judged_from_json(values: Any) -> Judged:
    """Return what `Judged.to_json` gave.

    Raises:
        DataError: the values are no line's figures.
    """
    try:
        test = {
            str(name): Spread(**{part: float(row[part]) for part in ("mean", "low", "high")}, samples=int(row["samples"]))
            for name, row in values["test"].items()
        }
        found = Judged(
            name=str(values["name"]),
            source=str(values["source"]),
            seconds=float(values["seconds"]),
            measures={str(name): float(value) for name, value in values["measures"].items()},
            test=test,
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise DataError(f"not a line's figures: {type(error).__name__} {error}") from None
    numbers = [*found.measures.values(), *(end for row in test.values() for end in (row.mean, row.low, row.high))]
    if not all(map(math.isfinite, numbers)):
        raise DataError(f"the figures of the line {found.name!r} are not finite")
    return found


def table(targets: NDArray[np.int64], answers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how often each class was answered for each class, shape (right classes, answered classes)."""
    size = int(max(targets.max(), answers.max())) + 1
    return np.bincount(targets * size + answers, minlength=size * size).reshape(size, size)


def scores(tables: NDArray[Any]) -> dict[str, NDArray[np.float64]]:
    """Return measure to values for tables as `table` gives them, shape (..., classes, classes).

    The measures are those of `minas.measures` of the same name; NaN where one can't be said.
    """
    right, wanted, answered = np.diagonal(tables, axis1=-2, axis2=-1), tables.sum(-1), tables.sum(-2)
    total = wanted.sum(-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        by_chance = (wanted * answered).sum(-1) / total**2
        agreed = right.sum(-1) / total
        return {
            "error": 1.0 - agreed,
            "balanced_accuracy": np.nanmean(right / np.where(wanted > 0, wanted, np.nan), axis=-1),
            "macro_f1": np.nanmean(2.0 * right / np.where(wanted + answered > 0, wanted + answered, np.nan), axis=-1),
            "kappa": (agreed - by_chance) / (1.0 - by_chance),
        }


def measured(targets: NDArray[np.int64], answers: NDArray[np.int64]) -> dict[str, float]:
    """Return measure to value of answers to samples whose classes are known, both (samples,)."""
    return {name: float(value) for name, value in scores(table(targets, answers)).items() if np.isfinite(value)}


def spreads(targets: NDArray[np.int64], answers: NDArray[np.int64]) -> dict[str, Spread]:
    """Return measure to value with its 95% interval over samples.

    The error's is Wilson's (1927, doi 10.1080/01621459.1927.10502953), which holds near 0 as well; the others' lie between
    the quantiles of samples drawn anew, with replacement, from the given ones.
    """
    counted = table(targets, answers)
    samples, cells = len(targets), np.flatnonzero(counted)
    drawn = np.zeros((DRAWS, counted.size), dtype=np.int64) if counted.size * DRAWS <= LARGEST else None
    ends: dict[str, tuple[float, float]] = {}
    if drawn is not None:
        rng = np.random.default_rng(0)
        drawn[:, cells] = rng.multinomial(samples, counted.ravel()[cells] / samples, size=DRAWS)
        for name, values in scores(drawn.reshape(DRAWS, *counted.shape)).items():
            low, high = np.nanquantile(values, (0.025, 0.975))
            ends[name] = float(low), float(high)
    out = {}
    for name, value in measured(targets, answers).items():
        low, high = wilson(value, samples) if name == "error" else ends.get(name, (value, value))
        out[name] = Spread(mean=value, low=min(low, value), high=max(high, value), samples=samples)
    return out


def wilson(share: float, samples: int) -> tuple[float, float]:
    """Return the ends of Wilson's 95% interval of a share that was seen in so many samples."""
    squared = NORMAL**2
    centre = (share + squared / (2 * samples)) / (1 + squared / samples)
    half = NORMAL * math.sqrt(share * (1 - share) / samples + squared / (4 * samples**2)) / (1 + squared / samples)
    return max(0.0, centre - half), min(1.0, centre + half)
