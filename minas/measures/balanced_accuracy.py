"""Balanced accuracy: the mean over classes of the share of their samples that the network gets right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minas.measures import Measure

if TYPE_CHECKING:
    from minas.measures._trained import Trained


def _compute(trained: Trained) -> float:
    from minas.measures._confusion import confusion

    table = confusion(trained)
    samples = table.sum(1)
    there = samples > 0
    return float((table.diagonal()[there] / samples[there]).mean())


MEASURE = Measure(
    name="balanced_accuracy",
    unit="1",
    description="mean over the classes that occur of the share of their samples answered rightly, from 0 to 1",
    compute=_compute,
    score=True,
)
