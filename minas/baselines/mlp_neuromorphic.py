"""A multilayer perceptron for events, without time: see `minas.baselines._dense`."""

from __future__ import annotations

import math

from torch import Tensor, nn

from minas.baselines._dense import dense, family


class SummedEventsMlp(nn.Module):
    """The time bins of each pixel and polarity added up to one image, all pixels into a perceptron.

    Args:
        shape: (time, polarities, height, width) of a recording.
        classes: number of classes.
        width: of the hidden layers.
    """

    def __init__(self, shape: tuple[int, ...], classes: int, *, width: int) -> None:
        super().__init__()
        self.layers = dense(math.prod(shape[1:]), classes, width=width)

    def forward(self, x: Tensor) -> Tensor:
        """Turn spikes (batch, time, polarities, height, width) into logits, (batch, classes)."""
        logits: Tensor = self.layers(x.sum(1).flatten(1))
        return logits


FAMILY = family("neuromorphic", SummedEventsMlp, taken="time bins added up")
