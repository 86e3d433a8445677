"""The feed-forward layer of a transformer (Vaswani et al. 2017, arXiv 1706.03762), twice as wide inside, not four times."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

SIGNATURES = {
    "token_feed_forward": {
        "kind": "text",
        "place": "inner",
        "masked": True,
        "attributes": {},
        "linear": [
            {
                "macs": ["positions", 2, "in", "out"],
                "params": [2, "in", "out"],
                "activations": ["positions", 2, "out"],
            },
            {"params": [2, "out"]},
            {"macs": ["positions", 2, "in", "out"], "params": [2, "in", "out"], "activations": ["positions", "out"]},
            {"params": ["out"]},
        ],
    },
}


class TokenFeedForward(nn.Module):
    """A map to twice the features, ReLU, and a map back, both with bias.

    ReLU, not GELU: it costs less, and scaling what goes in scales what comes out, which the rescale gap can then see.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.features = features
        self.wide = nn.Conv1d(features, 2 * features, 1)
        self.narrow = nn.Conv1d(2 * features, features, 1)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Keep the shape (batch, features, tokens); mask: (batch, 1, tokens)."""
        states: Tensor = self.narrow(torch.relu(self.wide(x)))
        return states * mask


def build(name: str, *, inputs: int, outputs: int, stride: int, attributes: Mapping[str, object]) -> nn.Module:
    """Return a feed-forward layer for a state of `outputs` features; there are no attributes to choose."""
    return TokenFeedForward(outputs)
