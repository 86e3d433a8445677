"""A residual network over time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise

import torch
from torch import Tensor, nn

from minas.baselines import Baseline, Family, at_sizes, both_ways
from minas.network.initialise import seeded

_WIDTHS = (16, 32, 32)
_KERNELS = (7, 5, 3)


class ResidualBlock(nn.Module):
    """Three convolutions over time with batch normalisation, and the input beside them, through a map where widths differ."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for place, kernel in enumerate(_KERNELS):
            before = inputs if place == 0 else outputs
            layers += [nn.Conv1d(before, outputs, kernel, padding=kernel // 2, bias=False), nn.BatchNorm1d(outputs), nn.ReLU()]
        self.branch = nn.Sequential(*layers[:-1])
        self.beside: nn.Module = nn.BatchNorm1d(outputs)
        if inputs != outputs:
            self.beside = nn.Sequential(nn.Conv1d(inputs, outputs, 1, bias=False), nn.BatchNorm1d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Turn (batch, inputs, time) into (batch, outputs, time)."""
        return torch.relu(self.branch(x) + self.beside(x))


class ResNet1d(nn.Module):
    """Three residual blocks, the average over time, a linear map.

    Wang, Yan and Oates 2017 (arXiv 1611.06455), at a quarter of its widths or less, and with 7 in the place of 8 for a
    kernel that has a middle.

    Args:
        channels: electrodes.
        classes: number of classes.
        widths: channels of the blocks.
    """

    def __init__(self, channels: int, classes: int, *, widths: Sequence[int] = _WIDTHS) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*(ResidualBlock(before, after) for before, after in pairwise((channels, *widths))))
        self.head = nn.Linear(widths[-1], classes)

    def forward(self, x: Tensor) -> Tensor:
        """Turn (batch, channels, time) into logits, (batch, classes)."""
        logits: Tensor = self.head(self.blocks(x).mean(2))
        return logits


def _build(shape: tuple[int, ...], classes: int, seed: int, *, widths: Sequence[int] = _WIDTHS) -> nn.Module:
    with seeded(seed):
        return ResNet1d(shape[0], classes, widths=widths)


_RESNET = Baseline(
    name="ResNet-1d", source="Wang, Yan and Oates 2017, arXiv 1611.06455: at a quarter of its widths", build=_build
)

_SIZES = {"w8": partial(_build, widths=(8, 16, 16)), "w4": partial(_build, widths=(4, 8, 8))}

FAMILY = Family(domain="physiological", baselines=(*both_ways(_RESNET), *at_sizes(_RESNET, _SIZES)))
