"""Spikes of a spiking network."""

from __future__ import annotations

from minas.measures import Measure

MEASURE = Measure(
    name="spikes",
    unit="spike",
    description="spikes of all neurons over all time steps of one sample; only of networks with spiking neurons",
    compute=lambda trained: trained.spiking.spikes,
    on_request=True,
)
