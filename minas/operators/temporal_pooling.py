"""Pooling over time that keeps the length: windows of 7 points at stride 1.

It is written for images of height 1, as in `temporal`.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

SIGNATURES = {
    "avgpool7": {"kind": "signal", "place": "inner", "attributes": {}, "linear": []},
    "maxpool7": {"kind": "signal", "place": "inner", "attributes": {}, "linear": []},
}


class TemporalPooling(nn.Module):
    """The largest value or the average of each window; at an end, over the points inside the signal alone."""

    def __init__(self, largest: bool) -> None:
        super().__init__()
        self.largest = largest

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape (batch, features, time)."""
        image = x.unsqueeze(2)
        if self.largest:
            return nn.functional.max_pool2d(image, (1, 7), 1, (0, 3)).squeeze(2)
        return nn.functional.avg_pool2d(image, (1, 7), 1, (0, 3), count_include_pad=False).squeeze(2)


def build(name: str, *, inputs: int, outputs: int, stride: int, attributes: Mapping[str, object]) -> nn.Module:
    """Return a pooling of this family; there are no attributes to choose."""
    return TemporalPooling(name == "maxpool7")
