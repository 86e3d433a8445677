"""Physics-Lagrangian in our own reading for events: see `minas.baselines._motion`. The states are spikes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise

from torch import Tensor, nn

from minas.baselines import Baseline, Family, at_sizes, both_ways
from minas.baselines._events import mean_so_far
from minas.baselines._motion import NAME, SOURCE, Constraint
from minas.network.initialise import initialise, seeded
from minas.operators.spiking import SpikingConvolution
from minas.operators.spiking_head import SpikingHead

_WIDTHS = (8, 16)
_GRID = 4
_THRESHOLD = 0.5
"""Below 1: a spike that nothing moves is handed on."""


class SpikeMotion(SpikingConvolution):
    """One step of the spikes' motion: neurons whose current is q + c * (k(q) - f(q)), the bracket normalised.

    Currents are summed, spikes never.

    - kinetic, k: each channel by itself moves on from its neighbouring positions.
    - potential, f: at each position by itself the channels are driven back by a force; no multiplications, since q are spikes.
    - constraint, c: how far each channel may move, from how often it has fired since the recording began.

    Args:
        width: channels.
    """

    def __init__(self, width: int) -> None:
        super().__init__(width, width, 3, threshold=_THRESHOLD, depthwise=True)
        self.force = nn.Conv2d(width, width, 1, bias=False)
        self.constraint = Constraint(width)

    def forward(self, *states: Tensor) -> Tensor:
        """Keep the shape (batch, time, width, height, width of an image)."""
        (q,) = states
        flat = q.flatten(0, 1)
        moved = self.norm(self.convolutions[0](flat) - self.force(flat)).unflatten(0, q.shape[:2])
        spikes: Tensor = self.neuron(q + self.constraint(mean_so_far(q))[..., None, None] * moved)
        return spikes


class LagrangianSpikes(nn.Module):
    """Spiking convolutions of stride 2, a step of motion; at each time step a linear map, added up.

    Args:
        channels: of the recording, such as two polarities.
        classes: number of classes.
        widths: channels of the convolutions.
    """

    def __init__(self, channels: int, classes: int, *, widths: Sequence[int] = _WIDTHS) -> None:
        super().__init__()
        convolutions = (SpikingConvolution(before, after, 3, 2) for before, after in pairwise((channels, *widths)))
        self.parts = nn.Sequential(*convolutions, SpikeMotion(widths[-1]))
        self.head = SpikingHead(widths[-1], classes, _GRID)

    def forward(self, x: Tensor) -> Tensor:
        """Turn events (batch, time, channels, height, width), 0 or 1, into logits, (batch, classes)."""
        logits: Tensor = self.head(self.parts(x))
        return logits


def _build(shape: tuple[int, ...], classes: int, seed: int, *, widths: Sequence[int] = _WIDTHS) -> nn.Module:
    with seeded(seed):
        network = LagrangianSpikes(shape[1], classes, widths=widths)
        initialise(network)
        return network


_LAGRANGIAN = Baseline(name=NAME, source=SOURCE, build=_build, in_search=False, family="energy-first")

_SIZES = {"w4": partial(_build, widths=(4, 8)), "one layer": partial(_build, widths=(8,))}

FAMILY = Family(domain="neuromorphic", baselines=(*both_ways(_LAGRANGIAN), *at_sizes(_LAGRANGIAN, _SIZES)))
