"""Calls that overwrite a state: what it was stays known, and what its views become is known too.

`y[:, :3].relu_()` changes `y` and every other view of it, `out[:, t] = h` makes a state of `out`. A view shares its tensor's
memory, so tensors that share theirs are listed by its address; whatever a call overwrites is copied before, and each tensor
that overlaps it has a new value from then on, which depends on its old one and on what was written.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from minas.action.operations import Kind
from minas.action.trace import Call, Trace, Value, tensors_in

_FOLDS = (Kind.LINEAR, Kind.CONVOLUTION, Kind.TRANSPOSED, Kind.NORM, Kind.MATMUL, Kind.EINSUM)


def overwritten(*_: Any) -> Any:
    """Stand for the call that gives a tensor its new value because a view of it was overwritten."""
    raise TypeError("a tensor that was overwritten cannot be computed anew")


def target(call: Call) -> Tensor | None:
    """Return the tensor that an in-place call writes to."""
    given = call.kwargs.get("out")
    if given is None:
        given = call.args[0] if call.args else call.kwargs.get("input")
    return given if isinstance(given, Tensor) else None


def note_shared(trace: Trace, call: Call) -> None:
    """Note which results of a move lie in the memory of the state that was moved."""
    source = call.inputs[0].tensor
    place = _address(source)
    if place:
        for value in call.outputs:
            if value.tensor is not source and _address(value.tensor) == place:
                _list(trace, place, source)
                _list(trace, place, value.tensor)


def preserve(trace: Trace, call: Call) -> list[tuple[Tensor, Value]]:
    """Copy what the call is about to overwrite, unless nothing will ask for it.

    Returns:
        the other tensors that it changes, each with the value that it had.
    """
    tensor = target(call)
    if tensor is None:
        return []
    value = trace.values.get(id(tensor))
    others = [
        (other, trace.values[id(other)])
        for other in (trace.memory.get(_address(tensor), ()) if trace.memory else ())
        if other is not tensor and id(other) in trace.values and _overlap(other, tensor)
    ]
    if value is not None and not (_never_asked_for(value, call) and not others):
        _copy(trace, tensor, value)
    for other, old in others:
        _copy(trace, other, old)
    return others


def renew(trace: Trace, call: Call, others: list[tuple[Tensor, Value]]) -> None:
    """Give tensors new values once the call overwrote them; a fresh tensor that a state was written into becomes one."""
    tensor = target(call)
    value = None if tensor is None else trace.values.get(id(tensor))
    if tensor is None or value is None or value.producer is not call:
        return  # it took a flag for `inplace`, and overwrote nothing
    parent = tensor._base
    if parent is not None and id(parent) not in trace.values and not trace.weight(parent):
        place = _address(tensor)
        _list(trace, place, tensor)
        _list(trace, place, parent)
        _enter(trace, parent, Call(Kind.FREE, overwritten, (), {}, [value]))
    for other, old in others:
        trace.stale.setdefault(id(other), (old, []))[1].append(value)


def refresh(trace: Trace, data: Any) -> None:
    """Give overwritten tensors their new values when a call asks for them: most views are never looked at again."""
    if trace.stale:
        for tensor in tensors_in(data):
            if id(tensor) in trace.stale:
                _refresh(trace, tensor)


def _refresh(trace: Trace, tensor: Tensor) -> None:
    old, written = trace.stale.pop(id(tensor))
    move = old.producer
    if move is not None and move.kind is Kind.SHAPE and len(move.outputs) == 1 and move.args and not old.consumers:
        source, parent = move.inputs[0], move.args[0]
        refresh(trace, parent)
        if trace.values.get(id(parent)) is written[-1]:
            source.consumers.remove(move)  # nobody looked at the view before: it is one of the new state
            trace.calls.remove(move)
            _enter(trace, tensor, Call(move.kind, move.function, move.args, move.kwargs, [written[-1]]))
            return
    _enter(trace, tensor, Call(Kind.FREE, overwritten, (), {}, [old, *written]))


def _enter(trace: Trace, tensor: Tensor, call: Call) -> None:
    value = Value(tensor, call)
    for one in call.inputs:
        one.consumers.append(call)
    call.outputs.append(value)
    trace.values[id(tensor)] = value
    trace.calls.append(call)


def _copy(trace: Trace, tensor: Tensor, value: Value) -> None:
    trace.kept.append(tensor)
    if value.tensor is tensor:
        value.tensor = tensor.clone()


def _never_asked_for(value: Value, call: Call) -> bool:
    """Say whether a step swallows the old state, or the call itself is the only one that takes it."""
    if value.producer is None or value.consumers:
        return False
    if value.producer.kind is Kind.FREE:  # a merge, and no step
        return call.kind is Kind.FREE
    return call.kind is Kind.POINTWISE and value.producer.kind in _FOLDS


def _list(trace: Trace, place: int, tensor: Tensor) -> None:
    known = trace.memory.setdefault(place, [])
    if not any(one is tensor for one in known):
        known.append(tensor)


def _address(tensor: Tensor) -> int:
    """Return where a tensor's storage begins; 0 for none."""
    try:
        return tensor.untyped_storage().data_ptr()
    except (RuntimeError, NotImplementedError):  # sparse, or a wrapper
        return 0


def _overlap(first: Tensor, second: Tensor) -> bool:
    """Say whether two tensors of one storage have elements in common."""
    size = max(first.untyped_storage().nbytes() // first.element_size(), 1)
    places = torch.zeros(size, dtype=torch.bool, device=first.device)
    places.as_strided(first.size(), first.stride(), first.storage_offset()).fill_(True)
    if first.element_size() != second.element_size():
        return True
    return bool(places.as_strided(second.size(), second.stride(), second.storage_offset()).any())
