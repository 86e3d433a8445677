"""ROC-AUC: how surely a sample of a class is given more of that class than a sample of another one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from minas.measures import Measure, Unavailable

if TYPE_CHECKING:
    from torch import Tensor

    from minas.measures._trained import Trained


def area(scores: Tensor, positive: Tensor) -> float:
    """Return the area under the ROC curve: the chance that a positive sample scores above a negative one, ties counting half.

    It is worked out from the sum of the positive samples' ranks, tied ones sharing the mean of theirs (Mann and Whitney 1947).

    Args:
        scores: shape (samples,).
        positive: which samples are positive, bool, shape (samples,); some are and some are not.
    """
    import torch

    _, places, tied = torch.unique(scores, return_inverse=True, return_counts=True)
    ranks = (tied.cumsum(0) - (tied - 1) / 2.0).double()[places]
    inside = int(positive.sum())
    outside = len(positive) - inside
    return float((ranks[positive].sum() - inside * (inside + 1) / 2) / (inside * outside))


def log_odds(logits: Tensor, label: int) -> Tensor:
    """Return log(p / (1 - p)) for the probability p of one class: it ranks where p itself is rounded to 1.

    Args:
        logits: shape (samples, classes), two classes or more.
        label: the class.
    """
    others = logits.clone()
    others[:, label] = -math.inf
    return logits[:, label] - others.logsumexp(dim=1)


def _compute(trained: Trained) -> float:
    logits = trained.logits.double().cpu()
    targets = trained.targets.cpu()
    areas = []
    for label in range(trained.classes):
        positive = targets == label
        if 0 < int(positive.sum()) < len(positive):
            areas.append(area(log_odds(logits, label), positive))
    if not areas:
        raise Unavailable("all samples are of one class: there is none to tell it from")
    return sum(areas) / len(areas)


MEASURE = Measure(
    name="roc_auc",
    unit="1",
    description="area under the ROC curve of each class's probability against all other classes, mean over the classes that "
    "occur (macro, one against rest); 1 for perfect ranking, 0.5 for chance",
    compute=_compute,
    score=True,
)
