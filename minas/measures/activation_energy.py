"""Activation energy: E, the squared size of all hidden states."""

from __future__ import annotations

from minas.measures import Measure

MEASURE = Measure(
    name="activation_energy",
    unit="1",
    description="squared size of all hidden states, summed over steps, a sample",
    compute=lambda trained: trained.figures.activation_energy,
)
