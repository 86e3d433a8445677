"""Spikes of a spiking network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minas.measures import Measure, Unavailable

if TYPE_CHECKING:
    from minas.measures import Trained


def _spikes(trained: Trained) -> float:
    found = trained.spiking.spikes
    if found is None:
        raise Unavailable("the network has no spiking neurons")
    return found


MEASURE = Measure(
    name="spikes",
    unit="spike",
    description="spikes of all neurons over all time steps of one sample; only of networks with spiking neurons",
    compute=_spikes,
    on_request=True,
)
