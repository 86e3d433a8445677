"""Which elements of a state are padding: the mask taken along the trace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from minas.action.mask_windows import compact, through
from minas.action.operations import Kind
from minas.action.reading import reduced_axes, shown_input
from minas.action.trace import Call, Value


def other_than(padding: int | None) -> Callable[[Tensor], Tensor] | None:
    """Return what gives a meter the mask of samples (batch, positions), in which one number is padding; None for none."""
    return None if padding is None else lambda samples: samples != padding


class Masks:
    """The weight, 1 for valid and 0 for padding, of every element of every state.

    Args:
        mask: (batch, positions), True = valid. It is laid onto those inputs of the model that have these two axes: first and
            second, second and first (a sequence before the batch), or first and last (channels before positions).
    """

    def __init__(self, mask: Tensor) -> None:
        self.mask = mask
        self._known: dict[int, Tensor] = {}
        self._none_empty: bool | None = None

    def of(self, value: Value) -> Tensor:
        """Return the weights of a value's elements, of its shape."""
        known = self._known.get(id(value))
        if known is None:
            known = self._input(value.tensor) if value.producer is None else self._output(value, value.producer)
            self._known[id(value)] = known
        return known

    def _input(self, tensor: Tensor) -> Tensor:
        mask = self.mask.to(tensor.device, torch.float64 if tensor.dtype is torch.float64 else torch.float32)
        shape = tuple(tensor.shape)
        if shape[:2] == tuple(mask.shape):
            return mask.reshape(*mask.shape, *[1] * (len(shape) - 2)).expand(shape)
        if shape[:2] == tuple(mask.shape[::-1]):
            return mask.t().reshape(*mask.shape[::-1], *[1] * (len(shape) - 2)).expand(shape)
        if len(shape) > 2 and (shape[0], shape[-1]) == tuple(mask.shape):
            return mask.reshape(shape[0], *[1] * (len(shape) - 2), shape[-1]).expand(shape)
        return mask.new_ones(()).expand(shape)

    def _output(self, value: Value, call: Call) -> Tensor:
        shape = value.tensor.shape
        if call.kind is Kind.SHAPE:
            return call.replay(self.of(call.inputs[0]))[value.index if not call.single else 0]
        if call.kind in (Kind.LINEAR, Kind.MATMUL, Kind.RECURRENT, Kind.ATTENTION, Kind.CELL):
            return self._spread(compact(self.of(call.inputs[0])).amax(-1, keepdim=True), shape)
        if call.kind is Kind.EMBEDDING:
            return self._spread(self.of(call.inputs[-1]).unsqueeze(-1), shape)
        if call.kind is Kind.BAG:
            return self._bag(call, shape)
        if call.kind is Kind.POOL and reduced_axes(call) is not None:
            kept = bool(call.argument(2, "keepdim", False))
            return self._spread(compact(self.of(shown_input(call))).amax(reduced_axes(call), kept), shape)
        if call.kind in (Kind.CONVOLUTION, Kind.TRANSPOSED, Kind.POOL):
            return self._over_space(call, compact(self.of(shown_input(call))).amax(1, keepdim=True), shape)
        if call.kind in (Kind.FREE, Kind.EINSUM, Kind.UNKNOWN):
            return self._merged(call, shape)
        weights = [self.of(one) for one in call.inputs]
        fitting = [weight for weight in weights if weight.shape == shape] or [self._spread(weights[0], shape)]
        found = compact(fitting[0])
        for other in fitting[1:]:
            found = torch.maximum(found, compact(other))
        return found.expand(shape)

    def _spread(self, weights: Tensor, shape: torch.Size) -> Tensor:
        try:
            return weights.expand(shape)
        except RuntimeError:
            return weights.new_ones(()).expand(shape)

    def _bag(self, call: Call, shape: torch.Size) -> Tensor:
        """A bag is valid where any of its words is; of words in one row, with offsets, all are."""
        if self._none_empty is None:
            self._none_empty = bool((self.mask != 0).any(1).all())
        if self._none_empty or call.inputs[0].tensor.dim() != 2:  # the usual case: what led to the ids needn't be followed
            return torch.ones((), device=self.mask.device).expand(shape)
        return self._spread(self.of(call.inputs[0]).amax(1, keepdim=True), shape)

    def _over_space(self, call: Call, weights: Tensor, shape: torch.Size) -> Tensor:
        found = None if call.kind is Kind.TRANSPOSED or weights.dim() < 3 else through(call, weights, shape[2:])
        if found is not None:
            weights = found
        elif weights.shape[2:] != shape[2:]:
            weights = torch.nn.functional.interpolate(weights.contiguous(), size=tuple(shape[2:]), mode="nearest")
        return weights.expand(shape)

    def _merged(self, call: Call, shape: torch.Size) -> Tensor:
        """Apply a merge or an average to the weights themselves: what has any valid part is valid."""
        ones = self.mask.new_ones((), dtype=torch.float64)

        def exchanged(data: Any) -> Any:
            if isinstance(data, Tensor):
                value = call.known.get(id(data))
                return ones.expand(data.shape) if value is None else self.of(value).to(ones.dtype)
            if isinstance(data, list | tuple):
                return type(data)(exchanged(item) for item in data)
            return data

        weights = self.of(call.inputs[0])
        if weights.shape == shape and call.name != "__setitem__":
            return weights
        try:
            given = [exchanged(arg) for arg in call.args]
            if call.name == "__setitem__":
                given[0] = result = given[0].clone()
                call.function(*given)
            else:
                result = call.function(*given, **call.kwargs)
            return self._spread((result > 0).to(weights.dtype), shape)
        except (RuntimeError, TypeError, ValueError, AttributeError):
            return weights.new_ones(()).expand(shape)
