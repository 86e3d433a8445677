"""Rescale gap: what could still be had by rescaling layers without changing the function."""

from __future__ import annotations

from minas.measures import Measure

MEASURE = Measure(
    name="rescale_gap",
    unit="1",
    description="by how much the best rescaling of one layer that keeps the function could still lower the action",
    compute=lambda trained: trained.figures.rescale_gap,
)
