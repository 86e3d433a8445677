"""Pooling that keeps the resolution: windows of 3x3 at stride 1."""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn

SIGNATURES = {
    "avgpool3x3": {"kind": "image", "place": "inner", "attributes": {}, "linear": []},
    "maxpool3x3": {"kind": "image", "place": "inner", "attributes": {}, "linear": []},
}


def build(name: str, *, inputs: int, outputs: int, stride: int, attributes: Mapping[str, object]) -> nn.Module:
    """Return a pooling; an average at the border is taken over the positions inside the image alone."""
    if name == "maxpool3x3":
        return nn.MaxPool2d(3, stride=1, padding=1)
    return nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
