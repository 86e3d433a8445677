"""Gated recurrent units (Cho et al. 2014, arXiv 1406.1078) along a text's words, one way or both ways."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

SIGNATURES = {
    "token_gru": {
        "kind": "text",
        "place": "inner",
        "masked": True,
        "attributes": {"directions": [1, 2]},
        "linear": [
            {
                "macs": ["positions", "directions", 3, "in", "out"],
                "params": ["directions", 3, "in", "out"],
                "activations": ["positions", "directions", 3, "out"],
            },
            {
                "macs": ["positions", "directions", 3, "out", "out"],
                "params": ["directions", 3, "out", "out"],
                "activations": ["positions", "directions", 3, "out"],
            },
            {"params": ["directions", 6, "out"]},
        ],
    },
}


class TokenGRU(nn.Module):
    """A GRU over words; of two directions the mean is taken, as of all states that meet.

    The way back starts at each text's last word: its words are turned round, the padding behind them stays where it is. That
    is a lookup, where torch's packed sequences would not go into every export.
    """

    def __init__(self, features: int, directions: int) -> None:
        super().__init__()
        self.features, self.directions = features, directions
        self.there = nn.GRU(features, features, batch_first=True)
        self.back = nn.GRU(features, features, batch_first=True) if directions == 2 else None

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Keep the shape (batch, features, tokens); mask: (batch, 1, tokens)."""
        words = x.transpose(1, 2)
        states: Tensor = self.there(words)[0]
        if self.back is not None:
            place = torch.arange(x.shape[2], device=x.device).unsqueeze(0)
            mirrored = mask.sum(2).long() - 1 - place
            turned = torch.where(mirrored < 0, place, mirrored).unsqueeze(2).expand(-1, -1, self.features)
            back = self.back(torch.gather(words, 1, turned))[0]
            states = (states + torch.gather(back, 1, turned)) / 2
        return states.transpose(1, 2) * mask


def build(name: str, *, inputs: int, outputs: int, stride: int, attributes: Mapping[str, int]) -> nn.Module:
    """Return a GRU for a state of `outputs` features."""
    return TokenGRU(outputs, attributes["directions"])
