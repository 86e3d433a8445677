"""What a forward pass did: its states, and the calls that made them from one another.

Module hooks alone miss functional calls; a `TorchFunctionMode` sees both, and methods and operators (`x @ w`, `x.relu_()`).
Only what depends on the model's input is recorded.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from minas.action.operations import KINDS, Function, Kind, UnknownOperation, in_place, name_of
from minas.action.recurrence import run_layers


class Value:
    """One state, or an input of the model, at one moment (an in-place operation makes a new one)."""

    __slots__ = ("consumers", "index", "is_output", "producer", "tensor")

    def __init__(self, tensor: Tensor, producer: Call | None = None, index: int = 0) -> None:
        self.tensor = tensor
        self.producer = producer
        self.index = index
        self.consumers: list[Call] = []
        self.is_output = False


class Call:
    """One function call that takes states and gives states.

    Attributes:
        function: what was called, and `kind` what that means to the action.
        args, kwargs: as called; states among them still as tensors.
        inputs: the states among the arguments, in their order; `known` finds them by the tensor as it was passed.
        outputs: the states that came out.
        single: whether the call gave one tensor, not a tuple of them.
        extra: what recording this kind of call kept besides (the layers of a recurrent call, the neuron's module).
    """

    __slots__ = ("args", "extra", "function", "inputs", "kind", "known", "kwargs", "outputs", "single")

    def __init__(self, kind: Kind, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], inputs: list[Value]) -> None:
        self.kind = kind
        self.function = function
        self.args = args
        self.kwargs = kwargs
        self.inputs = inputs
        self.known = {id(value.tensor): value for value in inputs}
        self.outputs: list[Value] = []
        self.single = True
        self.extra: Any = None

    @property
    def name(self) -> str:
        """The function's plain name."""
        return name_of(self.function)

    def argument(self, position: int, name: str, default: Any = None) -> Any:
        """Return one argument, wherever it was passed; a state comes as its `Value`."""
        given = self.args[position] if position < len(self.args) else self.kwargs.get(name, default)
        return self.known.get(id(given), given) if isinstance(given, Tensor) else given

    def replay(self, tensor: Tensor) -> list[Tensor]:
        """Apply the call to another tensor in the place of its first argument."""
        tensor = tensor.contiguous() if self.name.startswith("view") else tensor  # the state's memory was laid out for it
        result = self.function(tensor, *self.args[1:], **self.kwargs)
        return [result] if isinstance(result, Tensor) else list(result)


class Trace:
    """All calls of one forward pass, in order, with the values that went in and came out of the model."""

    def __init__(self, weights: dict[int, tuple[Tensor, str]]) -> None:
        self.calls: list[Call] = []
        self.inputs: list[Value] = []
        self.values: dict[int, Value] = {}
        self.kept: list[Tensor] = []
        self.weights = dict(weights)

    def enter(self, tensor: Tensor) -> Value:
        """Take a tensor as an input of the trajectory."""
        value = Value(tensor)
        self.values[id(tensor)] = value
        self.inputs.append(value)
        return value

    def find(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Value]:
        """Return the states among a call's arguments."""
        values = self.values
        return [values[id(tensor)] for tensor in tensors_in((args, kwargs)) if id(tensor) in values]

    def weight(self, tensor: Any) -> str | None:
        """Return the name of the parameter that a tensor is or derives from, or None."""
        if not isinstance(tensor, Tensor):
            return None
        known = self.weights.get(id(tensor))
        if known is not None:
            return known[1]
        return "parameter" if isinstance(tensor, nn.Parameter) else None

    def derive(self, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        """Note that a result derives from parameters alone (a transposed or normalised weight)."""
        for tensor in tensors_in((args, kwargs)):
            name = self.weight(tensor)
            if name is not None:
                for out in tensors_in(result):
                    self.weights[id(out)] = (out, name)
                return

    def release(self) -> None:
        """Let all states go: values and calls hold one another, and would keep them until the next garbage collection."""
        for call in self.calls:
            for value in (*call.inputs, *call.outputs):
                value.producer = None
                value.consumers = []
            call.known = {}
        self.values.clear()

    def close(self, result: Any) -> None:
        """Mark what the model gave back."""
        for tensor in tensors_in(result):
            if id(tensor) in self.values:
                self.values[id(tensor)].is_output = True


def tensors_in(data: Any) -> Iterator[Tensor]:
    """Go through the tensors in nested tuples, lists and dictionaries, and in packed sequences."""
    if isinstance(data, Tensor):
        yield data
    elif isinstance(data, tuple | list):
        for item in data:
            yield from tensors_in(item)
    elif isinstance(data, dict):
        for item in data.values():
            yield from tensors_in(item)


@cache
def _opened(function: Function) -> Function:
    """Copy one of torch's Python functions so that it runs its body under a mode instead of asking the mode first."""
    original: Any = function
    blind = dict.fromkeys(("has_torch_function", "has_torch_function_unary", "has_torch_function_variadic"), lambda *_: False)
    copy = types.FunctionType(
        original.__code__, {**original.__globals__, **blind}, original.__name__, original.__defaults__, original.__closure__
    )
    copy.__kwdefaults__ = original.__kwdefaults__
    return copy


def _glu(tensor: Tensor, dim: int = -1) -> Tensor:
    """Write a gated linear unit as what it is: a product with a gate."""
    values, gates = tensor.chunk(2, dim)
    return values * torch.sigmoid(gates)


class Recorder(TorchFunctionMode):
    """Record every call on the model's states while it is on.

    Args:
        trace: where to write.
    """

    def __init__(self, trace: Trace) -> None:
        super().__init__()
        self.trace = trace
        self.muted = 0

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run a function, and note what it did to the states."""
        kwargs = kwargs or {}
        if self.muted:
            return func(*args, **kwargs)
        kind = KINDS.get(func, Kind.UNKNOWN)
        if kind is Kind.QUERY:
            return func(*args, **kwargs)
        if kind is Kind.OPEN or kind is Kind.GLU:
            with self:
                return (_glu if kind is Kind.GLU else _opened(func))(*args, **kwargs)
        inputs = self.trace.find(args, kwargs) or self._adopt(kind, args, kwargs)
        if not inputs:
            result = func(*args, **kwargs)
            self.trace.derive(args, kwargs, result)
            return result
        return self._record(Call(kind, func, args, kwargs, inputs))

    def _adopt(self, kind: Kind, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Value]:
        """Take a linear operator's input into the trajectory though nothing known made it (a custom autograd function)."""
        if kind in (Kind.LINEAR, Kind.CONVOLUTION, Kind.TRANSPOSED):
            arguments = [*args, *kwargs.values()]
            if self.trace.weight(arguments[1]) and not self.trace.weight(arguments[0]):
                return [self.trace.enter(arguments[0])]
        if kind in (Kind.MATMUL, Kind.EINSUM):
            tensors = list(tensors_in((args, kwargs)))
            strangers = [tensor for tensor in tensors if not self.trace.weight(tensor)]
            if len(strangers) == 1 and len(tensors) > 1:
                return [self.trace.enter(strangers[0])]
        return []

    def _record(self, call: Call) -> Any:
        if call.kind is Kind.RECURRENT:
            result, call.extra = run_layers(call.function, call.args, call.kwargs)
        else:
            if in_place(call.function, call.args, call.kwargs):
                _preserve(call, self.trace.kept)
            result = call.function(*call.args, **call.kwargs)
        outs = list(tensors_in(result))
        if not outs or call.kind is Kind.CONSTANT:
            return result
        self._keep(call, outs, single=isinstance(result, Tensor))
        return result

    def _keep(self, call: Call, outs: list[Tensor], *, single: bool) -> None:
        kept = [(position, out) for position, out in enumerate(outs) if out.dtype is not torch.bool]
        if not kept:
            return
        if call.kind is Kind.UNKNOWN:
            self._judge(call, outs[0])
        call.single = single
        for value in call.inputs:
            value.consumers.append(call)
        for position, out in kept:
            value = Value(out, call, position)
            self.trace.values[id(out)] = value
            call.outputs.append(value)
        self.trace.calls.append(call)

    def _judge(self, call: Call, out: Tensor) -> None:
        """Decide what an operation that is not in the table is: never one with parameters, for that would be free."""
        for tensor in tensors_in((call.args, call.kwargs)):
            weight = None if id(tensor) in self.trace.values else self.trace.weight(tensor)
            if weight is not None:
                raise UnknownOperation(call.name, f"it uses the parameter '{weight}'")
        same = call.inputs[0].tensor.shape == out.shape
        call.kind = Kind.POINTWISE if same and len(call.inputs) == 1 else Kind.FREE

    def module(self, module: nn.Module, args: tuple[Any, ...], result: Any) -> None:
        """Record a whole module that brings its own `potential` as one call."""
        inputs = self.trace.find(args, {}) or [self.trace.enter(tensor) for tensor in list(tensors_in(args))[:1]]
        call = Call(Kind.NEURON, type(module), args, {}, inputs)
        call.extra = module
        self._keep(call, list(tensors_in(result)), single=isinstance(result, Tensor))


def _preserve(call: Call, keep: list[Tensor]) -> None:
    """Copy a state that the call is about to overwrite, unless nothing will ask for it."""
    value = call.inputs[0]
    producer = value.producer
    if producer is not None and not value.consumers and call.kind is Kind.POINTWISE:
        folds = (Kind.LINEAR, Kind.CONVOLUTION, Kind.TRANSPOSED, Kind.NORM, Kind.MATMUL, Kind.EINSUM)
        if producer.kind in folds:
            return
    keep.append(value.tensor)  # its identity must not pass to another tensor
    value.tensor = value.tensor.clone()


def fresh_weights(model: nn.Module) -> dict[int, tuple[Tensor, str]]:
    """Return the model's parameters by identity, each with its name."""
    return {id(tensor): (tensor, name) for name, tensor in model.named_parameters()}
