"""A transformer of one layer for texts."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

from minas.baselines import Baseline, Family, at_sizes, both_ways
from minas.data.texts import IDS
from minas.network.initialise import seeded

_WIDTH = 64
_HEADS = 4
_DROPOUT = 0.1
_POSITIONS = 0.02


class Transformer(nn.Module):
    """A row for each word and one for each position, one encoder layer, the mean over words, a linear map.

    Vaswani et al. 2017 (arXiv 1706.03762), the encoder's layer, with learned positions, whose first values are as small as
    those of Devlin et al. 2019 (arXiv 1810.04805).

    Args:
        ids: the number below which the whole numbers of samples lie; 0 is padding.
        tokens: most words of a sample.
        classes: number of classes.
        width: features; the layer's inner map is twice as wide.
    """

    def __init__(self, ids: int, tokens: int, classes: int, *, width: int = _WIDTH) -> None:
        super().__init__()
        self.words = nn.Embedding(ids, width, padding_idx=0)
        self.positions = nn.Parameter(torch.randn(tokens, width) * _POSITIONS)
        self.layer = nn.TransformerEncoderLayer(width, _HEADS, 2 * width, _DROPOUT, batch_first=True)
        self.head = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Turn whole numbers (batch, tokens), 0 behind the last word, into logits, (batch, classes)."""
        there = x != 0
        state = self.words(x) + self.positions[: x.shape[1]]
        state = self.layer(state, src_key_padding_mask=~there).masked_fill(~there.unsqueeze(2), 0.0)
        logits: Tensor = self.head(state.sum(1) / there.sum(1, keepdim=True).clamp(min=1))
        return logits


def _build(shape: tuple[int, ...], classes: int, seed: int, *, width: int = _WIDTH) -> nn.Module:
    with seeded(seed):
        return Transformer(IDS, shape[0], classes, width=width)


_TRANSFORMER = Baseline(
    name="Transformer",
    source="Vaswani et al. 2017, arXiv 1706.03762: one layer of the encoder, learned positions, 64 dimensions",
    build=_build,
    in_search=False,
)

_SIZES = {"w32": partial(_build, width=32), "w16": partial(_build, width=16)}

FAMILY = Family(domain="text", baselines=(*both_ways(_TRANSFORMER), *at_sizes(_TRANSFORMER, _SIZES)))
