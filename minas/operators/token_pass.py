"""The entry of a stage of texts that applies nothing: it hands on as many features and positions as the stage has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

SIGNATURES = {
    "token_pass": {"kind": "text", "place": "entry", "attributes": {}, "linear": []},
}


class TokenPass(nn.Module):
    """Leaves features out from the end, or adds such that are 0: the action's own way to carry a state, so T is 0."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.inputs, self.outputs, self.stride = inputs, outputs, stride

    def forward(self, x: Tensor) -> Tensor:
        """Turn (batch, inputs, tokens) into (batch, outputs, ceil(tokens / stride))."""
        if self.stride > 1:
            x = x[:, :, :: self.stride]
        if self.outputs > self.inputs:
            return nn.functional.pad(x, (0, 0, 0, self.outputs - self.inputs))
        return x[:, : self.outputs]


def build(name: str, *, inputs: int, outputs: int, stride: int, attributes: Mapping[str, Any]) -> nn.Module:
    """Return the entry for states of `inputs` features."""
    return TokenPass(inputs, outputs, stride)
