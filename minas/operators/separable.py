"""Depthwise separable convolutions: one filter a channel, then a 1x1 convolution that mixes the channels."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

SIGNATURES = {
    "sep3x3": {
        "kind": "image",
        "place": "entry",
        "attributes": {},
        "linear": [
            {"kernel": 3, "inputs": "in", "outputs": "in", "depthwise": True},
            {"kernel": 1, "inputs": "in", "outputs": "out", "norm": True},
        ],
    },
    "sep5x5": {
        "kind": "image",
        "place": "entry",
        "attributes": {},
        "linear": [
            {"kernel": 5, "inputs": "in", "outputs": "in", "depthwise": True},
            {"kernel": 1, "inputs": "in", "outputs": "out", "norm": True},
        ],
    },
}

_KERNELS = {"sep3x3": 3, "sep5x5": 5}


class SeparableConvolution(nn.Module):
    """Depthwise, then pointwise convolution, batch normalisation, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.inputs, self.outputs, self.kernel, self.stride = inputs, outputs, kernel, stride
        self.depthwise = nn.Conv2d(inputs, inputs, kernel, stride, (kernel - 1) // 2, groups=inputs, bias=False)
        self.pointwise = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Turn (batch, inputs, height, width) into (batch, outputs, height / stride, width / stride), sides rounded up."""
        return torch.relu(self.norm(self.pointwise(self.depthwise(x))))


def build(name: str, *, inputs: int, outputs: int, stride: int, attributes: Mapping[str, object]) -> nn.Module:
    """Return a separable convolution of this family; there are no attributes to choose."""
    return SeparableConvolution(inputs, outputs, _KERNELS[name], stride)
