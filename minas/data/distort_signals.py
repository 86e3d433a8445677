"""Signals as a network meets them after its training: with channels that record nothing, and noisy."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from minas.data import signals
from minas.data.distort_noise import with_noise
from minas.data.task import Task

DROPPED = 0.25
"""Share of the channels that record nothing, at least one of them: most of a montage still works, as when electrodes come
loose during a session."""
NOISE = 1.0
"""Standard deviation of the noise over the signals' own, for each point of time that a network sees: as much noise as there
is signal, as for images."""


def dropped_channels(task: Task, inputs: Tensor, generator: torch.Generator) -> Tensor:
    """Silence `DROPPED` of the channels, others in each sample.

    A channel that is silent reads zero volts all the time, so it gets what the preprocessing makes of that, which is no zero
    where channels are standardised: there, zero is a channel's mean over the training part, which may be a level of its own.
    """
    channels = inputs.shape[1]
    count = max(1, math.floor(DROPPED * channels))
    nothing = np.zeros((1, channels, task.preprocessing["length"]), np.float32)
    silence = torch.from_numpy(signals.apply(task.preprocessing, nothing)).to(inputs)
    order = torch.rand(len(inputs), channels, generator=generator).argsort(1)
    return torch.where((order < count).unsqueeze(2), silence, inputs)


def noisy(task: Task, inputs: Tensor, generator: torch.Generator) -> Tensor:
    """Add normal noise of `NOISE` times the signals' own standard deviation, by channel."""
    return with_noise(task, inputs, generator, share=NOISE)
