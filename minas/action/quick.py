"""Recording a training step quickly: the groups of calls that the first pass found to be one step are run as one function.

The first pass is read in general (`trace`, `assembly`); it shows which convolutions are alone consumed by a batch normalisation and
a ReLU. In later passes these calls go to `fused`, everything else is recorded as before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from minas.action.fused import Cell, ConvolutionStep, Shared
from minas.action.operations import KINDS, Kind
from minas.action.reading import shown_input
from minas.action.steps import Step
from minas.action.trace import Call, Recorder, Trace
from minas.errors import UsageError

_RELUS: frozenset[Any] = frozenset({torch.relu, torch.relu_, F.relu, Tensor.relu, Tensor.relu_})


@dataclass(frozen=True, eq=False)
class Group:
    """Calls that make one step: a convolution, and the normalisation and ReLU that alone consume it.

    Attributes:
        weight: of the convolution, by which it is known again.
        norm, relu: the functions that follow, or None.
        owned: whether one convolution alone takes the state, so that the gradient that comes back is fresh.
        hidden: whether a later step takes the state.
    """

    weight: Tensor
    norm: Any
    relu: Any
    owned: bool
    hidden: bool


def groups_of(trace: Trace, steps: list[Step]) -> dict[int, Group]:
    """Return the groups of a pass by the place of their first call in the trace."""
    places = {id(call): place for place, call in enumerate(trace.calls)}
    found = {}
    for step in steps:
        group = _group(step, places)
        if group is not None:
            found[places[id(step.calls[0])]] = group
    return found


def _group(step: Step, places: dict[int, int]) -> Group | None:
    first, *rest = step.calls
    if first.function is not torch.conv2d or first.kwargs or len(first.inputs) != 1 or step.sources[0] is not first.inputs[0]:
        return None
    if len(first.args) < 7 or isinstance(first.args[4], str) or first.inputs[0].tensor.dim() != 4:
        return None
    weight, bias = first.args[1], first.args[2]
    if not weight.requires_grad or (bias is not None and not bias.requires_grad) or shown_input(first) is not first.inputs[0]:
        return None
    norm = rest.pop(0) if rest and rest[0].function is F.batch_norm and _plain_norm(rest[0]) else None
    relu = rest.pop(0) if rest and rest[0].function in _RELUS else None
    calls = [call for call in (first, norm, relu) if call is not None]
    start = places[id(first)]
    if rest or [places[id(call)] for call in calls] != list(range(start, start + len(calls))):
        return None
    takers = step.result.consumers
    owned = len(takers) == 1 and takers[0].function is torch.conv2d and not step.result.is_output
    return Group(weight, norm and norm.function, relu and relu.function, owned, step.hidden)


def _plain_norm(call: Call) -> bool:
    """Say whether a normalisation uses the batch's statistics and has a learned scale and shift."""
    weight, bias = call.argument(3, "weight"), call.argument(4, "bias")
    learned = all(isinstance(one, Tensor) and one.requires_grad for one in (weight, bias))
    return learned and bool(call.argument(5, "training", False))


@dataclass(eq=False)
class _Open:
    """A group on its way: what was given to it, and what is awaited next."""

    group: Group
    given: tuple[Any, ...]
    raw: Tensor
    awaited: Any
    normed: Tensor | None = None
    norm: tuple[Any, ...] = ()
    saved: Any = None


class QuickRecorder(Recorder):
    """Record one forward pass, groups as one call each.

    Args:
        trace: where to write.
        groups: as `groups_of` found them.
        shared: what the fused steps share.
    """

    def __init__(self, trace: Trace, groups: dict[int, Group], shared: Shared) -> None:
        super().__init__(trace)
        self.groups = groups
        self.shared = shared
        self.marks: list[Tensor] = []
        self._open: _Open | None = None
        self._skipped = 0

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run a function: as part of a group, or as `Recorder` does."""
        opened = self._open
        if opened is not None:
            current = opened.raw if opened.normed is None else opened.normed
            if func is opened.awaited and args and args[0] is current:
                return self._go_on(opened, func, args, kwargs or {})
            if args and args[0] is current and KINDS.get(func) is not Kind.QUERY:
                raise UsageError(_CHANGED)
        elif func is torch.conv2d and not self.muted:
            group = self.groups.get(len(self.trace.calls) + self._skipped)
            if group is not None and args[1] is group.weight and id(args[0]) in self.trace.values:
                return self._start(group, args)
        return super().__torch_function__(func, types, args, kwargs)

    def finish(self) -> None:
        """Say that the forward pass is over."""
        if self._open is not None:
            raise UsageError(_CHANGED)

    def _start(self, group: Group, args: tuple[Any, ...]) -> Tensor:
        raw = _quietly(torch.conv2d, *args)
        opened = _Open(group, args, raw, group.norm or group.relu)
        if opened.awaited is None:
            return self._close(opened)
        self._open = opened
        return raw

    def _go_on(self, opened: _Open, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor:
        if func is opened.group.norm:
            opened.norm = _norm_arguments(args, kwargs)
            opened.normed, *opened.saved = _quietly(_batch_norm, opened.raw, *opened.norm)
            opened.awaited = opened.group.relu
            if opened.awaited is not None:
                return opened.normed
        return self._close(opened)

    def _close(self, opened: _Open) -> Tensor:
        source, weight, bias, stride, padding, dilation, groups = opened.given
        group = opened.group
        cell = Cell(
            self.shared,
            (_pair(stride), _pair(padding), _pair(dilation), groups),
            relu=group.relu is not None,
            owned=group.owned,
            hidden=group.hidden,
        )
        gamma = beta = None
        if opened.normed is not None:
            _, _, gamma, beta, _, cell.eps = opened.norm
            cell.saved = tuple(opened.saved)
        kernels = (opened.raw, opened.normed)
        state, mark = ConvolutionStep.apply(cell, kernels, source, weight, bias, gamma, beta)  # type: ignore[no-untyped-call]
        self._open = None
        self._skipped += (group.norm is not None) + (group.relu is not None)
        self.shared.cells.append(cell)
        self.marks.append(mark)
        self._keep(Call(Kind.FUSED, ConvolutionStep, (source,), {}, [self.trace.values[id(source)]]), [state], single=True)
        return state  # type: ignore[no-any-return]


_CHANGED = (
    "the model went another way than in its first pass, between a convolution and the normalisation or ReLU after it: "
    "make the meter with fused=False"
)


def _norm_arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """Return (running mean, running variance, gamma, beta, momentum, eps) of a call of `F.batch_norm`."""
    names = ("input", "running_mean", "running_var", "weight", "bias", "training", "momentum", "eps")
    given = {**dict(zip(names, args, strict=False)), **kwargs}
    if not given["training"]:
        raise UsageError(_CHANGED)
    return (given["running_mean"], given["running_var"], given["weight"], given["bias"], given["momentum"], given["eps"])


def _batch_norm(raw: Tensor, mean: Tensor, variance: Tensor, gamma: Tensor, beta: Tensor, momentum: float, eps: float) -> Any:
    return torch.native_batch_norm(raw, gamma, beta, mean, variance, True, momentum, eps)


def _quietly(function: Callable[..., Any], *args: Any) -> Any:
    """Run a function without recording it for autograd."""
    with torch.no_grad():
        return function(*args)


def _pair(value: Any) -> list[int]:
    return [value, value] if isinstance(value, int) else list(value)

