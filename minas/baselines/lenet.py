"""LeNet-5 for images."""

from __future__ import annotations

from torch import nn

from minas.baselines import Baseline, Family, both_ways
from minas.network.initialise import seeded

_KERNEL = 5
_MAPS = (6, 16)
_DENSE = (120, 84)
_LARGEST = 5


def lenet(shape: tuple[int, ...], classes: int) -> nn.Sequential:
    """Return LeNet-5: two convolutions, each averaged down by two, and three linear maps, with tanh between.

    LeCun, Bottou, Bengio and Haffner 1998 (doi 10.1109/5.726791), section II.B, as it is mostly written today: every
    second map sees all of the first ones, averaging has no weights, and the classes come from a linear map. Images of
    28 x 28 pixels are padded to 32 x 32, as there. On larger images the last maps are averaged to 5 x 5, so that the linear
    maps keep their size; on images too small for the second convolution it is padded too.

    Args:
        shape: (channels, height, width) of a sample.
        classes: number of classes.
    """
    channels, *sides = shape
    sides = [_halved(side) for side in sides]
    padding = 0 if min(sides) >= _KERNEL else _KERNEL // 2
    sides = [_halved(side - _KERNEL + 1 + 2 * padding) for side in sides]
    kept = [min(side, _LARGEST) for side in sides]
    smaller: list[nn.Module] = [nn.AdaptiveAvgPool2d((kept[0], kept[1]))] if kept != sides else []
    return nn.Sequential(
        nn.Conv2d(channels, _MAPS[0], _KERNEL, padding=_KERNEL // 2),
        nn.Tanh(),
        nn.AvgPool2d(2, ceil_mode=True),
        nn.Conv2d(_MAPS[0], _MAPS[1], _KERNEL, padding=padding),
        nn.Tanh(),
        nn.AvgPool2d(2, ceil_mode=True),
        *smaller,
        nn.Flatten(),
        nn.Linear(_MAPS[1] * kept[0] * kept[1], _DENSE[0]),
        nn.Tanh(),
        nn.Linear(_DENSE[0], _DENSE[1]),
        nn.Tanh(),
        nn.Linear(_DENSE[1], classes),
    )


def _halved(side: int) -> int:
    return (side + 1) // 2


def _build(shape: tuple[int, ...], classes: int, seed: int) -> nn.Module:
    with seeded(seed):
        return lenet(shape, classes)


FAMILY = Family(
    domain="vision",
    baselines=both_ways(
        Baseline(name="LeNet-5", source="LeCun et al. 1998, doi 10.1109/5.726791", build=_build, in_search=False),
    ),
)
