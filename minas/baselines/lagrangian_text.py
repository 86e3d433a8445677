"""Physics-Lagrangian in our own reading for texts: see `minas.baselines._motion`."""

from __future__ import annotations

from functools import partial

from torch import Tensor, nn

from minas.baselines import Baseline, Family, at_sizes, both_ways
from minas.baselines._motion import NAME, SOURCE, STEPS, Constraint
from minas.baselines._words import Words, mean_over_words
from minas.network.initialise import seeded

_WIDTH = 16
_KERNEL = 3


class WordMotion(nn.Module):
    """One step of a text's motion, q + c * (k(q) - f(q)); without normalisation, which a batch's padding would reach.

    - kinetic, k: each feature by itself moves on from its neighbouring words.
    - potential, f: word by word the features are driven back by a force, through half as many.
    - constraint, c: how far each feature may move, from the mean over all words.

    Args:
        width: features.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.drift = nn.Conv1d(width, width, _KERNEL, padding=_KERNEL // 2, groups=width, bias=False)
        self.force = nn.Sequential(nn.Conv1d(width, width // 2, 1), nn.ReLU(), nn.Conv1d(width // 2, width, 1, bias=False))
        self.constraint = Constraint(width)

    def forward(self, q: Tensor, mask: Tensor) -> Tensor:
        """Keep the shape (batch, width, tokens), and 0 at padding."""
        multiplier = self.constraint(mean_over_words(q, mask)).unsqueeze(2)
        moved: Tensor = (q + multiplier * (self.drift(q) - self.force(q))) * mask
        return moved


class LagrangianText(nn.Module):
    """Words, steps of motion, the mean over words, a linear map.

    Args:
        classes: number of classes.
        width: features.
        steps: of motion.
    """

    def __init__(self, classes: int, *, width: int = _WIDTH, steps: int = STEPS) -> None:
        super().__init__()
        self.words = Words(width)
        self.motions = nn.ModuleList(WordMotion(width) for _ in range(steps))
        self.head = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Turn whole numbers (batch, tokens), 0 behind the last word, into logits, (batch, classes)."""
        q, mask = self.words(x)
        for motion in self.motions:
            q = motion(q, mask)
        logits: Tensor = self.head(mean_over_words(q, mask))
        return logits


def _build(shape: tuple[int, ...], classes: int, seed: int, *, width: int = _WIDTH, steps: int = STEPS) -> nn.Module:
    with seeded(seed):
        return LagrangianText(classes, width=width, steps=steps)


_LAGRANGIAN = Baseline(name=NAME, source=SOURCE, build=_build, in_search=False, family="energy-first")

_SIZES = {"w8": partial(_build, width=8), "one step": partial(_build, steps=1)}

FAMILY = Family(domain="text", baselines=(*both_ways(_LAGRANGIAN), *at_sizes(_LAGRANGIAN, _SIZES)))
