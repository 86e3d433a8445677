"""Layers for samples with one axis of positions (signals, sequences) or two (images), so that a network is written once."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from minas.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class Layers:
    """The classes of layers for one number of position axes; states are (batch, channels, *positions)."""

    convolution: type[nn.Conv1d] | type[nn.Conv2d]
    normalisation: type[nn.BatchNorm1d] | type[nn.BatchNorm2d]
    pooling: type[nn.AdaptiveAvgPool1d] | type[nn.AdaptiveAvgPool2d]


_BY_AXES = {
    1: Layers(convolution=nn.Conv1d, normalisation=nn.BatchNorm1d, pooling=nn.AdaptiveAvgPool1d),
    2: Layers(convolution=nn.Conv2d, normalisation=nn.BatchNorm2d, pooling=nn.AdaptiveAvgPool2d),
}


def layers_for(shape: tuple[int, ...]) -> Layers:
    """Return the layers for samples of a shape (channels, *positions), with one axis of positions or two.

    Raises:
        UsageError: there are more or fewer axes.
    """
    axes = len(shape) - 1
    if axes not in _BY_AXES:
        raise UsageError(f"samples of shape {shape}; expected channels and one or two axes of positions")
    return _BY_AXES[axes]
