"""A convolutional spiking network of the kind that snnTorch teaches."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

from minas.baselines import Baseline, Family, at_sizes, both_ways
from minas.network.initialise import seeded
from minas.operators.spiking import SpikingNeuron

_MAPS = (12, 32)
_KERNEL = 5
_DECAY = 0.5
_THRESHOLD = 1.0


class SpikingCnn(nn.Module):
    """Two convolutions with spiking neurons, each pooled by two, and a linear map, whose currents are added up over time.

    The network of snnTorch's seventh tutorial (Eshraghian et al. 2023, arXiv 2109.12894), 12C5-MP2-32C5-MP2-FC, at its decay
    of .5, with three changes: neurons reset to zero, as all of ours do; spikes are pooled, not the currents before them; and
    the classes come from summed currents, not from a last layer of neurons. Where a sensor is smaller than a kernel,
    convolutions are padded.

    Args:
        polarities: channels of a sample, 2 for an event camera.
        sides: height and width of the sensor.
        classes: number of classes.
        maps: of the two convolutions.
    """

    def __init__(self, polarities: int, sides: tuple[int, int], classes: int, *, maps: tuple[int, int] = _MAPS) -> None:
        super().__init__()
        padding = []
        for _ in maps:
            padding.append(0 if min(sides) >= _KERNEL else _KERNEL // 2)
            height, width = ((side - _KERNEL + 1 + 2 * padding[-1] + 1) // 2 for side in sides)
            sides = (height, width)
        self.first = nn.Conv2d(polarities, maps[0], _KERNEL, padding=padding[0])
        self.first_neuron = SpikingNeuron(_DECAY, _THRESHOLD)
        self.second = nn.Conv2d(maps[0], maps[1], _KERNEL, padding=padding[1])
        self.second_neuron = SpikingNeuron(_DECAY, _THRESHOLD)
        self.pool = nn.MaxPool2d(2, ceil_mode=True)
        self.head = nn.Linear(maps[1] * sides[0] * sides[1], classes)

    def forward(self, x: Tensor) -> Tensor:
        """Turn spikes (batch, time, polarities, height, width) into logits, (batch, classes)."""
        batch = x.shape[:2]
        spikes = self.first_neuron(self.first(x.flatten(0, 1)).unflatten(0, batch))
        spikes = self.second_neuron(self.second(self.pool(spikes.flatten(0, 1))).unflatten(0, batch))
        currents = self.head(self.pool(spikes.flatten(0, 1)).flatten(1))
        logits: Tensor = currents.unflatten(0, batch).sum(1)
        return logits


def _build(shape: tuple[int, ...], classes: int, seed: int, *, maps: tuple[int, int] = _MAPS) -> nn.Module:
    _, polarities, height, width = shape
    with seeded(seed):
        network = SpikingCnn(polarities, (height, width), classes, maps=maps)
        with torch.no_grad():  # summed over time steps, the usual weights give logits that are far too sure
            network.head.weight.mul_(0.1)
        return network


_SPIKING = Baseline(
    name="spiking CNN",
    source="after snnTorch's seventh tutorial, Eshraghian et al. 2023, arXiv 2109.12894: 12C5-MP2-32C5-MP2-FC",
    build=_build,
    in_search=False,
)

_SIZES = {"w6": partial(_build, maps=(6, 16)), "w3": partial(_build, maps=(3, 8))}

FAMILY = Family(domain="neuromorphic", baselines=(*both_ways(_SPIKING), *at_sizes(_SPIKING, _SIZES)))
