"""What ends a training early: a rule on losses alone, so that the same seed ends at the same step everywhere."""

from __future__ import annotations

import math

EXPLOSION = 5.0
"""An epoch's mean loss above this many times the loss of a uniform guess counts as an explosion."""


def reason(losses: list[float], *, classes: int, epoch: int) -> str | None:
    """Return why a training diverged in an epoch, or None where it did not.

    Args:
        losses: the task's loss (cross-entropy, in nats) of each step of the epoch.
        classes: number of classes; a uniform guess has a loss of log(classes).
        epoch: which epoch it was, from 1, for the text.
    """
    if not all(math.isfinite(loss) for loss in losses):
        return f"the loss was not finite in epoch {epoch}"
    mean = sum(losses) / len(losses)
    limit = EXPLOSION * math.log(max(classes, 2))
    if epoch > 1 and mean > limit:
        return f"the loss exploded: mean cross-entropy {mean:.3g} in epoch {epoch}, over {limit:.3g}"
    return None
