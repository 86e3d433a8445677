"""Physics-Lagrangian in our own reading, what domains share: a kinetic, a potential and a constraint pathway.

Of the paper's network (arXiv 2604.24805) one sentence is public: "decomposing the forward pass into kinetic (T), potential
(V), and constraint (C) pathways". What follows is this project's reading of it, not the author's network.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from minas.baselines._positions import Layers, layers_for

NAME = "Lagrangian"

SOURCE = "this project's own reading of Physics-Lagrangian, one sentence in arXiv 2604.24805; not the author's network"

STEPS = 2
"""Steps of motion in each stage."""

GRID = 3
"""Positions along each axis that the head sees of images and signals."""


class Constraint(nn.Module):
    """A multiplier in (0, 1) for each feature, from the mean of the whole state, that bounds how far the feature may move.

    Args:
        width: features.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear = nn.Linear(width, width)

    def forward(self, average: Tensor) -> Tensor:
        """Turn averages (..., width) into multipliers (..., width)."""
        return torch.sigmoid(self.linear(average))


class Motion(nn.Module):
    """One step of a state's motion, q + c * (k(q) - f(q)), as a Lagrangian T - V with a multiplier for a constraint gives it.

    - kinetic, k: each channel by itself moves on from its neighbouring positions (a depthwise convolution).
    - potential, f: at each position by itself the channels are driven back by a force: down to half of the channels, through
      ReLU, and up again.
    - constraint, c: how far each channel may move.

    Args:
        layers: for the samples' number of position axes.
        width: channels.
        kernel: positions along each axis that a channel moves on from.
    """

    def __init__(self, layers: Layers, width: int, kernel: int) -> None:
        super().__init__()
        self.drift = nn.Sequential(
            layers.convolution(width, width, kernel, padding=kernel // 2, groups=width, bias=False),
            layers.normalisation(width),
        )
        self.force = nn.Sequential(
            layers.convolution(width, width // 2, 1, bias=False),
            layers.normalisation(width // 2),
            nn.ReLU(),
            layers.convolution(width // 2, width, 1, bias=False),
            layers.normalisation(width),
        )
        self.constraint = Constraint(width)

    def forward(self, q: Tensor) -> Tensor:
        """Keep the shape (batch, width, *positions)."""
        multiplier = self.constraint(q.flatten(2).mean(2))
        multiplier = multiplier.reshape(*multiplier.shape, *(1,) * (q.ndim - 2))
        return torch.relu(q + multiplier * (self.drift(q) - self.force(q)))


class Lagrangian(nn.Module):
    """Stages of a convolution with a stride and a few steps of motion, pooled to three positions an axis, a linear map.

    Args:
        shape: (channels, *positions) of a sample, with one axis of positions or two.
        classes: number of classes.
        widths: channels and stride of each stage.
        kernel: positions along each axis that a convolution sees.
        steps: steps of motion in each stage.
    """

    def __init__(
        self, shape: tuple[int, ...], classes: int, *, widths: Sequence[tuple[int, int]], kernel: int = 3, steps: int = STEPS
    ) -> None:
        super().__init__()
        layers = layers_for(shape)
        parts: list[nn.Module] = []
        inputs = shape[0]
        for width, stride in widths:
            parts += [
                layers.convolution(inputs, width, kernel, stride=stride, padding=kernel // 2, bias=False),
                layers.normalisation(width),
                nn.ReLU(),
                *(Motion(layers, width, kernel) for _ in range(steps)),
            ]
            inputs = width
        self.parts = nn.Sequential(*parts, layers.pooling(GRID), nn.Flatten())
        self.head = nn.Linear(inputs * GRID ** (len(shape) - 1), classes)

    def forward(self, x: Tensor) -> Tensor:
        """Turn (batch, *shape) into logits, (batch, classes)."""
        logits: Tensor = self.head(self.parts(x))
        return logits
