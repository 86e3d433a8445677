"""Self-attention over a signal's points of time (Vaswani et al. 2017, arXiv 1706.03762)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

SIGNATURES = {
    "temporal_attention": {
        "kind": "signal",
        "place": "inner",
        "attributes": {"heads": [1, 2, 4]},
        "linear": [
            {
                "macs": ["positions", 3, "heads", 8, "in"],
                "params": [3, "heads", 8, "in"],
                "activations": ["positions", 3, "heads", 8],
            },
            {"macs": ["positions", "positions", "heads", 8], "activations": ["positions", "positions", "heads"]},
            {"macs": ["positions", "positions", "heads", 8], "activations": ["positions", "heads", 8]},
            {"macs": ["positions", "heads", 8, "out"], "params": ["heads", 8, "out"], "activations": ["positions", "out"]},
            {"params": [2, "out"]},
        ],
    },
}


class TemporalAttention(nn.Module):
    """Each point of time takes from all others; heads of 8 features each, mixed by a map, batch normalisation, ReLU.

    Scores and mixing are spelled out, so that all counters of multiply-accumulates see them.
    """

    def __init__(self, features: int, heads: int) -> None:
        super().__init__()
        self.features, self.heads = features, heads
        self.packed = nn.Linear(features, 3 * heads * 8, bias=False)
        self.mixed = nn.Linear(heads * 8, features, bias=False)
        self.norm = nn.BatchNorm1d(features)

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape (batch, features, time)."""
        batch, _, time = x.shape
        packed = self.packed(x.transpose(1, 2)).reshape(batch, time, 3, self.heads, 8).permute(2, 0, 3, 1, 4)
        query, key, value = packed.unbind(0)
        weights = torch.softmax(torch.matmul(query, key.transpose(2, 3)) * 8**-0.5, -1)
        values = torch.matmul(weights, value).transpose(1, 2).reshape(batch, time, self.heads * 8)
        return torch.relu(self.norm(self.mixed(values).transpose(1, 2)))


def build(name: str, *, inputs: int, outputs: int, stride: int, attributes: Mapping[str, int]) -> nn.Module:
    """Return self-attention for a state of `outputs` features."""
    return TemporalAttention(outputs, attributes["heads"])
