"""What a network answers, class by class: what several scores share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

    from minas.measures._trained import Trained


def confusion(trained: Trained) -> Tensor:
    """Return how often each class was answered for each class, float64, shape (right classes, answered classes).

    A network's answer is its most likely class.

    Raises:
        Unavailable: the network's outputs are not finite.
    """
    size = trained.classes
    answers = trained.logits.argmax(dim=1).cpu()
    pairs = trained.targets.cpu() * size + answers
    return torch.bincount(pairs, minlength=size * size).reshape(size, size).double()
