"""Potential energy: V, the size of the linear maps that are really applied."""

from __future__ import annotations

from minas.measures import Measure

MEASURE = Measure(
    name="potential",
    unit="1",
    description="half the squared norm of each step's linear map, normalisation folded in, summed over steps, a sample",
    compute=lambda trained: trained.figures.potential,
)
