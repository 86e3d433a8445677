"""Joules: the one measure of energy that is read from a counter, and never modelled."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from minas.measures import Measure, Unavailable
from minas.measures._counters import EnergyCounter, find_counter

if TYPE_CHECKING:
    from minas.measures._trained import Trained

WINDOW = 5.0
"""Seconds of repeated forward passes. Below 2 s readings are unstable: NVML's counter moves about ten times a second."""


def joules_of(
    work: Callable[[], object],
    counter: EnergyCounter,
    *,
    seconds: float = WINDOW,
    clock: Callable[[], float] = time.monotonic,
) -> float:
    """Return the joules of doing some work once: it is repeated until the window is full, and the mean is taken.

    Args:
        work: what is measured; it returns when it is done.
        counter: what is read.
        seconds: at least this long.
        clock: time in seconds.

    Raises:
        Unavailable: the counter stood still.
    """
    work()  # Warm up, outside the window.
    before, start = counter.joules(), clock()
    times = 0
    while times == 0 or clock() - start < seconds:
        work()
        times += 1
    spent = counter.joules() - before
    if spent <= 0:
        raise Unavailable(f"no readable counter: {counter.source} stood still for {clock() - start:.1f} s")
    return spent / times


def _compute(trained: Trained) -> float:
    counter = find_counter(trained.device.type, trained.device.index or 0)
    return joules_of(trained.forward_all, counter) / len(trained.targets)


MEASURE = Measure(
    name="joules",
    unit="J",
    description="energy of one sample's forward pass, read from a counter (the processor package by Linux powercap, the "
    "GPU by NVML) over 5 s of repeated passes; whatever else runs there, and idling, is in it: measure with one worker",
    compute=_compute,
    on_request=True,
)
