"""What the readings for events share."""

from __future__ import annotations

import torch
from torch import Tensor


def mean_so_far(spikes: Tensor) -> Tensor:
    """Return how many spikes a position has had at each time step on average since the recording began.

    Args:
        spikes: (batch, time, channels, height, width), 0 or 1.

    Returns:
        Means over positions and over the time steps up to each one, (batch, time, channels): what comes later has no part.
    """
    steps = torch.arange(1, spikes.shape[1] + 1, device=spikes.device, dtype=spikes.dtype)
    return spikes.flatten(3).mean(3).cumsum(1) / steps.unsqueeze(1)
