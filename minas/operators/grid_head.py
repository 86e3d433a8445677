"""The head for images: the last state is pooled to a grid, and goes through one linear map."""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn

SIGNATURES = {
    "grid_head": {
        "kind": "image",
        "place": "head",
        "axes": {"channels": "features", "height": "position", "width": "position"},
        "attributes": {"grid": {"least": 1, "most": 32}},
        "linear": [{"kernel": "grid", "inputs": "in", "outputs": "out", "positions": "one", "bias": True}],
    },
}


def build(name: str, *, inputs: int, outputs: int, stride: int, attributes: Mapping[str, int]) -> nn.Module:
    """Return average pooling to grid x grid and a linear map with bias: (batch, inputs, h, w) to (batch, outputs)."""
    grid = attributes["grid"]
    return nn.Sequential(nn.AdaptiveAvgPool2d(grid), nn.Flatten(), nn.Linear(inputs * grid * grid, outputs))
