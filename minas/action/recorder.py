"""Record a forward pass.

Module hooks alone miss functional calls; a `TorchFunctionMode` sees both, and methods and operators (`x @ w`, `x.relu_()`).
Only what depends on the model's input is recorded.
"""

from __future__ import annotations

import types
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from minas.action import overwriting
from minas.action.operations import KINDS, Function, Kind, UnknownOperation, in_place, name_of
from minas.action.recurrence import run_layers
from minas.action.trace import Call, Trace, Value, tensors_in
from minas.errors import UsageError


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


_PURE = frozenset({Kind.NORM, Kind.LINEAR, Kind.CONVOLUTION, Kind.TRANSPOSED, Kind.ATTENTION, Kind.CELL})
"""Kinds that overwrite no state, whatever their arguments say."""
_LOOKUPS = frozenset({"__getitem__", "index_select", "gather", "take_along_dim"})
_PRODUCTS: dict[str, tuple[tuple[tuple[int, str], ...], int]] = {
    "addcmul": (((1, "tensor1"), (2, "tensor2")), 1),
    "addcdiv": (((1, "tensor1"), (2, "tensor2")), 1),
    "lerp": (((2, "weight"),), 0),
    "cosine_similarity": (((0, "x1"), (1, "x2")), 2),
}
"""Merges that also multiply: their factors, and how many of them may be states."""
_EXTREMES = frozenset({"maximum", "minimum", "fmax", "fmin", "max", "min"})

_peek = torch._C._functorch.peek_interpreter_stack


def _level() -> int:
    """Return inside of how many transforms of torch.func we are."""
    return len(torch._C._functorch.get_interpreter_stack() or ())


def _see_pointwise(call: Call, out: Tensor) -> None:
    """Tell functions of one state from products and pooling: `y * y`, `1 / y`, `maximum(y, 0)`."""
    first = call.inputs[0]
    if any(value is not first for value in call.inputs):
        return
    if call.kind is Kind.POOL:
        other = call.args[1] if len(call.args) > 1 else None
        if call.name not in _EXTREMES or not isinstance(other, Tensor) or out.shape != first.tensor.shape:
            return
    elif len(call.inputs) < 2 and not _bends(call, first):
        return
    call.kind, call.inputs = Kind.POINTWISE, [first]


def _bends(call: Call, state: Value) -> bool:
    """Say whether a quotient bends its only state: below the line, or rounded."""
    if call.kind is not Kind.DIVIDE:
        return False
    above = call.args[0] if call.args else call.kwargs.get("input")
    below = call.name in ("__rtruediv__", "__rdiv__") or call.known.get(id(above)) is not state
    return below or call.kwargs.get("rounding_mode") is not None


class Recorder(TorchFunctionMode):
    """Record every call on the model's states while it is on.

    Args:
        trace: where to write.
    """

    def __init__(self, trace: Trace) -> None:
        super().__init__()
        self.trace = trace
        self.muted = 0
        self._level = _level()

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
        if _peek() is not None and _level() != self._level:
            raise UsageError(
                "the model uses a transform of torch.func (vmap, grad ...) inside of its forward pass: what happens in there "
                "can't be read. Meter a model that takes the whole batch, or the parts outside of the transform"
            )
        if kind is Kind.OPEN or kind is Kind.GLU:
            self._note_sequence(func, args)
            with self:
                return (_glu if kind is Kind.GLU else _opened(func))(*args, **kwargs)
        overwriting.refresh(self.trace, (args, kwargs))
        read = {key: given for key, given in kwargs.items() if key != "out"} if "out" in kwargs else kwargs
        inputs = self.trace.find(args, read) or self._adopt(kind, args, kwargs)
        if not inputs:
            return self._unrecorded(func, args, kwargs)
        if kind in (Kind.SHAPE, Kind.PASS) and not self._moves_a_state(args):
            if name_of(func) not in _LOOKUPS:  # `weight.type_as(state)`: nothing of the state goes into the result
                return self._unrecorded(func, args, kwargs)
            kind = Kind.EMBEDDING if self.trace.weight(args[0]) else Kind.FREE
        return self._record(Call(kind, func, args, kwargs, inputs))

    def _unrecorded(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        result = func(*args, **kwargs)
        self.trace.derive(args, kwargs, result)
        return result

    def _moves_a_state(self, args: tuple[Any, ...]) -> bool:
        """Say whether the tensor that a call moves or hands on, its first argument, is a state."""
        return not args or not isinstance(args[0], Tensor) or id(args[0]) in self.trace.values

    def _note_sequence(self, func: Any, args: tuple[Any, ...]) -> None:
        """Note the query of an attention that is read from inside: its layout says which axis is the batch."""
        query = self.trace.values.get(id(args[0])) if args else None
        if query is not None and name_of(func) == "multi_head_attention_forward":
            self.trace.sequences.append(query)

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
            writes = call.kind not in _PURE and in_place(call.function, call.args, call.kwargs)
            others = overwriting.preserve(self.trace, call) if writes else []
            result = call.function(*call.args, **call.kwargs)
            if writes:
                given = call.args[0] if call.name == "__setitem__" else result
                self._keep(call, list(tensors_in(given)), single=isinstance(given, Tensor))
                overwriting.renew(self.trace, call, others)
                return result
        if call.kind is not Kind.CONSTANT:
            self._keep(call, list(tensors_in(result)), single=isinstance(result, Tensor))
        return result

    def _keep(self, call: Call, outs: list[Tensor], *, single: bool) -> None:
        kept = [(position, out) for position, out in enumerate(outs) if out.dtype is not torch.bool]
        if not kept:
            return
        if call.kind is Kind.UNKNOWN:
            self._judge(call, outs[0])
        elif call.kind is Kind.FREE and call.name.rstrip("_") in _PRODUCTS:
            self._refuse_products(call)
        elif call.kind in (Kind.MULTIPLY, Kind.DIVIDE, Kind.POOL):
            _see_pointwise(call, outs[0])
        call.single = single
        for value in call.inputs:
            value.consumers.append(call)
        for position, out in kept:
            value = Value(out, call, position)
            self.trace.values[id(out)] = value
            call.outputs.append(value)
        self.trace.add(call)
        if call.kind in (Kind.SHAPE, Kind.PASS):
            overwriting.note_shared(self.trace, call)

    def _judge(self, call: Call, out: Tensor) -> None:
        """Decide what an operation that is not in the table is: never one with parameters, for that would be free."""
        for tensor in tensors_in((call.args, call.kwargs)):
            weight = None if id(tensor) in self.trace.values else self.trace.weight(tensor)
            if weight is not None:
                raise UnknownOperation(call.name, f"it uses the parameter '{weight}'")
        same = call.inputs[0].tensor.shape == out.shape
        call.kind = Kind.POINTWISE if same and len(call.inputs) == 1 else Kind.FREE

    def _refuse_products(self, call: Call) -> None:
        """Refuse a merge that multiplies by a parameter or another state: as a product it would be a step."""
        places, states = _PRODUCTS[call.name.rstrip("_")]
        factors = [call.argument(place, name) for place, name in places]
        learned = next(filter(None, map(self.trace.weight, factors)), None)
        if learned is not None:
            raise UnknownOperation(call.name, f"it uses the parameter '{learned}'")
        if sum(isinstance(factor, Value) for factor in factors) > states:
            raise UnknownOperation(call.name, "it multiplies states")

    def module(self, module: nn.Module, args: tuple[Any, ...], result: Any) -> None:
        """Record a whole module that brings its own `potential` as one call."""
        overwriting.refresh(self.trace, args)
        inputs = self.trace.find(args, {}) or [self.trace.enter(tensor) for tensor in list(tensors_in(args))[:1]]
        call = Call(Kind.NEURON, type(module), args, {}, inputs)
        call.extra = module
        self._keep(call, list(tensors_in(result)), single=isinstance(result, Tensor))
