"""A multilayer perceptron for signals: see `minas.baselines._dense`."""

from __future__ import annotations

import math

from torch import nn

from minas.baselines._dense import dense, family


def mlp(shape: tuple[int, ...], classes: int, *, width: int) -> nn.Sequential:
    """Return a perceptron on all points of time of all electrodes (channels, time)."""
    return nn.Sequential(nn.Flatten(), dense(math.prod(shape), classes, width=width))


FAMILY = family("physiological", mlp, taken="all points of time of all electrodes")
