"""How many samples a forward pass took, and whether they lie where the meter counts them.

S is a mean over samples, so a batch that is counted along the wrong axis gives a wrong S and no error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from minas.action.operations import Kind
from minas.action.trace import Call, Trace, Value, tensors_in
from minas.errors import UsageError

_SWAPS = frozenset({"transpose", "swapaxes", "swapdims"})


def check_mask(mask: Tensor, data: Any) -> None:
    """Refuse a mask that fits none of the model's inputs.

    Args:
        mask: (batch, positions).
        data: the model's arguments. A tensor fits with these two axes first and second, second and first, or first and last;
            where all are flat (a bag's ids and offsets), one must have an entry a sample.

    Raises:
        UsageError: it fits none.
    """
    if packed_samples(data) == len(mask):
        return
    tensors = list(tensors_in(data))
    shapes = [tuple(tensor.shape) for tensor in tensors if tensor.dtype is not torch.bool or len(tensors) == 1]
    wide = [shape for shape in shapes if len(shape) > 1]
    flat = [shape for shape in shapes if len(shape) == 1]
    wanted = tuple(mask.shape)
    fits = any(wanted in (shape[:2], shape[1::-1], (shape[0], shape[-1])) for shape in wide)
    if fits or not (wide or flat) or (not wide and any(shape[0] - wanted[0] in (0, 1) for shape in flat)):
        return
    raise UsageError(
        f"the mask has the shape {wanted}, the model's input {_named(wide or flat)}: "
        "a mask is (batch, positions), True = valid, and must have the input's batch and positions"
    )


def samples_of(tensors: Iterable[Tensor], axis: int) -> int:
    """Return how many samples a model's inputs hold: the size of the first that has the batch's axis.

    Args:
        tensors: the inputs.
        axis: which of their axes is the batch.

    Raises:
        UsageError: there are none.
    """
    for tensor in tensors:
        if tensor.dim() > axis:
            if not tensor.shape[axis]:
                raise UsageError(
                    f"the batch holds no samples: the model's input has the shape {tuple(tensor.shape)}, and the action is a "
                    "mean over samples. Leave empty batches out"
                )
            return int(tensor.shape[axis])
    return 1


def packed_samples(data: Any) -> int | None:
    """Return how many samples the first packed sequence among some arguments holds, None where there is none."""
    if isinstance(data, PackedSequence):
        return int(data.batch_sizes[0])
    items = data.values() if isinstance(data, dict) else data if isinstance(data, tuple | list) else ()
    return next((found for found in map(packed_samples, items) if found is not None), None)


def is_lone(trace: Trace, axis: int) -> bool:
    """Say whether the model's input is one sample's features, without a batch: a linear map takes all of it at once."""
    counted = _counted(trace, axis)
    if counted is None or axis or counted.tensor.dim() != 1:
        return False
    stack, shape = [counted], counted.tensor.shape
    while stack:
        for call in stack.pop().consumers:
            if call.kind in (Kind.LINEAR, Kind.MATMUL) and call.inputs[0].tensor.shape == shape:
                return True
            stack += [out for out in call.outputs if out.tensor.shape == shape]
    return False


def check_images(call: Call) -> None:
    """Refuse a convolution or pooling of a state without a batch."""
    if call.kind not in (Kind.CONVOLUTION, Kind.TRANSPOSED, Kind.POOL):
        return
    sides = re.search(r"([123])d", call.name)
    state = call.inputs[0].tensor
    if sides is not None and state.dim() == int(sides[1]) + 1:
        raise UsageError(_without_batch(call.name, state))


def check_sequences(trace: Trace, axis: int) -> None:
    """Refuse sequences that have their batch elsewhere, as far as a recurrent layer or an attention tells.

    Raises:
        UsageError: the model's input reaches it with the batch on another axis than the meter counts, or without one.
    """
    counted = _counted(trace, axis)
    found = [(value, 1) for value in trace.sequences]
    found += [
        (call.inputs[0], 0 if call.args[8] else 1) for call in trace.calls if call.kind is Kind.RECURRENT and _padded(call)
    ]
    for value, where in found:
        origin, place, added = _origin(value, where)
        if origin is not counted or counted is None:
            continue
        shape = tuple(counted.tensor.shape)
        if added or value.tensor.dim() == 2:
            raise UsageError(_without_batch("a recurrent layer or an attention", counted.tensor))
        if place != axis:
            raise UsageError(
                f"the model's input has the shape {shape}; a recurrent layer or an attention takes its axis {place} for the "
                f"batch, the meter its axis {axis}. Make the meter with ActionMeter(model, batch_axis={place}), or the layer "
                f"with batch_first={axis == 0}"
            )


def _padded(call: Call) -> bool:
    return not (isinstance(call.args[1], Tensor) and call.args[1].dtype is torch.int64 and call.args[1].dim() == 1)


def _counted(trace: Trace, axis: int) -> Value | None:
    return next((value for value in trace.inputs if value.tensor.dim() > axis), None)


def _origin(value: Value, place: int) -> tuple[Value, int, bool]:
    """Go back over calls that leave the first two axes alone, swap them, or add the batch.

    Returns:
        where that ends, which axis the batch is there, and whether it was added on the way.
    """
    added = False
    while value.producer is not None and value.producer.inputs:
        call, shape = value.producer, value.tensor.shape
        source = call.inputs[0]
        if call.kind is not Kind.SHAPE:
            if source.tensor.shape[: 1 if added else 2] != shape[: 1 if added else 2]:
                break
        elif call.name == "unsqueeze" and int(call.argument(1, "dim")) % len(shape) == place and not added:
            added = True
        elif call.name in _SWAPS and not added:
            swapped = [int(call.argument(number, f"dim{number - 1}")) % len(shape) for number in (1, 2)]
            place = {swapped[0]: swapped[1], swapped[1]: swapped[0]}.get(place, place)
        else:
            break
        value = source
    return value, place, added


def _without_batch(name: str, state: Tensor) -> str:
    return (
        f"{name} takes a state of shape {tuple(state.shape)}, which has no batch: the action is a mean over samples. "
        "Add the batch's axis, x.unsqueeze(0)"
    )


def _named(shapes: Sequence[tuple[int, ...]]) -> str:
    return ", ".join(map(str, shapes))
