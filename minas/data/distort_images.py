"""Images as a network meets them after its training: out of their place, noisy, turned."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from minas.data import normalise
from minas.data.augment import shifted_by, turned_by
from minas.data.distort_noise import with_noise
from minas.data.task import Task

SHIFT = 2
"""Pixels: twice what training shifts by, and still within the margin of a digit of MNIST, so that nothing of it is lost."""
NOISE = 1.0
"""Standard deviation of the noise over the pixels' own: as much noise as there is signal, in which people still read digits.
A LeNet on MNIST goes from 4.4% errors to 8.9%, with half of it to 5.3%, which would tell little."""
ANGLES = (20.0, 30.0)
"""Degrees, either way: more than the 10 by which training turns, and less than makes one digit another."""


def shifted(task: Task, inputs: Tensor, generator: torch.Generator) -> Tensor:
    """Move each image by `SHIFT` pixels in one of eight directions; the background's colour fills its edges."""
    return shifted_about(inputs, generator, distance=SHIFT, fill=normalise.background(task.preprocessing))


def noisy(task: Task, inputs: Tensor, generator: torch.Generator) -> Tensor:
    """Add normal noise of `NOISE` times the pixels' own standard deviation, by channel."""
    return with_noise(task, inputs, generator, share=NOISE)


def rotated(task: Task, inputs: Tensor, generator: torch.Generator) -> Tensor:
    """Turn each image by an angle within `ANGLES`, to the left or to the right; the background's colour fills its edges."""
    low, high = ANGLES
    draws = torch.rand(2, len(inputs), generator=generator)
    angle = torch.deg2rad(low + draws[0] * (high - low))
    angle = torch.where(draws[1] < 0.5, angle, -angle)
    return turned_by(inputs, angle, torch.ones(len(inputs)), fill=normalise.background(task.preprocessing))


def shifted_about(inputs: Tensor, generator: torch.Generator, *, distance: int, fill: Sequence[float]) -> Tensor:
    """Move each image by so many pixels up, down, left, right, or along two of these at once; none stays where it is.

    An image of a single row moves to the left or to the right.

    Args:
        inputs: (samples, channels, height, width).
        generator: draws the directions, all as likely.
        distance: pixels.
        fill: value by channel of what moves into the image.
    """
    sideways = (-1, 0, 1) if inputs.shape[2] > 1 else (0,)
    directions = torch.tensor([(down, right) for down in sideways for right in (-1, 0, 1) if down or right])
    chosen = directions[torch.randint(0, len(directions), (len(inputs),), generator=generator)]
    return shifted_by(inputs, distance * chosen.T, most=distance, fill=fill)
