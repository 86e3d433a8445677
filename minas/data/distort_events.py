"""Recordings of event cameras as a network meets them after its training: of fewer events, and out of their place."""

from __future__ import annotations

import torch
from torch import Tensor

from minas.data.distort_images import shifted_about
from minas.data.task import Task

THINNED = 0.5
"""Chance of an event to be lost: a camera that is half as sensitive, or a scene of half the contrast."""
SHIFT = 1
"""Pixels of the pooled sensor: twice what training shifts by. On the default's 17 two would push digits out: a network of 9.5%
errors has 27% with one, and 68% with two."""


def thinned(task: Task, inputs: Tensor, generator: torch.Generator) -> Tensor:
    """Lose each event by chance `THINNED`; several events in one bin count as one, as they do for a network."""
    return torch.where(torch.rand(inputs.shape, generator=generator) < THINNED, 0, inputs)


def shifted(task: Task, inputs: Tensor, generator: torch.Generator) -> Tensor:
    """Move each recording as a whole by `SHIFT` pixels in one of eight directions; nothing happens where it came from.

    Spike trains, which have a height of 1, move along their units: each takes what its neighbour recorded.
    """
    frames = inputs.flatten(1, 2)
    return shifted_about(frames, generator, distance=SHIFT, fill=[0.0] * frames.shape[1]).view(inputs.shape)
