"""Zero fraction: how many units of the hidden states are silent."""

from __future__ import annotations

from minas.measures import Measure

MEASURE = Measure(
    name="zero_fraction",
    unit="1",
    description="share of the hidden states' units that are exactly zero, from 0 to 1",
    compute=lambda trained: trained.figures.zero_fraction,
)
