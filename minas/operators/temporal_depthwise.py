"""Depthwise convolutions over time: one filter for each feature, alone or before a map that mixes the features.

They are written as convolutions of images of height 1, as in `temporal`.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

SIGNATURES = {
    "depthwise15": {
        "kind": "signal",
        "place": "inner",
        "attributes": {},
        "linear": [{"kernel": 15, "inputs": "in", "outputs": "out", "depthwise": True, "norm": True}],
    },
    "depthwise63": {
        "kind": "signal",
        "place": "inner",
        "attributes": {},
        "linear": [{"kernel": 63, "inputs": "in", "outputs": "out", "depthwise": True, "norm": True}],
    },
    "separable15": {
        "kind": "signal",
        "place": "entry",
        "attributes": {},
        "linear": [
            {"kernel": 15, "inputs": "in", "outputs": "in", "depthwise": True},
            {"kernel": 1, "inputs": "in", "outputs": "out", "norm": True},
        ],
    },
    "separable63": {
        "kind": "signal",
        "place": "entry",
        "attributes": {},
        "linear": [
            {"kernel": 63, "inputs": "in", "outputs": "in", "depthwise": True},
            {"kernel": 1, "inputs": "in", "outputs": "out", "norm": True},
        ],
    },
}

_KERNELS = {"depthwise15": 15, "depthwise63": 63, "separable15": 15, "separable63": 63}


class DepthwiseTemporal(nn.Module):
    """One filter over time for each feature, batch normalisation, ReLU."""

    def __init__(self, features: int, kernel: int) -> None:
        super().__init__()
        self.features, self.kernel = features, kernel
        padding = (0, kernel // 2)
        self.depthwise = nn.Conv2d(features, features, (1, kernel), padding=padding, groups=features, bias=False)
        self.norm = nn.BatchNorm2d(features)

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape (batch, features, time)."""
        return torch.relu(self.norm(self.depthwise(x.unsqueeze(2)))).squeeze(2)


class SeparableTemporal(nn.Module):
    """One filter over time for each feature, a map over the features, batch normalisation, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.inputs, self.outputs, self.kernel, self.stride = inputs, outputs, kernel, stride
        padding = (0, kernel // 2)
        self.depthwise = nn.Conv2d(inputs, inputs, (1, kernel), (1, stride), padding, groups=inputs, bias=False)
        self.pointwise = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Turn (batch, inputs, time) into (batch, outputs, time / stride), the length rounded up."""
        return torch.relu(self.norm(self.pointwise(self.depthwise(x.unsqueeze(2))))).squeeze(2)


def build(name: str, *, inputs: int, outputs: int, stride: int, attributes: Mapping[str, object]) -> nn.Module:
    """Return a convolution of this family; there are no attributes to choose."""
    if name.startswith("depthwise"):
        return DepthwiseTemporal(outputs, _KERNELS[name])
    return SeparableTemporal(inputs, outputs, _KERNELS[name], stride)
