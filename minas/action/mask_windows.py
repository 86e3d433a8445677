"""Masks where positions change: which outputs of a convolution are valid, and how a state is carried without its padding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from minas.action.operations import Kind
from minas.action.trace import Call


def compact(weights: Tensor) -> Tensor:
    """Return a mask with each axis along which it is one value spread out cut to one element, so that it costs little."""
    for axis, stride in enumerate(weights.stride()):
        if stride == 0 and weights.shape[axis] > 1:
            weights = weights.narrow(axis, 0, 1)
    return weights


def summed(rows: Tensor, weights: Tensor) -> Tensor:
    """Return the sum of rows times weights over every element of a state, 0-dimensional.

    Args:
        rows: broadcasts to the weights' shape.
        weights: of the state's shape.
    """
    small, times = compact(weights), 1
    rows = rows.reshape(*[1] * (weights.dim() - rows.dim()), *rows.shape)
    for axis, size in enumerate(weights.shape):
        if small.shape[axis] == 1:
            rows, times = (rows.sum(axis, keepdim=True), times) if rows.shape[axis] > 1 or size == 1 else (rows, times * size)
        elif rows.shape[axis] == 1:
            small = small.sum(axis, keepdim=True)
    return (rows * small).sum() * times


def through(call: Call, weights: Tensor, sizes: Sequence[int]) -> Tensor | None:
    """Take a mask over the windows of a convolution or pooling.

    An output is valid where there is one for the valid positions alone: they end as much earlier as the window reaches over
    what the call itself pads with.

    Args:
        call: the convolution or pooling, together with a call of `pad` before it.
        weights: (batch, 1, *positions), of what stands before that.
        sizes: the positions that come out.

    Returns:
        (batch, 1, *sizes), or None where the call has no windows of one size.
    """
    count = weights.dim() - 2
    windows = _windows(call, count)
    if windows is None:
        return None
    before = _padded(call, count)
    for axis, (over, stride) in enumerate(windows):
        moved = weights.movedim(axis + 2, -1)
        weights = _reached(moved, over - before[axis])[..., ::stride].movedim(-1, axis + 2)
    return weights if tuple(weights.shape[2:]) == tuple(sizes) else None


def _windows(call: Call, count: int) -> list[tuple[int, int]] | None:
    """Return for each axis by how much a window reaches over the call's own padding, and the stride."""
    if call.kind is Kind.CONVOLUTION:
        kernel, stride = tuple(_tensor(call.argument(1, "weight")).shape[2:]), call.argument(3, "stride", 1)
        padding, dilation = call.argument(4, "padding", 0), call.argument(5, "dilation", 1)
    elif call.name in _WINDOWED:
        kernel = call.argument(1, "kernel_size")
        stride, padding = call.argument(2, "stride") or kernel, call.argument(3, "padding", 0)
        dilation = call.argument(4, "dilation", 1) if "max" in call.name else 1
    else:
        return None
    reaches = [step * (size - 1) for size, step in zip(_each(kernel, count), _each(dilation, count), strict=True)]
    if isinstance(padding, str):
        overs = [0] * count if padding == "same" else reaches
    else:
        overs = [reach - 2 * side for reach, side in zip(reaches, _each(padding, count), strict=True)]
    return list(zip(overs, _each(stride, count), strict=True))


_WINDOWED = frozenset(
    f"{name}_pool{sides}d{ending}" for name in ("max", "avg") for sides in (1, 2, 3) for ending in ("", "_with_indices")
)


def _reached(weights: Tensor, spare: int) -> Tensor:
    """Lose the positions whose windows reach over the end by `spare`, or gain those that see a valid one, on the last axis."""
    if spare == 0:
        return weights
    flat = weights.reshape(-1, 1, weights.shape[-1])
    if spare > 0:
        found = -F.max_pool1d(-flat, spare + 1, 1) if flat.shape[-1] > spare else flat[..., :0]
    else:
        found = F.max_pool1d(F.pad(flat, (-spare, -spare)), 1 - spare, 1)
    return found.reshape(*weights.shape[:-1], found.shape[-1])


def _padded(call: Call, count: int) -> list[int]:
    """Return by how much calls of `pad` before it have made each axis of positions longer."""
    found = [0] * count
    first = call.args[0] if call.args else None
    value = call.known.get(id(first), call.inputs[0])
    while value.producer is not None and value.producer.name == "pad":
        sides = list(value.producer.argument(1, "pad"))
        for place in range(0, min(len(sides), 2 * count), 2):
            found[count - 1 - place // 2] += sides[place] + sides[place + 1]
        value = value.producer.inputs[0]
    return found


def _each(given: Any, count: int) -> tuple[int, ...]:
    if isinstance(given, int):
        return (given,) * count
    numbers = tuple(int(number) for number in given)
    return numbers * count if len(numbers) == 1 else numbers


def _tensor(argument: Any) -> Tensor:
    tensor: Tensor = argument if isinstance(argument, Tensor) else argument.tensor
    return tensor


def pooled(state: Tensor, before: Tensor, after: Tensor) -> Tensor:
    """Pool each sample's valid positions to as many as come out, as adaptive average pooling does with the sample alone.

    Args:
        state: (batch, features, positions).
        before: its mask, (batch, positions).
        after: that of what comes out, (batch, fewer positions).

    Returns:
        (batch, features, fewer positions), 0 where `after` is.
    """
    count, wanted = before.sum(1).long(), after.sum(1).clamp(min=1).long()
    place, target = before.long().cumsum(1) - 1, after.long().cumsum(1) - 1
    start = target * count.unsqueeze(1) // wanted.unsqueeze(1)
    stop = -(-(target + 1) * count.unsqueeze(1) // wanted.unsqueeze(1))
    place = place.unsqueeze(1)
    window = (place >= start.unsqueeze(2)) & (place < stop.unsqueeze(2)) & (before > 0).unsqueeze(1) & (after > 0).unsqueeze(2)
    share = window.to(state.dtype) / (stop - start).clamp(min=1).unsqueeze(2)
    return torch.matmul(state, share.transpose(1, 2))
