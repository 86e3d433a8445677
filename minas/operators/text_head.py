"""The head for texts: the last state's mean or maximum over words, and one linear map."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

SIGNATURES = {
    "text_head": {
        "kind": "text",
        "place": "head",
        "masked": True,
        "axes": {"features": "features", "tokens": "position"},
        "attributes": {"pool": ["mean", "max"]},
        "linear": [{"kernel": 1, "inputs": "in", "outputs": "out", "positions": "one", "bias": True}],
    },
}


class TextHead(nn.Module):
    """Pools over the positions that are no padding, then applies a linear map with bias."""

    def __init__(self, inputs: int, outputs: int, pool: str) -> None:
        super().__init__()
        self.inputs, self.outputs, self.pool = inputs, outputs, pool
        self.linear = nn.Linear(inputs, outputs)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Turn (batch, inputs, tokens), with its mask (batch, 1, tokens), into (batch, outputs)."""
        if self.pool == "mean":
            pooled = x.sum(2) / mask.sum(2).clamp(min=1)
        else:  # a sample that is padding alone, which no task has, gives 0
            pooled = x.masked_fill(mask == 0, -1e9).amax(2) * mask[:, :, 0]
        logits: Tensor = self.linear(pooled)
        return logits


def build(name: str, *, inputs: int, outputs: int, stride: int, attributes: Mapping[str, Any]) -> nn.Module:
    """Return the head for states of `inputs` features, and `outputs` classes."""
    return TextHead(inputs, outputs, attributes["pool"])
