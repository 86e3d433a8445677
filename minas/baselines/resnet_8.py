"""ResNet-8 for images: a small residual network."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from minas.baselines import Baseline, Family, at_sizes, both_ways
from minas.network.initialise import seeded


class Block(nn.Module):
    """Two 3x3 convolutions with batch normalisation, and the input beside them.

    Where the block widens, the input is thinned out by its stride and filled up with channels of zeros: option A of the paper,
    without weights.
    """

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.stride, self.added = stride, outputs - inputs
        self.branch = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Turn (batch, inputs, height, width) into (batch, outputs, height / stride, width / stride), rounded up."""
        beside = x[:, :, :: self.stride, :: self.stride]
        if self.added:
            beside = F.pad(beside, (0, 0, 0, 0, 0, self.added))
        return torch.relu(self.branch(x) + beside)


def resnet(shape: tuple[int, ...], classes: int, *, widths: Sequence[int], blocks: int) -> nn.Sequential:
    """Return a residual network of the paper's form for small images: 6 n + 2 layers in three stages.

    He, Zhang, Ren and Sun 2016 (arXiv 1512.03385), section 4.2.

    Args:
        shape: (channels, height, width) of a sample.
        classes: number of classes.
        widths: channels of the three stages, (16, 32, 64) in the paper.
        blocks: n, the blocks of each stage.
    """
    layers: list[nn.Module] = [
        nn.Conv2d(shape[0], widths[0], 3, padding=1, bias=False),
        nn.BatchNorm2d(widths[0]),
        nn.ReLU(),
    ]
    inputs = widths[0]
    for stage, width in enumerate(widths):
        for place in range(blocks):
            layers.append(Block(inputs, width, 2 if stage > 0 and place == 0 else 1))
            inputs = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, classes))


def _build(shape: tuple[int, ...], classes: int, seed: int, *, width: int = 8) -> nn.Module:
    with seeded(seed):
        return resnet(shape, classes, widths=(width, 2 * width, 4 * width), blocks=1)


_RESNET_8 = Baseline(
    name="ResNet-8",
    source="He et al. 2016, arXiv 1512.03385, section 4.2: one block a stage, at half of its widths",
    build=_build,
    in_search=False,
)

FAMILY = Family(domain="vision", baselines=(*both_ways(_RESNET_8), *at_sizes(_RESNET_8, {"w4": partial(_build, width=4)})))
