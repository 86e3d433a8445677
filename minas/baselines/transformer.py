"""A transformer of one layer for texts."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from minas.baselines import Baseline, Family, both_ways
from minas.data.texts import IDS
from minas.network.initialise import seeded

_WIDTH = 64
_HEADS = 4
_HIDDEN = 128
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
    """

    def __init__(self, ids: int, tokens: int, classes: int) -> None:
        super().__init__()
        self.words = nn.Embedding(ids, _WIDTH, padding_idx=0)
        self.positions = nn.Parameter(torch.randn(tokens, _WIDTH) * _POSITIONS)
        self.layer = nn.TransformerEncoderLayer(_WIDTH, _HEADS, _HIDDEN, _DROPOUT, batch_first=True)
        self.head = nn.Linear(_WIDTH, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Turn whole numbers (batch, tokens), 0 behind the last word, into logits, (batch, classes)."""
        there = x != 0
        state = self.words(x) + self.positions[: x.shape[1]]
        state = self.layer(state, src_key_padding_mask=~there).masked_fill(~there.unsqueeze(2), 0.0)
        logits: Tensor = self.head(state.sum(1) / there.sum(1, keepdim=True).clamp(min=1))
        return logits


def _build(shape: tuple[int, ...], classes: int, seed: int) -> nn.Module:
    with seeded(seed):
        return Transformer(IDS, shape[0], classes)


FAMILY = Family(
    domain="text",
    baselines=both_ways(
        Baseline(
            name="Transformer",
            source="Vaswani et al. 2017, arXiv 1706.03762: one layer of the encoder, learned positions, 64 dimensions",
            build=_build,
            in_search=False,
        )
    ),
)
