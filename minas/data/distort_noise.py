"""Noise on samples whose first axis is their channels: images and signals."""

from __future__ import annotations

import torch
from torch import Tensor

from minas.data.task import Task


def with_noise(task: Task, inputs: Tensor, generator: torch.Generator, *, share: float) -> Tensor:
    """Add normal noise to every value.

    Values may leave the range that a camera or an amplifier has: cutting them off there would make the noise weaker, and
    would move the mean, on the dark ground of a digit more than elsewhere.

    Args:
        task: how much the values of a channel vary by themselves is taken from its training part: a constant channel, and
            signals that are not standardised, get noise in proportion too.
        inputs: (samples, channels, ...), floating point.
        generator: draws the noise.
        share: its standard deviation over that of the channel's values.
    """
    train = torch.from_numpy(task.train.inputs).flatten(2)
    deviation = train.std((0, 2), correction=0).to(inputs)
    noise = torch.randn(inputs.shape, generator=generator, dtype=inputs.dtype)
    return inputs + share * deviation.view(-1, *[1] * (inputs.ndim - 2)) * noise
