"""Self-attention over a text's words (Vaswani et al. 2017, arXiv 1706.03762), padding left out."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

SIGNATURES = {
    "token_attention": {
        "kind": "text",
        "place": "inner",
        "masked": True,
        "attributes": {"heads": [1, 2]},
        "linear": [
            {
                "macs": ["positions", 3, "heads", 8, "in"],
                "params": [3, "heads", 8, "in"],
                "activations": ["positions", 3, "heads", 8],
            },
            {"macs": ["positions", "positions", "heads", 8], "activations": ["positions", "positions", "heads"]},
            {"macs": ["positions", "positions", "heads", 8], "activations": ["positions", "heads", 8]},
            {"macs": ["positions", "heads", 8, "out"], "params": ["heads", 8, "out"], "activations": ["positions", "out"]},
            {"params": ["out"]},
        ],
    },
}


class TokenAttention(nn.Module):
    """Each word takes from all words; heads of 8 features each, mixed by a map with bias, ReLU.

    Scores and mixing are spelled out, so that all counters of multiply-accumulates see them. Positions have no encoding: the
    order of words is what convolutions and recurrence see.
    """

    def __init__(self, features: int, heads: int) -> None:
        super().__init__()
        self.features, self.heads = features, heads
        self.packed = nn.Linear(features, 3 * heads * 8, bias=False)
        self.mixed = nn.Linear(heads * 8, features)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Keep the shape (batch, features, tokens); mask: (batch, 1, tokens)."""
        batch, _, tokens = x.shape
        packed = self.packed(x.transpose(1, 2)).reshape(batch, tokens, 3, self.heads, 8).permute(2, 0, 3, 1, 4)
        query, key, value = packed.unbind(0)
        scores = torch.matmul(query, key.transpose(2, 3)) * 8**-0.5
        weights = torch.softmax(scores.masked_fill(mask.unsqueeze(1) == 0, float("-inf")), -1)
        values = torch.matmul(weights, value).transpose(1, 2).reshape(batch, tokens, self.heads * 8)
        return torch.relu(self.mixed(values)).transpose(1, 2) * mask


def build(name: str, *, inputs: int, outputs: int, stride: int, attributes: Mapping[str, int]) -> nn.Module:
    """Return self-attention for a state of `outputs` features."""
    return TokenAttention(outputs, attributes["heads"])
