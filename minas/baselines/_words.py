"""Words as the readings for texts take them: rows of an embedding, and means over words in which padding has no part."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from minas.data.texts import IDS, PADDING


class Words(nn.Module):
    """A row for each word, and where there are words.

    Args:
        width: numbers in a row.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.table = nn.Embedding(IDS, width, padding_idx=PADDING)
        with torch.no_grad():
            self.table.weight.normal_(0.0, 0.1)  # small: the rows are what is learned here
            self.table.weight[PADDING] = 0.0

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Return the state, (batch, width, tokens), 0 at padding, and the mask, (batch, 1, tokens), 1 at words and 0 there.

        Args:
            ids: (batch, tokens), whole numbers; 0 is padding and stands behind the last word.
        """
        words: Tensor = self.table(ids).transpose(1, 2)
        return words, (ids != PADDING).unsqueeze(1).to(words.dtype)


def mean_over_words(state: Tensor, mask: Tensor) -> Tensor:
    """Return the mean, (batch, width), of a state (batch, width, tokens) that is 0 at padding; of no words, 0."""
    return state.sum(2) / mask.sum(2).clamp(min=1.0)
