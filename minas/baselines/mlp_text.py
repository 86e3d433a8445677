"""A multilayer perceptron for texts, without order: see `minas.baselines._dense`."""

from __future__ import annotations

from torch import Tensor, nn

from minas.baselines._dense import dense, family
from minas.baselines._words import Words, mean_over_words


class BagMlp(nn.Module):
    """A row for each word, half as wide as the hidden layers, the mean of a text's rows into a perceptron.

    A deep averaging network (Iyyer et al. 2015, doi 10.3115/v1/P15-1162), without its dropout of words.

    Args:
        shape: (tokens,) of a text.
        classes: number of classes.
        width: of the hidden layers.
    """

    def __init__(self, shape: tuple[int, ...], classes: int, *, width: int) -> None:
        super().__init__()
        self.words = Words(width // 2)
        self.layers = dense(width // 2, classes, width=width)

    def forward(self, x: Tensor) -> Tensor:
        """Turn whole numbers (batch, tokens), 0 behind the last word, into logits, (batch, classes)."""
        logits: Tensor = self.layers(mean_over_words(*self.words(x)))
        return logits


FAMILY = family("text", BagMlp, taken="the mean of rows of 64 numbers, one for each word")
