"""Which of the model's children each call was made in, so that a table's rows can be added up by them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from torch import nn

from minas.action.recorder import Recorder
from minas.action.trace import Trace


def followed(model: nn.Module, recorder: Callable[[], Any]) -> list[Any]:
    """Have the model's direct children tell a trace when they begin and end.

    Args:
        model: whose children, by `named_children`; one that another of them calls counts as that other.
        recorder: gives what records the pass now: a `Recorder`, or anything else where none does.

    Returns:
        The hooks' handles.
    """
    handles: list[Any] = []
    for name, child in model.named_children():
        handles.append(child.register_forward_pre_hook(partial(_begin, recorder, name)))
        handles.append(child.register_forward_hook(partial(_end, recorder, name), always_call=True))
    return handles


def _trace(recorder: Callable[[], Any]) -> Trace | None:
    found = recorder()
    return found.trace if isinstance(found, Recorder) else None


def _begin(recorder: Callable[[], Any], name: str, *_: Any) -> None:
    trace = _trace(recorder)
    if trace is not None and not trace.part:
        trace.begin(name)


def _end(recorder: Callable[[], Any], name: str, *_: Any) -> None:
    trace = _trace(recorder)
    if trace is not None and trace.part == name:
        trace.end()
