"""A small MobileNetV2 for images."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from minas.baselines import Baseline, Family, both_ways
from minas.network.initialise import seeded

Row = tuple[int, int, int, int]
"""Expansion, channels, blocks, and the stride of the first of them: t, c, n, s in the paper's table 2."""

_SMALL: tuple[Row, ...] = ((1, 8, 1, 1), (6, 12, 1, 2), (6, 16, 2, 1), (6, 24, 1, 2))


def _convolution(inputs: int, outputs: int, side: int, *, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    return [
        nn.Conv2d(inputs, outputs, side, stride=stride, padding=side // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]


class InvertedResidual(nn.Module):
    """Widen by a 1x1 convolution, 3x3 on each channel by itself, narrow by a 1x1 without non-linearity; the input beside it.

    Args:
        inputs: channels that come in.
        outputs: channels that go out; with as many and no stride the input is added.
        expansion: how many times wider it is inside.
        stride: of the 3x3 convolution.
    """

    def __init__(self, inputs: int, outputs: int, expansion: int, stride: int) -> None:
        super().__init__()
        width = inputs * expansion
        widened = [*_convolution(inputs, width, 1), nn.ReLU6()] if expansion > 1 else []
        depthwise = [*_convolution(width, width, 3, stride=stride, groups=width), nn.ReLU6()]
        self.branch = nn.Sequential(*widened, *depthwise, *_convolution(width, outputs, 1))
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """Turn (batch, inputs, height, width) into (batch, outputs, height / stride, width / stride), rounded up."""
        state: Tensor = self.branch(x)
        return state + x if self.residual else state


def mobilenet_v2(
    shape: tuple[int, ...], classes: int, rows: Sequence[Row], *, first: int, last: int, dropout: float = 0.0
) -> nn.Sequential:
    """Return a MobileNetV2: a 3x3 convolution of stride 2, rows of inverted residuals, a 1x1 convolution, a linear map.

    Sandler et al. 2018 (arXiv 1801.04381), table 2.

    Args:
        shape: (channels, height, width) of a sample.
        classes: number of classes.
        rows: the table's rows.
        first: channels of the first convolution, 32 in the paper.
        last: channels of the last one, 1,280 in the paper.
        dropout: before the linear map.
    """
    layers: list[nn.Module] = [*_convolution(shape[0], first, 3, stride=2), nn.ReLU6()]
    inputs = first
    for expansion, outputs, blocks, stride in rows:
        for place in range(blocks):
            layers.append(InvertedResidual(inputs, outputs, expansion, stride if place == 0 else 1))
            inputs = outputs
    layers += [*_convolution(inputs, last, 1), nn.ReLU6(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(*layers, *([nn.Dropout(dropout)] if dropout else []), nn.Linear(last, classes))


def _build(shape: tuple[int, ...], classes: int, seed: int) -> nn.Module:
    with seeded(seed):
        return mobilenet_v2(shape, classes, _SMALL, first=8, last=64)


FAMILY = Family(
    domain="vision",
    baselines=both_ways(
        Baseline(
            name="MobileNetV2 small",
            source="Sandler et al. 2018, arXiv 1801.04381, table 2: four of its rows, at half of their widths or less",
            build=_build,
            in_search=False,
        ),
    ),
)
