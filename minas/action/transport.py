"""P: how a state is carried to the shape of the next one, without parameters.

Identity where shapes agree; else adaptive average pooling over space or time, and zero-padding or truncation over channels.
"""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from torch import Tensor


def channels_to(tensor: Tensor, size: int, axis: int) -> Tensor:
    """Truncate, or pad with zeros, one axis to a size."""
    have = tensor.shape[axis]
    if have > size:
        return tensor.narrow(axis, 0, size)
    if have < size:
        behind = tensor.dim() - 1 - (axis % tensor.dim())
        return F.pad(tensor, [0, 0] * behind + [0, size - have])
    return tensor


def transport(state: Tensor, shape: tuple[int, ...], axis: int) -> Tensor:
    """Carry a state to another shape.

    Args:
        state: (samples, ...) with its channels on `axis`.
        shape: the shape wanted, its first axis the samples too.
        axis: 1 for convolution, batch normalisation and pooling; -1 for linear maps, layer normalisation, attention and
            recurrence.

    Returns:
        P u, of `shape`.
    """
    if tuple(state.shape) == tuple(shape):
        return state
    if axis == 1:
        return channels_to(_over_space(state, tuple(shape[2:])), shape[1], 1)
    state = channels_to(state, shape[-1], -1)
    if tuple(state.shape) == tuple(shape):
        return state
    samples, channels = shape[0], shape[-1]
    tokens = 1
    for size in shape[1:-1]:
        tokens *= size
    rows = state.reshape(samples, -1, channels).transpose(1, 2)
    return F.adaptive_avg_pool1d(rows, tokens).transpose(1, 2).reshape(shape)


def _over_space(state: Tensor, sizes: tuple[int, ...]) -> Tensor:
    """Pool (samples, channels, *space) to other sizes; a state without space is spread, one that loses it averaged."""
    if tuple(state.shape[2:]) == sizes:
        return state
    if not sizes:
        return state.flatten(2).mean(2)
    if state.dim() != len(sizes) + 2:
        total = 1
        for size in sizes:
            total *= size
        flat = state.flatten(2) if state.dim() > 2 else state.unsqueeze(-1)
        return F.adaptive_avg_pool1d(flat, total).reshape(*flat.shape[:2], *sizes)
    pools: dict[int, Any] = {1: F.adaptive_avg_pool1d, 2: F.adaptive_avg_pool2d, 3: F.adaptive_avg_pool3d}
    pooled: Tensor = pools[len(sizes)](state, sizes)
    return pooled
