"""When a worker counts as hung. A guard, never a budget: what ends a trial that works is deterministic.

Where enough trials have finished, their pace says how long one may take. Before that, what is predicted of its work does,
and the user's clock: a trial that takes longer than what is left of it cannot count. Without a clock nobody waits for a hung
worker, and the trials of such a run must be the same to the bit on a slow machine: there the guard is many times longer.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from minas.trial import Candidate, Status, Trial

HANG_FACTOR = 20.0
"""A worker counts as hung after this many times the median trial."""

SHORTEST_GUARD = 120.0
"""Seconds below which no trial counts as hung, whatever the median and the clock."""

FIRST_GUARD = 1800.0
"""Seconds below which one of the first trials of a run without a clock never counts as hung."""

PATIENCE = 10.0
"""How much longer one of the first trials may take where there is no clock."""

FEWEST_FOR_PACE = 5
"""Complete trials that it takes for a median."""

SLOWEST_SAMPLE = 2e-3
"""Seconds for a training sample, its multiply-accumulates aside: twenty times what one core of a server takes."""

SLOWEST_MACS = 1e9
"""Multiply-accumulates a second: a twentieth of what one core of a server does."""

BACKWARD = 2.0
"""A backward pass costs about two forward passes."""


def longest(flops: float, samples: int, epochs: int) -> float:
    """Return the seconds in which a slow machine trains a network.

    Args:
        flops: multiply-accumulates of one forward pass, for one sample.
        samples: training samples.
        epochs: passes over them; 0 only measures, which takes less than one.
    """
    return max(1, epochs) * samples * (SLOWEST_SAMPLE + (1 + BACKWARD) * flops / SLOWEST_MACS)


class Pace:
    """The median of the seconds for an epoch that complete trials took.

    It is kept in order, so that one trial more costs the same after ten thousand.

    Args:
        trials: what has finished so far.
    """

    def __init__(self, trials: Iterable[Trial] = ()) -> None:
        self._seconds: list[float] = []
        for trial in trials:
            self.add(trial)

    def add(self, trial: Trial) -> None:
        """Take in a trial that has finished; one that did not complete says nothing of the pace."""
        if trial.status is Status.COMPLETE:
            bisect.insort(self._seconds, trial.cost.seconds / max(1, trial.candidate.epochs))

    @property
    def median(self) -> float | None:
        """Seconds for an epoch; None before enough trials have finished."""
        count = len(self._seconds)
        if count < FEWEST_FOR_PACE:
            return None
        return (self._seconds[(count - 1) // 2] + self._seconds[count // 2]) / 2


@dataclass(frozen=True, kw_only=True)
class Guard:
    """Tells after how many seconds a candidate's worker counts as hung.

    Attributes:
        left: seconds left of the user's clock; None without one.
        longest: seconds that a candidate takes on a slow machine; None where that cannot be predicted.
    """

    left: Callable[[], float] | None = None
    longest: Callable[[Candidate], float | None] = lambda candidate: None

    def seconds(self, candidate: Candidate, pace: Pace) -> float:
        """Return the guard of a candidate, in seconds, by the pace of the trials that have finished so far."""
        median = pace.median
        guard = self._first(candidate) if median is None else HANG_FACTOR * median * max(1, candidate.epochs)
        if self.left is not None:
            guard = min(guard, self.left())
        return max(SHORTEST_GUARD, guard)

    def _first(self, candidate: Candidate) -> float:
        predicted = self.longest(candidate)
        if self.left is None:
            return max(FIRST_GUARD, PATIENCE * (predicted or 0.0))
        return FIRST_GUARD if predicted is None else predicted
