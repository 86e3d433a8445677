"""Linear operators and lone normalisations: steps with a map of weights, and all that folds into it."""

from __future__ import annotations

import torch
from torch import Tensor

from minas.action.counting import check_images
from minas.action.operations import HOMOGENEOUS, Kind
from minas.action.potential import norm_factor, rows_of
from minas.action.reading import (
    Chain,
    bend_of,
    constant_factor,
    follow,
    follow_moves,
    learned_scale,
    parts_of,
    shown_input,
)
from minas.action.tally import Tally
from minas.action.trace import Call, Value, tensors_in
from minas.action.transport import channels_to, transport


def linear(tally: Tally, call: Call) -> None:
    """Read a linear map or a convolution."""
    check_images(call)
    mapped(tally, call, rows_of(call), shown_input(call), axis=-1 if call.kind is Kind.LINEAR else 1)


def mapped(tally: Tally, call: Call, rows: Tensor, source: Value, axis: int) -> None:
    """Read a linear operator with known rows: whole, or as the parts of a packed projection."""
    out = call.outputs[0]
    if axis == -1 and _gives_numbers(call, source):
        _to_numbers(tally, call, rows, source)
        return
    parts = parts_of(out, axis) if out.tensor.dim() else []
    bend = bend_of(parts)
    if bend is not None:  # a gated linear unit: its linear map whole, then the product
        tally.bends[id(bend[1])] = bend[0]
    elif parts:
        carried = torch.cat(
            [transport(source.tensor, _resized(out.tensor, axis, len(part.channels)), axis) for part in parts], axis
        )
        order = [channel for part in parts for channel in part.channels]
        if order != sorted(order):
            carried = carried.index_select(axis, torch.tensor(order, device=carried.device).argsort())
        for number, part in enumerate(parts):
            start = Chain(part.value)
            chain = follow(tally.trace, part.value, len(part.channels)) if part.sole else start
            moved = follow_moves(rows.expand(out.tensor.shape), part.moves)
            chain.calls = [move for move, _ in part.moves] + chain.calls
            chained(tally, call, chain, moved, follow_moves(carried, part.moves), source, part=f" part {number + 1}")
        return
    chain = follow(tally.trace, out, out.tensor.shape[axis] if out.tensor.dim() else 1)
    whole = chain.reach > 0 or chain.state.tensor.shape[:1] != source.tensor.shape[:1]
    state = source.tensor if whole else tally.part(source.tensor)
    shape = out.tensor.shape if len(state) == len(source.tensor) else (len(state), *out.tensor.shape[1:])
    carried = tally.carry(state, source, tuple(shape), out, axis)
    chained(tally, call, chain, rows, carried, source)


def _gives_numbers(call: Call, source: Value) -> bool:
    """Say whether a product with a vector of weights leaves a state without an axis for channels."""
    if call.outputs[0].tensor.dim() >= source.tensor.dim():
        return False
    given = [tensor for tensor in tensors_in((call.args, call.kwargs)) if id(tensor) not in call.known]
    return all(tensor.dim() < 2 for tensor in given)


def _to_numbers(tally: Tally, call: Call, rows: Tensor, source: Value) -> None:
    """Read a product with a vector: a linear map to one channel."""
    chain = follow(tally.trace, call.outputs[0], 1)
    carried = channels_to(source.tensor, 1, -1).squeeze(-1)
    chained(tally, call, chain, rows, carried if chain.reach else tally.part(carried), source)


def chained(tally: Tally, call: Call, chain: Chain, rows: Tensor, carried: Tensor, source: Value, part: str = "") -> None:
    """Fold a chain's factors into the rows, take P u along its moves, and add the step."""
    moves = chain.moves[: chain.reach]
    if moves:
        rows = rows.expand(call.outputs[0].tensor.shape) if not part else rows
        carried = follow_moves(carried, moves)
    done = 0
    for factor, place in chain.factors:
        rows, done = follow_moves(rows, moves[done:place]), place
        rows = rows * factor_of(tally, factor).square()
    rows = follow_moves(rows, moves[done:])
    members = chain.calls
    tally.add(
        call,
        chain.state,
        carried,
        tally.sum(rows, chain.state) / 2,
        sources=[source],
        calls=members,
        name=tally.name([call]) + part if part else None,
        scalable=_scales(chain),
        absorbs=True,
    )


def factor_of(tally: Tally, call: Call, steps: int = 1) -> Tensor:
    """Return by what a normalisation, a learned scale or a number multiplies rows; from part of the batch where told so.

    Args:
        tally: says which part.
        call: the factor.
        steps: the state's first axis holds so many time steps of each sample.
    """
    if call.kind is not Kind.NORM:
        factor = learned_scale(tally.trace, call)
        factor = constant_factor(call) if factor is None else factor
        assert factor is not None
        return factor
    state = call.inputs[0].tensor
    sliced = tally.head is not None and state.shape[0] == tally.samples * steps
    return norm_factor(call, slice(0, tally.head.stop * steps) if tally.head is not None and sliced else None)


def norm(tally: Tally, call: Call) -> None:
    """A normalisation that follows no linear operator: its diagonal map, centring ignored."""
    out = call.outputs[0]
    axis = -1 if call.name in ("layer_norm", "rms_norm") else 1
    chain = follow(tally.trace, out, out.tensor.shape[axis])
    chain.factors.insert(0, (call, 0))
    source = call.inputs[0]
    rows = out.tensor.new_ones([1] * out.tensor.dim())
    chained(tally, call, chain, rows, source.tensor if chain.reach else tally.part(source.tensor), source)


def _resized(tensor: Tensor, axis: int, size: int) -> tuple[int, ...]:
    shape = list(tensor.shape)
    shape[axis] = size
    return tuple(shape)


def _scales(chain: Chain) -> bool:
    """Say whether scaling a step's weights and bias scales its state: a normalisation must have weights to scale."""
    if chain.nonlinear is not None and chain.nonlinear.name not in HOMOGENEOUS:
        return False
    if chain.norm is None:
        return True
    arguments = [*chain.norm.args, *chain.norm.kwargs.values()]
    return any(isinstance(argument, torch.nn.Parameter) for argument in arguments)
