"""BimodalTrue in our own reading for texts: see `minas.baselines._two_pathways`."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

from minas.baselines import Baseline, Family, at_sizes, both_ways
from minas.baselines._two_pathways import NAME, SLOW, SOURCE, SlowPathway
from minas.baselines._words import Words, mean_over_words
from minas.network.initialise import seeded

_WIDTH = 16
_LAYERS = 2
_KERNEL = 3
_THRESHOLD = 0.05


class ModulatedWords(nn.Module):
    """One layer of both pathways.

    Fast: a convolution over neighbouring words, of which only what exceeds a learned threshold is handed on; without
    normalisation, which a batch's padding would reach. The slow pathway senses the whole text that comes in, and decides,
    feature by feature, how much of the fast state may pass.

    Args:
        width: features.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(width, width, _KERNEL, padding=_KERNEL // 2)
        assert self.convolution.bias is not None
        nn.init.constant_(self.convolution.bias, -_THRESHOLD)
        self.slow = SlowPathway(width, width)

    def forward(self, fast: Tensor, mask: Tensor, slow: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return the next fast state, (batch, width, tokens), 0 at padding, and the next slow one, (batch, SLOW)."""
        modulation, slow = self.slow(mean_over_words(fast, mask), slow)
        fast = torch.relu(self.convolution(fast)) * mask
        return fast * torch.sigmoid(modulation).unsqueeze(2), slow


class BimodalText(nn.Module):
    """Words, modulated layers, the mean over words of the fast state beside the slow state, a linear map.

    Args:
        classes: number of classes.
        width: features.
        layers: how many.
    """

    def __init__(self, classes: int, *, width: int = _WIDTH, layers: int = _LAYERS) -> None:
        super().__init__()
        self.words = Words(width)
        self.layers = nn.ModuleList(ModulatedWords(width) for _ in range(layers))
        self.head = nn.Linear(width + SLOW, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Turn whole numbers (batch, tokens), 0 behind the last word, into logits, (batch, classes)."""
        fast, mask = self.words(x)
        slow: Tensor | None = None
        for layer in self.layers:
            fast, slow = layer(fast, mask, slow)
        assert slow is not None
        logits: Tensor = self.head(torch.cat([mean_over_words(fast, mask), slow], 1))
        return logits


def _build(shape: tuple[int, ...], classes: int, seed: int, *, width: int = _WIDTH, layers: int = _LAYERS) -> nn.Module:
    with seeded(seed):
        return BimodalText(classes, width=width, layers=layers)


_BIMODAL = Baseline(name=NAME, source=SOURCE, build=_build, in_search=False, family="energy-first")

_SIZES = {"w8": partial(_build, width=8), "one layer": partial(_build, layers=1)}

FAMILY = Family(domain="text", baselines=(*both_ways(_BIMODAL), *at_sizes(_BIMODAL, _SIZES)))
