"""Gated recurrent units (Cho et al. 2014, arXiv 1406.1078) along a signal's time, one way or both ways."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

SIGNATURES = {
    "temporal_gru": {
        "kind": "signal",
        "place": "inner",
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


class TemporalGRU(nn.Module):
    """A GRU over time; of two directions the mean is taken, as of all states that meet."""

    def __init__(self, features: int, directions: int) -> None:
        super().__init__()
        self.features, self.directions = features, directions
        self.gru = nn.GRU(features, features, batch_first=True, bidirectional=directions == 2)

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape (batch, features, time)."""
        states: Tensor = self.gru(x.transpose(1, 2))[0].transpose(1, 2)
        if self.directions == 1:
            return states
        there, back = states[:, : self.features], states[:, self.features :]
        return (there + back) / 2


def build(name: str, *, inputs: int, outputs: int, stride: int, attributes: Mapping[str, int]) -> nn.Module:
    """Return a GRU for a state of `outputs` features."""
    return TemporalGRU(outputs, attributes["directions"])
