"""Convolutions over time, each followed by batch normalisation and ReLU.

They are written as convolutions of images of height 1, whose steps the action runs as single functions in training: a training
step then takes a third less time.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

SIGNATURES = {
    "temporal7": {
        "kind": "signal",
        "place": "entry",
        "attributes": {},
        "linear": [{"kernel": 7, "inputs": "in", "outputs": "out", "norm": True}],
    },
    "temporal15": {
        "kind": "signal",
        "place": "entry",
        "attributes": {},
        "linear": [{"kernel": 15, "inputs": "in", "outputs": "out", "norm": True}],
    },
    "temporal31": {
        "kind": "signal",
        "place": "entry",
        "attributes": {},
        "linear": [{"kernel": 31, "inputs": "in", "outputs": "out", "norm": True}],
    },
    "temporal63": {
        "kind": "signal",
        "place": "entry",
        "attributes": {},
        "linear": [{"kernel": 63, "inputs": "in", "outputs": "out", "norm": True}],
    },
    "dilated7": {
        "kind": "signal",
        "place": "entry",
        "attributes": {},
        "linear": [{"kernel": 7, "inputs": "in", "outputs": "out", "norm": True}],
    },
}

_KERNELS = {"temporal7": 7, "temporal15": 15, "temporal31": 31, "temporal63": 63, "dilated7": 7}
_DILATIONS = {"dilated7": 4}


class TemporalConvolution(nn.Module):
    """Convolution over time, batch normalisation, ReLU; dilated, it is the layer of a temporal convolutional network.

    Bai et al. 2018 (arXiv 1803.01271), but seeing both sides: a sample is there as a whole.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, dilation: int = 1) -> None:
        super().__init__()
        self.inputs, self.outputs, self.kernel, self.stride, self.dilation = inputs, outputs, kernel, stride, dilation
        padding = dilation * (kernel - 1) // 2
        self.convolution = nn.Conv2d(inputs, outputs, (1, kernel), (1, stride), (0, padding), (1, dilation), bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Turn (batch, inputs, time) into (batch, outputs, time / stride), the length rounded up."""
        return torch.relu(self.norm(self.convolution(x.unsqueeze(2)))).squeeze(2)


def build(name: str, *, inputs: int, outputs: int, stride: int, attributes: Mapping[str, object]) -> nn.Module:
    """Return a convolution of this family; there are no attributes to choose."""
    return TemporalConvolution(inputs, outputs, _KERNELS[name], stride, _DILATIONS.get(name, 1))
