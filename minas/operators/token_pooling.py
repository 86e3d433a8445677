"""Pooling over words that keeps their number: windows of 3 words at stride 1, padding left out."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

SIGNATURES = {
    "token_avgpool3": {"kind": "text", "place": "inner", "masked": True, "attributes": {}, "linear": []},
    "token_maxpool3": {"kind": "text", "place": "inner", "masked": True, "attributes": {}, "linear": []},
}


class TokenPooling(nn.Module):
    """The largest value or the average of each window; at an end, over the text's own words alone."""

    def __init__(self, largest: bool) -> None:
        super().__init__()
        self.largest = largest

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Keep the shape (batch, features, tokens); mask: (batch, 1, tokens)."""
        if self.largest:
            low = -30000.0  # below every state; minus infinity would make the action's sums undefined, where padding is
            image = x.masked_fill(mask == 0, low).unsqueeze(2)  # of height 1: torch.export fixes the length of max_pool1d
            return nn.functional.max_pool2d(image, (1, 3), 1, (0, 1)).squeeze(2).masked_fill(mask == 0, 0.0)
        share = nn.functional.avg_pool1d(mask, 3, 1, 1).clamp(min=1 / 3)  # how much of each window is words
        average: Tensor = nn.functional.avg_pool1d(x, 3, 1, 1) * (mask / share)
        return average


def build(name: str, *, inputs: int, outputs: int, stride: int, attributes: Mapping[str, object]) -> nn.Module:
    """Return a pooling of this family; there are no attributes to choose."""
    return TokenPooling(name == "token_maxpool3")
