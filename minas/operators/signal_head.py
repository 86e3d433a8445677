"""The head for signals: the last state is averaged over equal spans of time, and goes through one linear map."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

SIGNATURES = {
    "signal_head": {
        "kind": "signal",
        "place": "head",
        "axes": {"channels": "features", "time": "position"},
        "attributes": {"spans": {"least": 1, "most": 64}},
        "linear": [{"kernel": "spans", "inputs": "in", "outputs": "out", "positions": "one", "bias": True}],
    },
}


class SignalHead(nn.Module):
    """Averages over equal spans of time, then a linear map with bias. Written for images of height 1, as in `temporal`."""

    def __init__(self, inputs: int, outputs: int, spans: int) -> None:
        super().__init__()
        self.inputs, self.outputs, self.spans = inputs, outputs, spans
        self.linear = nn.Linear(inputs * spans, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Turn (batch, inputs, time) into (batch, outputs)."""
        averages = nn.functional.adaptive_avg_pool2d(x.unsqueeze(2), (1, self.spans))
        logits: Tensor = self.linear(averages.flatten(1))
        return logits


def build(name: str, *, inputs: int, outputs: int, stride: int, attributes: Mapping[str, int]) -> nn.Module:
    """Return the head for states of `inputs` features, and `outputs` classes."""
    return SignalHead(inputs, outputs, attributes["spans"])
