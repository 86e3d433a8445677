"""Participation ratio: over how many of its units a state's energy is spread."""

from __future__ import annotations

from minas.measures import Measure

MEASURE = Measure(
    name="participation_ratio",
    unit="1",
    description="share of the hidden states' units that are active, (sum q^2)^2 / sum q^4: 1 where all are equally so",
    compute=lambda trained: trained.figures.participation_ratio,
)
