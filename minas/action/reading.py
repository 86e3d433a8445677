"""Questions to a trace: what feeds a value, what becomes of it, what alone consumes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from minas.action.operations import GATES, Kind
from minas.action.trace import Call, Trace, Value

CARRIERS = frozenset({Kind.SHAPE, Kind.PASS, Kind.ADD, Kind.FREE})
"""What passes a state on at no cost."""


def states_in(call: Call) -> int:
    """Return how many different states a call takes."""
    return len({id(value) for value in call.inputs})


def is_free(call: Call) -> bool:
    """Say whether a call only passes states on; a product with a constant does, one with a learned scale does too."""
    return call.kind in CARRIERS or (call.kind in (Kind.MULTIPLY, Kind.DIVIDE) and states_in(call) < 2)


def reaches(value: Value, found: Callable[[Call], bool]) -> bool:
    """Say whether a value arrives, over free calls alone, at a call of some sort."""
    seen: set[int] = set()
    stack = [value]
    while stack:
        for call in stack.pop().consumers:
            if found(call):
                return True
            if is_free(call) and id(call) not in seen:
                seen.add(id(call))
                stack.extend(call.outputs)
    return False


def comes_from_gate(value: Value) -> bool:
    """Say whether a value is a sigmoid's or a softmax's result, handed on by free calls."""
    stack, seen = [value], {id(value)}
    while stack:
        call = stack.pop().producer
        if call is None:
            continue
        if call.name in GATES or call.kind is Kind.SOFTMAX:
            return True
        if is_free(call):
            for parent in call.inputs:
                if id(parent) not in seen:
                    seen.add(id(parent))
                    stack.append(parent)
    return False


def undropped(value: Value) -> Value:
    """Go back over dropout to the softmax weights themselves."""
    origin = value
    while origin.producer is not None and origin.producer.kind is Kind.PASS and states_in(origin.producer) == 1:
        origin = origin.producer.inputs[0]
    return origin if origin.producer is not None and origin.producer.kind is Kind.SOFTMAX else value


def is_score(call: Call) -> bool:
    """Say whether a product of two states gives the scores of an attention."""
    return any(reaches(out, lambda other: other.kind is Kind.SOFTMAX) for out in call.outputs)


def _mixes(call: Call) -> bool:
    return call.kind in (Kind.MATMUL, Kind.EINSUM) and states_in(call) > 1


def is_attention(call: Call) -> bool:
    """Say whether a softmax gives the weights of an attention."""
    return any(reaches(out, _mixes) for out in call.outputs)


_REDUCTIONS = frozenset({"amax", "amin", "max", "min"})


def reduced_axes(call: Call) -> Any:
    """Return the axes over which a call pools whole, which it names; None for any other pooling."""
    return call.argument(1, "dim") if call.name in _REDUCTIONS and not isinstance(call.argument(1, "dim"), Value) else None


def shown_input(call: Call) -> Value:
    """Return the state that a step takes: padding before a convolution is part of the convolution."""
    value = call.inputs[0]
    first = call.args[0] if call.args else None
    if isinstance(first, Tensor):
        value = call.known.get(id(first), value)
    if call.kind in (Kind.CONVOLUTION, Kind.POOL):
        while value.producer is not None and value.producer.name == "pad":
            value = value.producer.inputs[0]
    return value


@dataclass
class Chain:
    """What alone consumes a linear operator's output.

    Attributes:
        calls: everything that is folded into the step.
        factors: the normalisations and learned scales, each with the number of `moves` before it.
        moves: calls that only change the shape on the way.
        state: q, after `reach` moves.
        nonlinear: the pointwise call that ends the step, if there is one.
    """

    state: Value
    calls: list[Call] = field(default_factory=list)
    factors: list[tuple[Call, int]] = field(default_factory=list)
    moves: list[tuple[Call, int]] = field(default_factory=list)
    reach: int = 0
    norm: Call | None = None
    nonlinear: Call | None = None


def is_bias(trace: Trace, call: Call, channels: int) -> bool:
    """Say whether a call adds a bias: one number, or one a channel, and no other state."""
    others = [arg for arg in call.args if isinstance(arg, Tensor) and id(arg) not in call.known]
    number = call.kind is Kind.ADD and len(call.inputs) == 1
    return states_in(call) == 1 and (bool(others) or number) and all(other.numel() <= channels for other in others)


def learned_scale(trace: Trace, call: Call) -> Tensor | None:
    """Return the factor of a product with a parameter, or None."""
    if call.kind not in (Kind.MULTIPLY, Kind.DIVIDE) or states_in(call) > 1:
        return None
    for arg in [*call.args, *call.kwargs.values()]:
        if isinstance(arg, Tensor) and id(arg) not in call.known and trace.weight(arg):
            return arg.reciprocal() if call.kind is Kind.DIVIDE else arg
    return None


def constant_factor(call: Call) -> Tensor | None:
    """Return by what a product with a number, or with a constant of one element, multiplies; None for anything else."""
    if call.kind not in (Kind.MULTIPLY, Kind.DIVIDE) or len(call.inputs) > 1:
        return None
    for arg in (*call.args, *call.kwargs.values()):
        if isinstance(arg, Tensor):
            if id(arg) in call.known:
                continue
            if arg.numel() != 1 or arg.requires_grad:
                return None
            factor = arg.detach().reshape(()).to(torch.float64)
        elif isinstance(arg, int | float):
            factor = torch.tensor(float(arg), dtype=torch.float64)  # without dimensions, so that rows keep their type
        else:
            continue
        return factor.reciprocal() if call.kind is Kind.DIVIDE else factor
    return None


def follow(trace: Trace, start: Value, channels: int) -> Chain:
    """Go on from a linear operator's output as long as one call alone consumes it, and find what folds into its step."""
    chain = Chain(start)
    value = start
    pending: list[Call] = []
    scales: list[tuple[Call, int]] = []
    while len(value.consumers) == 1 and not value.is_output:
        call = value.consumers[0]
        if not call.outputs or (states_in(call) > 1 and not is_free(call)):
            break
        out = call.outputs[0]
        if call.kind is Kind.SHAPE and len(call.outputs) == 1 and out.tensor.numel() == value.tensor.numel():
            chain.moves.append((call, 0))
            pending.append(call)
        elif _hands_on(call) or (is_free(call) and _rescales(trace, call)):
            pending.append(call)
            if constant_factor(call) is not None:
                scales.append((call, len(chain.moves)))
        elif not _fold(trace, chain, call, channels, scales):
            break
        else:
            chain.state, chain.reach = out, len(chain.moves)
            chain.calls += [*pending, call]
            pending, scales = [], []
            if chain.nonlinear is not None:
                break
        value = out
    return chain


def _rescales(trace: Trace, call: Call) -> bool:
    """Say whether a call multiplies by a plain number."""
    return call.kind in (Kind.MULTIPLY, Kind.DIVIDE) and learned_scale(trace, call) is None and call.name != "__rtruediv__"


def _fold(trace: Trace, chain: Chain, call: Call, channels: int, scales: list[tuple[Call, int]]) -> bool:
    """Take one call into the chain if it belongs there, with the products with numbers that came before it."""
    known = len(chain.factors)
    if call.kind is Kind.NORM and chain.norm is None:
        chain.norm = call
        chain.factors.append((call, len(chain.moves)))
    elif learned_scale(trace, call) is not None:
        chain.factors.append((call, len(chain.moves)))
    elif call.kind is Kind.POINTWISE:  # a softmax is none: outside of an attention it is a step of its own
        chain.nonlinear = call
    elif not (call.kind is Kind.ADD and is_bias(trace, call, channels)):
        return False
    chain.factors[known:known] = scales
    return True


@dataclass(frozen=True)
class Part:
    """One part of a packed projection: its channels, the value that carries it, and the moves that lead there."""

    channels: tuple[int, ...]
    value: Value
    moves: tuple[tuple[Call, int], ...]
    sole: bool


def parts_of(value: Value, axis: int) -> list[Part]:
    """Return the parts into which a linear operator's output is split (a packed QKV), or nothing if it isn't."""
    leaves: list[tuple[Value, tuple[tuple[Call, int], ...]]] = []
    split = _leaves(value, (), leaves)
    if not split or len(leaves) < 2:
        return []
    shape = value.tensor.shape
    index = torch.arange(shape[axis], device=value.tensor.device)
    labels = index.reshape(-1, *[1] * (len(shape) - 1 - axis % len(shape))).expand(shape)
    groups: dict[tuple[int, ...], list[int]] = {}
    for place, (_, moves) in enumerate(leaves):
        found = torch.bincount(follow_moves(labels, moves).reshape(-1), minlength=shape[axis])  # quicker than to sort them
        channels = tuple(found.nonzero().reshape(-1).tolist())
        groups.setdefault(channels, []).append(place)
    covered = [channel for channels in groups for channel in channels]
    if len(groups) < 2 or len(covered) != len(set(covered)):
        return []
    parts = [Part(channels, *leaves[places[0]], len(places) == 1) for channels, places in groups.items()]
    return sorted(parts, key=lambda part: part.channels)


def _leaves(
    value: Value, moves: tuple[tuple[Call, int], ...], leaves: list[tuple[Value, tuple[tuple[Call, int], ...]]]
) -> bool:
    """Collect where moves alone lead to; say whether anything on the way selects a part."""
    movers = [call for call in value.consumers if call.kind is Kind.SHAPE or _hands_on(call)]
    if not movers or len(movers) < len(value.consumers) or value.is_output:
        leaves.append((value, moves))
        return False
    split = False
    for call in movers:
        for out in call.outputs:
            split |= out.tensor.numel() < value.tensor.numel()
            split |= _leaves(out, moves if _hands_on(call) else (*moves, (call, out.index)), leaves)
    return split


def _hands_on(call: Call) -> bool:
    return call.kind is Kind.PASS and states_in(call) == 1


def bend_of(parts: list[Part]) -> tuple[Call, Call] | None:
    """Return the non-linearity and the product of a gated linear unit: two parts that meet again, one of them bent."""
    if len(parts) != 2:
        return None
    ends, bends = [], []
    for part in parts:
        calls = part.value.consumers
        if len(calls) != 1:
            return None
        call = calls[0]
        if call.kind is Kind.POINTWISE and len(call.outputs[0].consumers) == 1:
            bends.append(call)
            call = call.outputs[0].consumers[0]
        ends.append(call)
    if len(bends) == 1 and ends[0] is ends[1] and ends[0].kind is Kind.MULTIPLY:
        return bends[0], ends[0]
    return None


def follow_moves(tensor: Tensor, moves: tuple[tuple[Call, int], ...] | list[tuple[Call, int]]) -> Tensor:
    """Take a tensor along the moves that a state made."""
    for call, index in moves:
        tensor = call.replay(tensor)[index]
    return tensor
