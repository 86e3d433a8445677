"""Squeeze and excitation (Hu et al. 2018, arXiv 1709.01507): each channel is weighed by a gate that sees all of the image."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

SIGNATURES = {
    "squeeze_excitation": {
        "kind": "image",
        "place": "inner",
        "attributes": {},
        "linear": [
            {"kernel": 1, "inputs": "in", "outputs": "squeezed", "positions": "one", "bias": True},
            {"kernel": 1, "inputs": "squeezed", "outputs": "out", "positions": "one", "bias": True},
        ],
    },
}


class SqueezeExcitation(nn.Module):
    """Global average, 1x1 convolution to a quarter of the channels, ReLU, 1x1 convolution, sigmoid: a gate for the input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels
        squeezed = max(1, channels // 4)
        self.squeeze = nn.Conv2d(channels, squeezed, 1)
        self.excite = nn.Conv2d(squeezed, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape (batch, channels, height, width)."""
        average = nn.functional.adaptive_avg_pool2d(x, 1)
        gate = torch.sigmoid(self.excite(torch.relu(self.squeeze(average))))
        return x * gate

    def initialise(self) -> None:
        """Draw the weights without an identity, since a gate hands on no state.

        Each squeezing filter is turned so that a uniform state passes its ReLU: else these few are often all dead at first.
        """
        nn.init.kaiming_normal_(self.squeeze.weight, nonlinearity="relu")
        nn.init.kaiming_normal_(self.excite.weight, nonlinearity="relu")
        with torch.no_grad():
            total = self.squeeze.weight.sum((1, 2, 3), keepdim=True)
            self.squeeze.weight.mul_(torch.where(total < 0, -1.0, 1.0))


def build(name: str, *, inputs: int, outputs: int, stride: int, attributes: Mapping[str, object]) -> nn.Module:
    """Return squeeze and excitation for a state of `outputs` channels."""
    return SqueezeExcitation(outputs)
