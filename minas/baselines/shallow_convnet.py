"""ShallowConvNet for signals of several electrodes: the logarithms of band powers, learned."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

from minas.baselines import Baseline, Family, at_sizes, both_ways
from minas.network.initialise import seeded

_FILTERS = 40
_KERNEL = 25
_POOL = (75, 15)
_DROPOUT = 0.5
_LEAST = 1e-6


class CombinedConvolution(nn.Module):
    """A filter over time and one over electrodes behind it, which no non-linearity parts: applied as the one map they are.

    Args:
        channels: electrodes.
        filters: of each of the two convolutions.
        kernel: points of time that a filter sees.
    """

    def __init__(self, channels: int, filters: int, kernel: int) -> None:
        super().__init__()
        self.over_time = nn.Conv2d(1, filters, (1, kernel))
        self.over_space = nn.Conv2d(filters, filters, (channels, 1), bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Turn (batch, channels, time) into (batch, filters, time - kernel + 1)."""
        bias = self.over_time.bias
        assert bias is not None
        space = self.over_space.weight.squeeze(3)
        weight = torch.einsum("oic,ik->ock", space, self.over_time.weight[:, 0, 0])
        return nn.functional.conv1d(x, weight, torch.einsum("oic,i->o", space, bias))

    def flops(self, inputs: tuple[Tensor, ...], outputs: Tensor) -> int:
        """Return the multiply-accumulates of the one map; it is combined once, whatever the number of samples."""
        return outputs.numel() * inputs[0].shape[1] * self.over_time.kernel_size[1]


class ShallowConvNet(nn.Module):
    """The combined convolution, squares, averages over time, logarithms, a linear map.

    Schirrmeister et al. 2017 (arXiv 1703.05051), figure 2.

    Args:
        channels: electrodes.
        time: points of time; a kernel or a window of the averages is no longer than what it is applied to.
        classes: number of classes.
        filters: over time, and as many over electrodes.
    """

    def __init__(self, channels: int, time: int, classes: int, *, filters: int = _FILTERS) -> None:
        super().__init__()
        kernel = min(_KERNEL, time)
        left = time - kernel + 1
        window = min(_POOL[0], left)
        self.convolution = CombinedConvolution(channels, filters, kernel)
        self.norm = nn.BatchNorm1d(filters)
        self.pool = nn.AvgPool1d(window, _POOL[1])
        self.dropout = nn.Dropout(_DROPOUT)
        self.head = nn.Linear(filters * ((left - window) // _POOL[1] + 1), classes)

    def forward(self, x: Tensor) -> Tensor:
        """Turn (batch, channels, time) into logits, (batch, classes)."""
        powers = self.pool(torch.square(self.norm(self.convolution(x))))
        logits: Tensor = self.head(self.dropout(torch.log(powers.clamp(min=_LEAST))).flatten(1))
        return logits


def _build(shape: tuple[int, ...], classes: int, seed: int, *, filters: int = _FILTERS) -> nn.Module:
    channels, time = shape
    with seeded(seed):
        return ShallowConvNet(channels, time, classes, filters=filters)


_SHALLOW = Baseline(name="ShallowConvNet", source="Schirrmeister et al. 2017, arXiv 1703.05051", build=_build)

_SIZES = {"20 filters": partial(_build, filters=20), "10 filters": partial(_build, filters=10)}

FAMILY = Family(domain="physiological", baselines=(*both_ways(_SHALLOW), *at_sizes(_SHALLOW, _SIZES)))
