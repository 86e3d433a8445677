"""Products of states: gates, matrix products, attention."""

from __future__ import annotations

import torch
from torch import Tensor

from minas.action.linear_steps import chained, mapped
from minas.action.operations import Kind, UnknownOperation
from minas.action.potential import attention_weights, operands, product_rows, rows_of
from minas.action.reading import Chain, comes_from_gate, is_score, learned_scale, states_in, undropped
from minas.action.tally import Tally
from minas.action.trace import Call, Value
from minas.action.transport import transport


def product(tally: Tally, call: Call) -> None:
    """A product of two states, or a learned scale that follows no linear operator."""
    scale = learned_scale(tally.trace, call)
    out = call.outputs[0]
    if scale is not None:
        _with_tail(tally, call, scale.square(), call.inputs[0], [])
        return
    if len(call.inputs) < 2:
        return
    first, second = call.inputs[:2]
    if call.kind is Kind.DIVIDE:
        gate, other = (first, second) if call.name in ("__rtruediv__", "__rdiv__") else (second, first)
        rows = tally.data_rows(gate.tensor).square().reciprocal()
    else:
        gate, other = _gate(first, second)
        rows = tally.data_rows(gate.tensor).square()
    if not out.tensor.is_floating_point():
        return
    _with_tail(tally, call, rows, other, [gate])


def _with_tail(tally: Tally, call: Call, rows: Tensor, source: Value, gates: list[Value]) -> None:
    """Add a diagonal step, with the non-linearity that alone consumes it."""
    out = call.outputs[0]
    tail = _nonlinearity(out)
    result = out if tail is None else tail.outputs[0]
    members = [one for one in (tally.bends.get(id(call)), tail) if one is not None]
    carried = tally.part(source.tensor.expand(out.tensor.shape))
    potential = tally.sum(rows, out) / 2
    tally.add(call, result, carried, potential, sources=[source, *gates], calls=members)


def matmul(tally: Tally, call: Call) -> None:
    """Read a matrix product: a linear map, an attention's scores (no step), or the mixing of its values."""
    out = call.outputs[0]
    if states_in(call) < 2:
        rows = rows_of(call)
        left = call.kind is Kind.MATMUL and isinstance(operands(call)[1], Value)
        if left and out.tensor.dim() > 1:
            _from_left(tally, call, rows)
        else:
            mapped(tally, call, rows, call.inputs[0], axis=-1)
        return
    if is_score(call):
        return
    first, second = call.inputs[0], call.inputs[1]
    matrix, values = _gate(first, second)
    weights = undropped(matrix).tensor
    if call.kind is Kind.EINSUM:
        exchanged = [
            weights.square() if arg is matrix.tensor else torch.ones_like(arg) if arg is values.tensor else arg
            for arg in call.args
        ]
        rows = call.function(*exchanged, **call.kwargs)
    else:
        rows = product_rows(weights, on_left=matrix is first)
    _mix(tally, call, rows, values, [matrix])


def _from_left(tally: Tally, call: Call, rows: Tensor) -> None:
    """A weight matrix times a state: its channels are the rows of the state."""
    source, out = call.inputs[0], call.outputs[0]
    carried = transport(source.tensor.transpose(-2, -1), tuple(out.tensor.transpose(-2, -1).shape), -1)
    chain = Chain(out)
    tail = _nonlinearity(out)
    if tail is not None:
        chain = Chain(tail.outputs[0], calls=[tail], nonlinear=tail)
    chained(tally, call, chain, rows, tally.part(carried.transpose(-2, -1)), source)


def _mix(tally: Tally, call: Call, rows: Tensor, values: Value, others: list[Value]) -> None:
    """Mixing the values of an attention: once for each channel of a head; P pools over tokens."""
    out = call.outputs[0]
    state, shape = values.tensor, out.tensor.shape
    if state.shape != shape:
        lead = shape[:-2]
        state = state.expand(*lead, *state.shape[-2:]) if state.dim() >= 2 and state.shape[:-2] != lead else state
        flat = state.reshape(-1, *state.shape[-2:])
        state = transport(flat, (flat.shape[0], *shape[-2:]), -1).reshape(shape)
    potential = tally.sum(rows, out) / 2
    tally.add(call, out, tally.part(state), potential, sources=[values, *others], operator="attention")


def attention(tally: Tally, call: Call) -> None:
    """Read `F.scaled_dot_product_attention`: its mixing is the step."""
    rows = attention_weights(call).square().sum(-1, keepdim=True)
    values = call.argument(2, "value")
    if not isinstance(values, Value):
        raise UnknownOperation(call.name, "its values are no state")
    others = [value for value in call.inputs if value is not values]
    if values.tensor.dim() > 2 and values.tensor.shape[-3] != call.outputs[0].tensor.shape[-3]:
        groups = call.outputs[0].tensor.shape[-3] // values.tensor.shape[-3]
        shared = Value(values.tensor.repeat_interleave(groups, -3), values.producer, values.index)
        _mix(tally, call, rows, shared, others)
        return
    _mix(tally, call, rows, values, others)


def _gate(first: Value, second: Value) -> tuple[Value, Value]:
    """Return (gate, other): the factor that comes from a sigmoid or softmax, else the smaller, else the second."""
    gates = comes_from_gate(first), comes_from_gate(second)
    if gates[0] != gates[1]:
        return (first, second) if gates[0] else (second, first)
    return (first, second) if first.tensor.numel() < second.tensor.numel() else (second, first)


def _nonlinearity(value: Value) -> Call | None:
    if len(value.consumers) != 1 or value.is_output:
        return None
    call = value.consumers[0]
    return call if call.kind is Kind.POINTWISE and states_in(call) == 1 else None
