"""An ordinary convolutional network on summed events: what is left without time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from torch import Tensor, nn

from minas.baselines import Baseline, Family, at_sizes, both_ways
from minas.network.initialise import seeded

_WIDTHS = (16, 32)


class SummedEventsCnn(nn.Module):
    """The time bins of each pixel and polarity added up to one image, two convolutions of stride 2, a linear map.

    An ordinary small network of this project's own, with batch normalisation and ReLU: no spiking neurons, every step
    multiplies. Frames of summed events before an ordinary network are a usual line in the field.

    Args:
        polarities: channels of a sample, 2 for an event camera.
        sides: height and width of the sensor.
        classes: number of classes.
        widths: channels of the convolutions.
    """

    def __init__(self, polarities: int, sides: tuple[int, int], classes: int, *, widths: Sequence[int] = _WIDTHS) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = polarities
        for width in widths:
            layers += [nn.Conv2d(before, width, 3, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            before, sides = width, ((sides[0] + 1) // 2, (sides[1] + 1) // 2)
        self.layers = nn.Sequential(*layers)
        self.head = nn.Linear(before * sides[0] * sides[1], classes)

    def forward(self, x: Tensor) -> Tensor:
        """Turn spikes (batch, time, polarities, height, width) into logits, (batch, classes)."""
        logits: Tensor = self.head(self.layers(x.sum(1)).flatten(1))
        return logits


def _build(shape: tuple[int, ...], classes: int, seed: int, *, widths: Sequence[int] = _WIDTHS) -> nn.Module:
    _, polarities, height, width = shape
    with seeded(seed):
        return SummedEventsCnn(polarities, (height, width), classes, widths=widths)


_SUMMED = Baseline(
    name="CNN on summed events",
    source="an ordinary small network of this project: 16C3s2-32C3s2-FC on time bins added up",
    build=_build,
    in_search=False,
)

_SIZES = {"w8": partial(_build, widths=(8, 16)), "w4": partial(_build, widths=(4, 8))}

FAMILY = Family(domain="neuromorphic", baselines=(*both_ways(_SUMMED), *at_sizes(_SUMMED, _SIZES)))
