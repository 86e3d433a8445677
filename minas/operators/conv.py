"""Convolutions, each followed by batch normalisation and ReLU."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

SIGNATURES = {
    "conv1x1": {
        "kind": "image",
        "place": "entry",
        "attributes": {},
        "linear": [{"kernel": 1, "inputs": "in", "outputs": "out", "norm": True}],
    },
    "conv3x3": {
        "kind": "image",
        "place": "entry",
        "attributes": {},
        "linear": [{"kernel": 3, "inputs": "in", "outputs": "out", "norm": True}],
    },
    "conv5x5": {
        "kind": "image",
        "place": "entry",
        "attributes": {},
        "linear": [{"kernel": 5, "inputs": "in", "outputs": "out", "norm": True}],
    },
    "conv7x7": {
        "kind": "image",
        "place": "entry",
        "attributes": {},
        "linear": [{"kernel": 7, "inputs": "in", "outputs": "out", "norm": True}],
    },
    "dilated3x3": {
        "kind": "image",
        "place": "entry",
        "attributes": {},
        "linear": [{"kernel": 3, "inputs": "in", "outputs": "out", "norm": True}],
    },
}

_KERNELS = {"conv1x1": 1, "conv3x3": 3, "conv5x5": 5, "conv7x7": 7, "dilated3x3": 3}
_DILATIONS = {"dilated3x3": 2}


class Convolution(nn.Module):
    """Convolution, batch normalisation, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, dilation: int = 1) -> None:
        super().__init__()
        self.inputs, self.outputs, self.kernel, self.stride, self.dilation = inputs, outputs, kernel, stride, dilation
        padding = dilation * (kernel - 1) // 2
        self.convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Turn (batch, inputs, height, width) into (batch, outputs, height / stride, width / stride), sides rounded up."""
        return torch.relu(self.norm(self.convolution(x)))


def build(name: str, *, inputs: int, outputs: int, stride: int, attributes: Mapping[str, object]) -> nn.Module:
    """Return a convolution of this family; there are no attributes to choose."""
    return Convolution(inputs, outputs, _KERNELS[name], stride, _DILATIONS.get(name, 1))
