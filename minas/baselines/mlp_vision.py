"""A multilayer perceptron for images: see `minas.baselines._dense`."""

from __future__ import annotations

import math

from torch import nn

from minas.baselines._dense import dense, family


def mlp(shape: tuple[int, ...], classes: int, *, width: int) -> nn.Sequential:
    """Return a perceptron on all pixels of an image (channels, height, width of it)."""
    return nn.Sequential(nn.Flatten(), dense(math.prod(shape), classes, width=width))


FAMILY = family("vision", mlp, taken="all pixels")
