"""Modules that bring their own potential: a spiking neuron, and the linear operators that alone feed it."""

from __future__ import annotations

import torch
from torch import Tensor

from minas.action.linear_steps import factor_of
from minas.action.operations import Kind
from minas.action.potential import rows_of
from minas.action.reading import follow_moves, is_bias, is_free, shown_input, states_in
from minas.action.tally import Tally
from minas.action.trace import Call, Value
from minas.action.transport import transport

_LINEAR = frozenset({Kind.LINEAR, Kind.CONVOLUTION, Kind.TRANSPOSED})


def neuron(tally: Tally, call: Call) -> None:
    """A module with its own potential, and the linear operators that alone feed it."""
    current = call.inputs[0]
    edges: list[tuple[Tensor, Tensor, list[Call], Value]] = []
    calls: list[Call] = []
    _edges(tally, current, [], [], edges, calls, current)
    rows = None
    for square, *_ in edges:
        rows = square if rows is None else rows + square
    if rows is not None and tally.masks is not None:
        rows = rows * tally.masks.of(current)
    parts = [tally.part(one) for _, one, _, _ in edges] or [tally.part(current.tensor)]
    carried = torch.stack(parts).mean(0) if len(parts) > 1 else parts[0]
    result = call.outputs[0]
    carried = transport(carried, (len(carried), *result.tensor.shape[1:]), 1)
    potential = call.extra.potential(rows, current.tensor) / tally.samples
    sources = [source for *_, source in edges] or [current]
    members = [member for _, _, own, _ in edges for member in own] + calls
    tally.add(call, result, carried, potential, sources=sources, calls=members)


def _edges(
    tally: Tally,
    value: Value,
    moves: list[tuple[Call, int]],
    factors: list[tuple[Call, int]],
    edges: list[tuple[Tensor, Tensor, list[Call], Value]],
    calls: list[Call],
    current: Value,
) -> None:
    """Go back from a neuron's current over sums, moves and normalisations to linear operators, or to other states."""
    call = value.producer
    alone = call is not None and len(value.consumers) == 1 and not value.is_output and id(call) not in tally.owners
    if call is not None and alone and call.kind in _LINEAR:
        axis = -1 if call.kind is Kind.LINEAR else 1
        source = shown_input(call)
        out = call.outputs[0].tensor
        way = list(reversed(moves))
        steps = _steps_apart(tally, way, axis)
        if steps is None:
            carried = follow_moves(transport(source.tensor, tuple(out.shape), axis), way)
        else:
            state = tally.part(source.tensor.reshape(tally.samples, steps, *source.tensor.shape[1:]))
            carried = transport(state.flatten(0, 1), (state.shape[0] * steps, *out.shape[1:]), axis)
            carried = carried.reshape(state.shape[0], steps, *out.shape[1:])
        rows = _edge_rows(tally, rows_of(call), out, way, list(reversed(factors)), steps)
        edges.append((rows, carried, [call], source))
        return
    if call is not None and alone and call.kind is Kind.NORM:
        calls.append(call)
        _edges(tally, call.inputs[0], moves, [*factors, (call, len(moves))], edges, calls, current)
        return
    if call is not None and alone and call.kind is Kind.SHAPE:
        calls.append(call)
        _edges(tally, call.inputs[0], [*moves, (call, value.index)], factors, edges, calls, current)
        return
    if call is not None and alone and _merges(tally, call, value):
        calls.append(call)
        for one in call.inputs:
            _edges(tally, one, moves, factors, edges, calls, current)
        return
    carried = follow_moves(value.tensor, list(reversed(moves)))
    edges.append((carried.new_zeros([1] * carried.dim()), carried, [], value))


def _steps_apart(tally: Tally, way: list[tuple[Call, int]], axis: int) -> int | None:
    """Return how many time steps a convolution took as if they were samples, where all that follows is to tell them apart.

    That is the usual way of a spiking network: quicker to read, since the rows then need no moving, and only the measured
    share of the samples is carried.
    """
    if len(way) != 1 or axis != 1 or way[0][0].name != "unflatten":
        return None
    before, after = way[0][0].inputs[0].tensor.shape, way[0][0].outputs[0].tensor.shape
    apart = after[0] == tally.samples and after[2:] == before[1:] and after[0] * after[1] == before[0]
    return int(after[1]) if apart else None


def _edge_rows(
    tally: Tally,
    rows: Tensor,
    out: Tensor,
    moves: list[tuple[Call, int]],
    factors: list[tuple[Call, int]],
    steps: int | None,
) -> Tensor:
    """Fold normalisations into one edge's rows, and take them along its moves to the current's shape."""
    if steps is not None and all(behind == len(moves) for _, behind in factors):
        for factor, _ in factors:
            rows = rows * factor_of(tally, factor, steps).square()
        return rows
    if moves:
        rows = rows.expand(out.shape)
    done = 0
    for factor, behind in factors:
        place = len(moves) - behind
        rows, done = follow_moves(rows, moves[done:place]), place
        rows = rows * factor_of(tally, factor).square()
    return follow_moves(rows, moves[done:])


def _merges(tally: Tally, call: Call, value: Value) -> bool:
    """Say whether a call adds states of one shape, averages them, adds a bias, or hands one state on."""
    if not is_free(call) or any(one.tensor.shape != value.tensor.shape for one in call.inputs):
        return False
    if states_in(call) > 1 or call.kind is Kind.PASS or _rescaled(call):
        return True
    return is_bias(tally.trace, call, value.tensor.numel())


def _rescaled(call: Call) -> bool:
    return call.kind in (Kind.MULTIPLY, Kind.DIVIDE) or call.name in ("mean", "__neg__", "neg", "negative")
