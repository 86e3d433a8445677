"""Gated linear units over words (Dauphin et al. 2017, arXiv 1612.08083)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

SIGNATURES = {
    "token_glu": {
        "kind": "text",
        "place": "inner",
        "masked": True,
        "attributes": {"kernel": [1, 3]},
        "linear": [
            {
                "macs": ["positions", "kernel", 2, "in", "out"],
                "params": ["kernel", 2, "in", "out"],
                "activations": ["positions", 2, "out"],
            },
            {"params": [2, "out"]},
        ],
    },
}


class TokenGLU(nn.Module):
    """A convolution with bias to twice the features: one half, times the sigmoid of the other one."""

    def __init__(self, features: int, kernel: int) -> None:
        super().__init__()
        self.features, self.kernel = features, kernel
        self.convolution = nn.Conv1d(features, 2 * features, kernel, 1, (kernel - 1) // 2)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Keep the shape (batch, features, tokens); mask: (batch, 1, tokens)."""
        values, gates = self.convolution(x).chunk(2, 1)
        gated: Tensor = values * torch.sigmoid(gates) * mask
        return gated


def build(name: str, *, inputs: int, outputs: int, stride: int, attributes: Mapping[str, int]) -> nn.Module:
    """Return a gated linear unit for a state of `outputs` features."""
    return TokenGLU(outputs, attributes["kernel"])
