"""BimodalTrue in our own reading, what all domains share: a fast, sparse pathway and a slow one that modulates it.

Of the paper's network (arXiv 2604.24805) one sentence is public: "dual-pathway processing inspired by neuron-glia metabolic
specialisation". What follows is this project's reading of it, not the author's network.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from minas.baselines._positions import Layers, layers_for

NAME = "bimodal"

SOURCE = "this project's own reading of BimodalTrue, one sentence in arXiv 2604.24805; not the author's network"

SLOW = 8
"""Numbers in the slow state."""

THRESHOLD = 0.5
"""How many standard deviations above its mean a unit of the fast pathway must be driven to answer at all."""

GRID = 3
"""Positions along each axis that the head sees of images and signals."""


class SlowPathway(nn.Module):
    """A few numbers for the whole sample, as glia are: half of what they were before, half what the fast state is on average.

    They decide, feature by feature, on what the fast pathway does next.

    Args:
        sensed: features of the fast state that are sensed.
        modulated: features of the fast state that are modulated.
    """

    def __init__(self, sensed: int, modulated: int) -> None:
        super().__init__()
        self.sense = nn.Linear(sensed, SLOW)
        self.modulate = nn.Linear(SLOW, modulated)

    def forward(self, average: Tensor, slow: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return the modulation, (..., modulated), and the next slow state, (..., SLOW).

        Args:
            average: of the fast state, (..., sensed).
            slow: the state before, (..., SLOW); None for none.
        """
        now = torch.tanh(self.sense(average))
        slow = now if slow is None else (slow + now) / 2
        return self.modulate(slow), slow


class ModulatedLayer(nn.Module):
    """One layer of both pathways.

    Fast, as neurons are: a convolution, normalised, of which only what exceeds a threshold is handed on. The slow pathway then
    decides, channel by channel, how much of it may pass.

    Args:
        layers: for the samples' number of position axes.
        inputs: channels that come in.
        outputs: channels that go out.
        stride: of the convolution.
        kernel: positions along each axis that the convolution sees.
    """

    def __init__(self, layers: Layers, inputs: int, outputs: int, stride: int, kernel: int) -> None:
        super().__init__()
        self.convolution = layers.convolution(inputs, outputs, kernel, stride=stride, padding=kernel // 2, bias=False)
        self.normalisation = layers.normalisation(outputs)
        self.sparse = nn.Threshold(THRESHOLD, 0.0)
        self.slow = SlowPathway(outputs, outputs)

    def forward(self, fast: Tensor, slow: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return the next fast state, (batch, outputs, *positions), and the next slow one, (batch, SLOW)."""
        fast = self.sparse(self.normalisation(self.convolution(fast)))
        modulation, slow = self.slow(fast.flatten(2).mean(2), slow)
        passed = torch.sigmoid(modulation)
        return fast * passed.reshape(*passed.shape, *(1,) * (fast.ndim - 2)), slow


class Bimodal(nn.Module):
    """Modulated layers, the fast state pooled to three positions an axis beside the slow state, a linear map.

    Args:
        shape: (channels, *positions) of a sample, with one axis of positions or two.
        classes: number of classes.
        widths: channels and stride of each layer.
        kernel: positions along each axis that a convolution sees.
    """

    def __init__(self, shape: tuple[int, ...], classes: int, *, widths: Sequence[tuple[int, int]], kernel: int = 3) -> None:
        super().__init__()
        layers = layers_for(shape)
        before = [shape[0], *(width for width, _ in widths)]
        self.layers = nn.ModuleList(
            ModulatedLayer(layers, inputs, outputs, stride, kernel)
            for inputs, (outputs, stride) in zip(before[:-1], widths, strict=True)
        )
        self.pool = layers.pooling(GRID)
        self.head = nn.Linear(before[-1] * GRID ** (len(shape) - 1) + SLOW, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Turn (batch, *shape) into logits, (batch, classes)."""
        fast, slow = self.layers[0](x, None)
        for layer in list(self.layers)[1:]:
            fast, slow = layer(fast, slow)
        logits: Tensor = self.head(torch.cat([self.pool(fast).flatten(1), slow], 1))
        return logits
