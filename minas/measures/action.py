"""Action: S, the sum of kinetic and potential energy over a network's steps."""

from __future__ import annotations

from minas.measures import Measure

MEASURE = Measure(
    name="action",
    unit="1",
    description="kinetic plus potential energy of all steps, stem and head included, a sample: in the loss too",
    compute=lambda trained: trained.figures.action,
)
