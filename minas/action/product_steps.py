"""Products of states: gates, matrix products, attention."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from minas.action.linear_steps import chained, mapped
from minas.action.operations import Kind, UnknownOperation
from minas.action.potential import attention_weights, operands, product_rows, rows_of, squared_alpha
from minas.action.precision import wide
from minas.action.reading import Chain, comes_from_gate, follow, is_score, learned_scale, states_in, undropped
from minas.action.tally import Tally
from minas.action.trace import Call, Value
from minas.action.transport import channels_to, transport


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
    potential = tally.sum(rows, out, part=bool(gates)) / 2
    tally.add(call, result, carried, potential, sources=[source, *gates], calls=members)


def matmul(tally: Tally, call: Call) -> None:
    """Read a matrix product: a linear map, an attention's scores (no step), or the mixing of its values."""
    out = call.outputs[0]
    factors = call.inputs if call.kind is Kind.EINSUM else [one for one in operands(call) if isinstance(one, Value)]
    if len(factors) < 2:  # `addmm` may also add a state
        rows = rows_of(call)
        left = call.kind is Kind.MATMUL and isinstance(operands(call)[1], Value)
        if left and out.tensor.dim() > 1:
            _from_left(tally, call, rows, factors[0])
        elif (labelled := _by_labels(call, factors[0])) is not None:
            axis, carried = labelled
            chain = follow(tally.trace, out, out.tensor.shape[axis])
            chained(tally, call, chain, rows, carried if chain.reach else tally.part(carried), factors[0])
        else:
            mapped(tally, call, rows, factors[0], axis=-1)
        return
    if is_score(call):
        return
    first, second = factors[:2]
    matrix, values = _gate(first, second)
    weights = undropped(matrix).tensor
    if call.kind is Kind.EINSUM:
        rows = _einsum_rows(call, matrix, weights)
    else:
        partly = tally.masks is not None and out.tensor.shape[0] == tally.samples
        weights = tally.part(weights) if partly else weights
        rows = product_rows(weights, on_left=matrix is first) * squared_alpha(call)
        _mix(tally, call, rows, values, [matrix], part=partly)
        return
    _mix(tally, call, rows, values, [matrix])


def _by_labels(call: Call, source: Value) -> tuple[int, Tensor] | None:
    """Return the channels' axis of an `einsum` that has them elsewhere than last, and P u; None for any other product."""
    equation = call.args[0].replace(" ", "") if call.args and isinstance(call.args[0], str) else ""
    if "->" not in equation or "." in equation:
        return None
    inputs, output = equation.split("->")
    given = [item for arg in call.args[1:] for item in (arg if isinstance(arg, list | tuple) else [arg])]
    taken = next(labels for labels, item in zip(inputs.split(","), given, strict=True) if call.known.get(id(item)) is source)
    lost, new = [label for label in taken if label not in output], [label for label in output if label not in taken]
    if len(lost) != 1 or len(new) != 1 or len(set(taken)) < len(taken) or taken[:-1] + new[0] == output:
        return None
    moved = source.tensor.movedim(taken.index(lost[0]), -1)
    order = taken.replace(lost[0], "") + new[0]
    carried = channels_to(moved, call.outputs[0].tensor.shape[output.index(new[0])], -1)
    return output.index(new[0]), carried.permute([order.index(label) for label in output])


def _einsum_rows(call: Call, matrix: Value, weights: Tensor) -> Tensor:
    """Apply the product to ones, with the squares of the state that is the map and of constants."""
    given = [item for arg in call.args for item in (arg if isinstance(arg, list | tuple) and _tensors(arg) else [arg])]
    place = next(place for place, item in enumerate(given) if call.known.get(id(item)) is matrix)
    exchanged: list[Any] = [
        torch.ones_like(call.known[id(item)].tensor)
        if id(item) in call.known
        else wide(item).square()
        if _tensors([item])
        else item
        for item in given
    ]
    exchanged[place] = weights.square()
    rows: Tensor = call.function(*exchanged, **call.kwargs)
    return rows


def _tensors(items: Sequence[Any]) -> bool:
    return all(isinstance(item, Tensor) for item in items)


def _from_left(tally: Tally, call: Call, rows: Tensor, source: Value) -> None:
    """A weight matrix times a state: its channels are the rows of the state."""
    out = call.outputs[0]
    carried = transport(source.tensor.transpose(-2, -1), tuple(out.tensor.transpose(-2, -1).shape), -1)
    chain = Chain(out)
    tail = _nonlinearity(out)
    if tail is not None:
        chain = Chain(tail.outputs[0], calls=[tail], nonlinear=tail)
    chained(tally, call, chain, rows, tally.part(carried.transpose(-2, -1)), source)


def _mix(tally: Tally, call: Call, rows: Tensor, values: Value, others: list[Value], *, part: bool = False) -> None:
    """Mixing the values of an attention: once for each channel of a head; P pools over tokens; `part` as in `Tally.sum`."""
    out = call.outputs[0]
    state, shape = values.tensor, out.tensor.shape
    if state.shape != shape:
        lead = shape[:-2]
        state = state.expand(*lead, *state.shape[-2:]) if state.dim() >= 2 and state.shape[:-2] != lead else state
        flat = state.reshape(-1, *state.shape[-2:])
        state = transport(flat, (flat.shape[0], *shape[-2:]), -1).reshape(shape)
    potential = tally.sum(rows, out, part=part) / 2
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
