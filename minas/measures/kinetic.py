"""Kinetic energy: T, how far each step moves the state."""

from __future__ import annotations

from minas.measures import Measure

MEASURE = Measure(
    name="kinetic",
    unit="1",
    description="half the squared distance between each step's state and its transported input, summed over steps, a sample",
    compute=lambda trained: trained.figures.kinetic,
)
