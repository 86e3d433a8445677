"""The map over a signal's channels at each point of time, as a spatial filter over electrodes (Lawhern et al. 2018).

It is written as a convolution of images of height 1, as in `temporal`.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

SIGNATURES = {
    "spatial": {
        "kind": "signal",
        "place": "entry",
        "attributes": {},
        "linear": [{"kernel": 1, "inputs": "in", "outputs": "out", "norm": True}],
    },
}


class SpatialConvolution(nn.Module):
    """A map over the features, batch normalisation, ReLU; a stride averages over its points of time first."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.inputs, self.outputs, self.stride = inputs, outputs, stride
        self.convolution = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Turn (batch, inputs, time) into (batch, outputs, time / stride), the length rounded up."""
        x = x.unsqueeze(2)
        if self.stride > 1:
            x = nn.functional.avg_pool2d(x, (1, self.stride), (1, self.stride), ceil_mode=True, count_include_pad=False)
        return torch.relu(self.norm(self.convolution(x))).squeeze(2)


def build(name: str, *, inputs: int, outputs: int, stride: int, attributes: Mapping[str, object]) -> nn.Module:
    """Return the spatial convolution; there are no attributes to choose."""
    return SpatialConvolution(inputs, outputs, stride)
