"""BimodalTrue in our own reading for events: see `minas.baselines._two_pathways`. The fast pathway spikes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from torch import Tensor, nn

from minas.baselines import Baseline, Family, at_sizes, both_ways
from minas.baselines._events import mean_so_far
from minas.baselines._two_pathways import NAME, SLOW, SOURCE, SlowPathway
from minas.network.initialise import initialise, seeded
from minas.operators.spiking import SpikingConvolution
from minas.operators.spiking_head import SpikingHead

_WIDTHS = ((8, 2), (16, 2))
_GRID = 4


class ModulatedSpikes(SpikingConvolution):
    """One layer of both pathways.

    Fast: a convolution, normalised, and spiking neurons. Slow: senses how many spikes have come in since the recording began,
    and shifts the neurons' thresholds, channel by channel and time step by time step, by a current of its own.

    Args:
        inputs: channels that come in.
        outputs: channels that go out.
        stride: of the convolution.
    """

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__(inputs, outputs, 3, stride)
        self.slow = SlowPathway(inputs, outputs)

    def modulated(self, fast: Tensor, slow: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return the next spikes, (batch, time, outputs, height, width), and the next slow state, (batch, time, SLOW)."""
        shift, slow = self.slow(mean_so_far(fast), slow)
        current = self.norm(self.convolutions[0](fast.flatten(0, 1))).unflatten(0, fast.shape[:2])
        return self.neuron(current + shift[..., None, None].expand(current.shape)), slow


class BimodalSpikes(nn.Module):
    """Modulated layers; at each time step a linear map of the spikes, added up, and one of the slow state at the end.

    Args:
        channels: of the recording, such as two polarities.
        classes: number of classes.
        widths: channels and stride of each layer.
    """

    def __init__(self, channels: int, classes: int, *, widths: Sequence[tuple[int, int]] = _WIDTHS) -> None:
        super().__init__()
        before = [channels, *(width for width, _ in widths)]
        self.layers = nn.ModuleList(
            ModulatedSpikes(inputs, outputs, stride) for inputs, (outputs, stride) in zip(before[:-1], widths, strict=True)
        )
        self.head = SpikingHead(before[-1], classes, _GRID)
        self.slow_head = nn.Linear(SLOW, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Turn events (batch, time, channels, height, width), 0 or 1, into logits, (batch, classes)."""
        fast, slow = x, None
        for layer in self.layers:
            assert isinstance(layer, ModulatedSpikes)
            fast, slow = layer.modulated(fast, slow)
        assert slow is not None
        logits: Tensor = self.head(fast) + self.slow_head(slow[:, -1])
        return logits


def _build(shape: tuple[int, ...], classes: int, seed: int, *, widths: Sequence[tuple[int, int]] = _WIDTHS) -> nn.Module:
    with seeded(seed):
        network = BimodalSpikes(shape[1], classes, widths=widths)
        initialise(network)
        return network


_BIMODAL = Baseline(name=NAME, source=SOURCE, build=_build, in_search=False, family="energy-first")

_SIZES = {"w4": partial(_build, widths=((4, 2), (8, 2))), "one layer": partial(_build, widths=((8, 2),))}

FAMILY = Family(domain="neuromorphic", baselines=(*both_ways(_BIMODAL), *at_sizes(_BIMODAL, _SIZES)))
