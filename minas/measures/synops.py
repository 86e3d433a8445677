"""Synaptic operations of a spiking network."""

from __future__ import annotations

from minas.measures import Measure

MEASURE = Measure(
    name="synops",
    unit="SOP",
    description="synaptic operations of one sample, as NeuroBench counts them (effective ACs plus effective MACs): weights "
    "other than 0 that an input other than 0 reaches, biases and padding left out; "
    "in a network without spiking neurons each is a multiplication",
    compute=lambda trained: trained.spiking.synops,
    on_request=True,
)
