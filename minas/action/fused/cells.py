"""What a fused step keeps between its forward and its backward pass."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

threshold_backward = torch.ops.aten.threshold_backward.default
_pool_backward = torch.ops.aten._adaptive_avg_pool2d_backward.default


@dataclass(eq=False)
class Shared:
    """What all steps of one forward pass share.

    Attributes:
        head: how many samples are measured.
        kinetic, potential, energy: the loss's weights for T, V and E, known once its backward pass has begun.
        cells: the steps, in the order of execution; let go once their sums are taken.
        constants: what `totals` needs at every pass of a plan and computes at the first.
    """

    head: int
    kinetic: float = 0.0
    potential: float = 0.0
    energy: float = 0.0
    cells: list[Cell] = field(default_factory=list)
    constants: dict[str, Any] = field(default_factory=dict)


@dataclass(eq=False)
class Cell:
    """One step.

    Attributes:
        shared: what all steps share.
        hidden: whether the state counts towards E.
        difference: q - P u of the samples that are measured.
        weight: the linear map's weights where no normalisation follows: V = positions / 2 ||weight||^2.
        gate: a product's gate: V = positions / (2 n) ||gate||^2.
        positions: how often the map is applied.
        rows, spread: with a normalisation: the norm of each channel's weights, and sum (y - mean)^2 over the measured samples.
        centred: the convolution's output less its mean.
        slope, squares, gain: by channel, from `totals`: dV/dy over y - mean, dV/dw over w, and dV/dgamma.
    """

    shared: Shared
    hidden: bool
    difference: Tensor
    weight: Tensor | None = None
    gate: Tensor | None = None
    positions: int = 1
    gamma: Tensor | None = None
    eps: float = 0.0
    rows: Tensor | None = None
    spread: Tensor | None = None
    centred: Tensor | None = None
    slope: Tensor | None = None
    squares: Tensor | None = None
    gain: Tensor | None = None

    def __post_init__(self) -> None:
        self.length = torch.linalg.vector_norm(self.difference)  # now, while it is in the cache

    @property
    def weighs(self) -> bool:
        """Whether the step has a map without a normalisation."""
        return self.weight is not None or self.gate is not None


def difference(state: Tensor, source: Tensor) -> Tensor:
    """Return q - P u for images (samples, channels, height, width)."""
    if state.shape == source.shape:
        return state - source
    channels = min(state.shape[1], source.shape[1])
    if channels < source.shape[1]:
        source = source[:, :channels]
    if state.shape[2:] != source.shape[2:]:
        source = torch._C._nn.adaptive_avg_pool2d(source, state.shape[2:])
    if channels == state.shape[1]:
        return state - source
    found = state.clone()
    found[:, :channels].sub_(source)
    return found


def pull_back(target: Tensor, pull: Tensor, source: Tensor, scale: float) -> None:
    """Add scale * P^T pull to the gradient of a source."""
    channels = min(pull.shape[1], source.shape[1])
    if channels < source.shape[1]:
        target, source = target[:, :channels], source[:, :channels]
    if channels < pull.shape[1]:
        pull = pull[:, :channels]
    if pull.shape[2:] != source.shape[2:]:
        pull = _pool_backward(pull, source)
    target.add_(pull, alpha=scale)


def refuse_second_order() -> None:
    """Stop a backward pass that is itself to be differentiated: its sums are written in place."""
    if torch.is_grad_enabled():
        raise RuntimeError("the fused action has no second derivatives: make the meter with fused=False")
