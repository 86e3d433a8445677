"""TextCNN: filters over three, four and five words, the largest answer of each."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

from minas.baselines import Baseline, Family, at_sizes, both_ways
from minas.data.texts import IDS
from minas.network.initialise import seeded

_WIDTH = 64
_FILTERS = 100
_KERNELS = (3, 4, 5)
_DROPOUT = 0.5


class TextCNN(nn.Module):
    """A row for each word, filters over neighbouring words, their maxima over the text, dropout, a linear map.

    Kim 2014 (arXiv 1408.5882), "CNN-rand": rows are learned from nothing, here of 64 dimensions in the place of 300. A filter
    also sees the ends of a text, with 0 beyond them, so that a text of one word has an answer too.

    Args:
        ids: the number below which the whole numbers of samples lie; 0 is padding.
        classes: number of classes.
        filters: of each length.
    """

    def __init__(self, ids: int, classes: int, *, filters: int = _FILTERS) -> None:
        super().__init__()
        self.words = nn.Embedding(ids, _WIDTH, padding_idx=0)
        self.filters = nn.ModuleList(nn.Conv1d(_WIDTH, filters, kernel, padding="same") for kernel in _KERNELS)
        self.dropout = nn.Dropout(_DROPOUT)
        self.head = nn.Linear(filters * len(_KERNELS), classes)

    def forward(self, x: Tensor) -> Tensor:
        """Turn whole numbers (batch, tokens), 0 behind the last word, into logits, (batch, classes)."""
        there = (x != 0).unsqueeze(1)
        state = self.words(x).transpose(1, 2)
        # Answers are at least 0, so that 0 at padding never is the largest one alone.
        answers = [torch.relu(one(state)).masked_fill(~there, 0.0).amax(2) for one in self.filters]
        logits: Tensor = self.head(self.dropout(torch.cat(answers, 1)))
        return logits


def _build(shape: tuple[int, ...], classes: int, seed: int, *, filters: int = _FILTERS) -> nn.Module:
    with seeded(seed):
        network = TextCNN(IDS, classes, filters=filters)
        network.words.weight.data.mul_(0.25)  # Kim draws rows from -0.25 to 0.25
    return network


_TEXT_CNN = Baseline(
    name="TextCNN", source="Kim 2014, arXiv 1408.5882: CNN-rand, rows of 64 dimensions", build=_build, in_search=False
)

_SIZES = {"50 filters": partial(_build, filters=50), "25 filters": partial(_build, filters=25)}

FAMILY = Family(domain="text", baselines=(*both_ways(_TEXT_CNN), *at_sizes(_TEXT_CNN, _SIZES)))
