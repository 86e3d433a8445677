"""EEGNet for signals of several electrodes."""

from __future__ import annotations

from functools import partial

from torch import Tensor, nn

from minas.baselines import Baseline, Family, at_sizes, both_ways
from minas.network.initialise import seeded

_FILTERS = 8
_DEPTH = 2
_KERNEL = 64
_SEPARABLE_KERNEL = 16
_POOLS = (4, 8)
_DROPOUT = 0.5


class EEGNet(nn.Module):
    """Filters over time, filters over electrodes for each of them, a separable convolution over time, a linear map.

    Lawhern et al. 2018 (arXiv 1611.08024), table 2, without its bounds on the norms of weights.

    Args:
        channels: electrodes.
        time: points of time; where they are fewer than a pooling averages, all of them are averaged.
        classes: number of classes.
        filters: over time, F1 in the paper; for each of them there are two over electrodes.
    """

    def __init__(self, channels: int, time: int, classes: int, *, filters: int = _FILTERS) -> None:
        super().__init__()
        features = filters * _DEPTH
        first = min(_POOLS[0], time)
        second = min(_POOLS[1], time // first)
        self.temporal = nn.Sequential(nn.Conv2d(1, filters, (1, _KERNEL), padding="same", bias=False), nn.BatchNorm2d(filters))
        self.spatial = nn.Sequential(
            nn.Conv2d(filters, features, (channels, 1), groups=filters, bias=False),
            nn.BatchNorm2d(features),
            nn.ELU(),
            nn.AvgPool2d((1, first)),
            nn.Dropout(_DROPOUT),
        )
        self.separable = nn.Sequential(
            nn.Conv2d(features, features, (1, _SEPARABLE_KERNEL), padding="same", groups=features, bias=False),
            nn.Conv2d(features, features, 1, bias=False),
            nn.BatchNorm2d(features),
            nn.ELU(),
            nn.AvgPool2d((1, second)),
            nn.Dropout(_DROPOUT),
        )
        self.head = nn.Linear(features * (time // first // second), classes)

    def forward(self, x: Tensor) -> Tensor:
        """Turn (batch, channels, time) into logits, (batch, classes)."""
        state = self.separable(self.spatial(self.temporal(x.unsqueeze(1))))
        logits: Tensor = self.head(state.flatten(1))
        return logits


def _build(shape: tuple[int, ...], classes: int, seed: int, *, filters: int = _FILTERS) -> nn.Module:
    channels, time = shape
    with seeded(seed):
        return EEGNet(channels, time, classes, filters=filters)


_EEGNET = Baseline(name="EEGNet", source="Lawhern et al. 2018, arXiv 1611.08024: EEGNet-8,2", build=_build)

_SIZES = {"4 filters": partial(_build, filters=4)}

FAMILY = Family(domain="physiological", baselines=(*both_ways(_EEGNET), *at_sizes(_EEGNET, _SIZES)))
