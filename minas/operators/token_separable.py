"""Depthwise separable convolutions over words: one filter a feature, then a map of each word that mixes the features."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

SIGNATURES = {
    "token_separable3": {
        "kind": "text",
        "place": "entry",
        "masked": True,
        "attributes": {},
        "linear": [
            {"kernel": 3, "inputs": "in", "outputs": "in", "depthwise": True},
            {"kernel": 1, "inputs": "in", "outputs": "out", "bias": True},
        ],
    },
    "token_separable5": {
        "kind": "text",
        "place": "entry",
        "masked": True,
        "attributes": {},
        "linear": [
            {"kernel": 5, "inputs": "in", "outputs": "in", "depthwise": True},
            {"kernel": 1, "inputs": "in", "outputs": "out", "bias": True},
        ],
    },
}

_KERNELS = {"token_separable3": 3, "token_separable5": 5}


class SeparableTokenConvolution(nn.Module):
    """Depthwise, then pointwise convolution with bias, ReLU; without normalisation, as in `token_conv`."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.inputs, self.outputs, self.kernel, self.stride = inputs, outputs, kernel, stride
        self.depthwise = nn.Conv1d(inputs, inputs, kernel, stride, (kernel - 1) // 2, groups=inputs, bias=False)
        self.pointwise = nn.Conv1d(inputs, outputs, 1)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Turn (batch, inputs, tokens) into (batch, outputs, tokens / stride), rounded up; mask: (batch, 1, tokens)."""
        return torch.relu(self.pointwise(self.depthwise(x))) * mask[:, :, :: self.stride]


def build(name: str, *, inputs: int, outputs: int, stride: int, attributes: Mapping[str, object]) -> nn.Module:
    """Return a separable convolution of this family; there are no attributes to choose."""
    return SeparableTokenConvolution(inputs, outputs, _KERNELS[name], stride)
