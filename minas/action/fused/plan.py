"""Which calls of a forward pass make which step, found once by reading a pass in general."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from minas.action.fused.others import Pool
from minas.action.operations import KINDS, Kind, name_of
from minas.action.overwriting import overwritten
from minas.action.reading import shown_input
from minas.action.recorder import Recorder
from minas.action.steps import Step
from minas.action.trace import Call, Trace, Value


@dataclass(frozen=True, eq=False)
class Action:
    """What to do at one call.

    Attributes:
        kind: "convolution", "linear", "norm", "bend", "pool", "adaptive" or "product".
        weight: of a linear operator, by which it is known again.
        last: whether the call closes its step.
        bend: the non-linearity that closes a linear operator's step: "relu", "sigmoid" or None.
        owned: whether one convolution alone takes the state, so that the gradient that comes back is fresh.
        joins: whether that convolution is a fused step too, so that both are links of one chain.
        hidden: whether a later step takes the state.
        gate: which argument of a product is the gate.
        pool: what a pooling does.
    """

    kind: str
    weight: Tensor | None = None
    last: bool = True
    bend: str | None = None
    owned: bool = False
    joins: bool = False
    hidden: bool = False
    gate: int = 0
    pool: Pool | None = None


@dataclass(frozen=True, eq=False)
class Plan:
    """The functions that a forward pass calls, in order, and what to do at each: None is to call it as it is.

    `constants` is filled by the first pass that follows the plan (see `totals`).
    """

    functions: list[Any]
    actions: list[Action | None]
    constants: dict[str, Any] = field(default_factory=dict)


class LoggingRecorder(Recorder):
    """Record a pass in general, and note every function that it calls."""

    def __init__(self, trace: Trace) -> None:
        super().__init__(trace)
        self.log: list[Any] = []
        self.places: dict[int, int] = {}
        self.plain = True

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Note a function, and run it as `Recorder` does."""
        kind = KINDS.get(func, Kind.UNKNOWN)
        if kind is not Kind.QUERY:
            self.log.append(func)
            self.plain &= kind not in (Kind.OPEN, Kind.GLU) and not self.muted
        before, place = len(self.trace.calls), len(self.log) - 1
        result = super().__torch_function__(func, types, args, kwargs)
        if len(self.trace.calls) > before:
            self.places[id(self.trace.calls[-1])] = place
        return result


def make_plan(recorder: LoggingRecorder, steps: list[Step], outputs: list[Tensor]) -> Plan | None:
    """Return the plan of a pass, or None where a step is of a kind that only the general way knows."""
    reached = _behind([recorder.trace.values[id(output)] for output in outputs if id(output) in recorder.trace.values])
    actions: list[Action | None] = [None] * len(recorder.log)
    if not recorder.plain or not any(output.requires_grad for output in outputs):
        return None
    if any(call.function is overwritten for call in recorder.trace.calls):
        return None
    order = {id(call): place for place, call in enumerate(recorder.trace.calls)}
    for step in steps:
        found = next((made for made in (maker(step) for maker in _MAKERS) if made is not None), None)
        if found is None or len(found) != len(step.calls) or id(step.calls[-1]) not in reached:
            return None
        places = [order[id(call)] for call in step.calls]
        if places != list(range(places[0], places[0] + len(places))):
            return None
        for call, action in zip(step.calls, found, strict=True):
            actions[recorder.places[id(call)]] = replace(action, joins=action.owned)  # every step is a fused one here
    return Plan(recorder.log, actions)


def _behind(outputs: list[Value]) -> set[int]:
    """Return the calls on which a model's outputs depend."""
    found: set[int] = set()
    stack = [output.producer for output in outputs]
    while stack:
        call = stack.pop()
        if call is not None and id(call) not in found:
            found.add(id(call))
            stack.extend(value.producer for value in call.inputs)
    return found


_RELUS: frozenset[Any] = frozenset({torch.relu, torch.relu_, F.relu, Tensor.relu, Tensor.relu_})
_SIGMOIDS: frozenset[Any] = frozenset({torch.sigmoid, F.sigmoid, Tensor.sigmoid})


def _learned(*tensors: Any) -> bool:
    return all(isinstance(tensor, Tensor) and tensor.requires_grad for tensor in tensors)


def _bend(calls: list[Call]) -> str | None:
    """Return the name of the non-linearity that ends a step, "" for none, None for one that isn't known here."""
    if not calls:
        return ""
    function = calls[0].function
    return None if len(calls) > 1 else "relu" if function in _RELUS else "sigmoid" if function in _SIGMOIDS else None


def _closed(head: Action, middle: list[Action], bend: str | None) -> list[Action] | None:
    """Return a linear operator's actions, the last of them marked."""
    if bend is None:
        return None
    actions = [replace(head, bend=bend or None), *middle, *([Action("bend")] if bend else [])]
    return [replace(action, last=place == len(actions) - 1) for place, action in enumerate(actions)]


def _convolution(step: Step) -> list[Action] | None:
    first, rest = step.calls[0], list(step.calls[1:])
    if first.function is not torch.conv2d or first.kwargs or len(first.args) != 7 or isinstance(first.args[4], str):
        return None
    source, weight, bias = first.inputs[0], first.args[1], first.args[2]
    if len(first.inputs) != 1 or source.tensor.dim() != 4 or shown_input(first) is not source or not _learned(weight):
        return None
    if bias is not None and not _learned(bias):
        return None
    middle = []
    if rest and rest[0].function is F.batch_norm:
        norm = rest.pop(0)
        running = norm.argument(1, "running_mean")
        if not norm.argument(5, "training", False) or running is None or not _learned(*(norm.argument(*at) for at in _AFFINE)):
            return None
        middle.append(Action("norm"))
    return _closed(Action("convolution", weight, owned=_owned(step), hidden=step.hidden), middle, _bend(rest))


_AFFINE = ((3, "weight"), (4, "bias"))


def _owned(step: Step) -> bool:
    takers = step.result.consumers
    return len(takers) == 1 and takers[0].function is torch.conv2d and not step.result.is_output


def _linear(step: Step) -> list[Action] | None:
    first = step.calls[0]
    if first.function is not F.linear or first.kwargs or first.inputs[0].tensor.dim() != 2 or not _learned(first.args[1]):
        return None
    bend = _bend(step.calls[1:])
    return None if bend == "sigmoid" else _closed(Action("linear", first.args[1], hidden=step.hidden), [], bend)


def _pool(step: Step) -> list[Action] | None:
    call = step.calls[0]
    if call.kind is not Kind.POOL or call.inputs[0].tensor.dim() != 4:
        return None
    if call.function in (F.adaptive_avg_pool2d, torch._C._nn.adaptive_avg_pool2d):
        return [Action("adaptive", hidden=step.hidden)]
    names = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")
    size = call.argument(1, "kernel_size")
    stride = call.argument(2, "stride")
    stride = _pair(size if stride in (None, [], ()) else stride)
    if name_of(call.function) == "max_pool2d" and not call.argument(6, "return_indices", False):
        padding, dilation = (_pair(call.argument(place, names[place - 1], value)) for place, value in ((3, 0), (4, 1)))
        arguments = (_pair(size), stride, padding, dilation, bool(call.argument(5, "ceil_mode", False)))
        return [Action("pool", pool=Pool("max", arguments, step.hidden))]
    if call.function is F.avg_pool2d:
        averaged = (
            _pair(size),
            stride,
            _pair(call.argument(3, "padding", 0)),
            bool(call.argument(4, "ceil_mode", False)),
            bool(call.argument(5, "count_include_pad", True)),
            call.argument(6, "divisor_override"),
        )
        return [Action("pool", pool=Pool("average", averaged, step.hidden))]
    return None


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (int(value[0]), int(value[-1]))


def _product(step: Step) -> list[Action] | None:
    call = step.calls[0]
    if call.function not in (torch.mul, Tensor.mul) or len(call.args) != 2 or len(call.inputs) != 2:
        return None
    image, gate = step.sources
    shape = image.tensor.shape
    if len(shape) != 4 or gate.tensor.shape != (*shape[:2], 1, 1) or shape[2:] == (1, 1):
        return None
    return [Action("product", gate=0 if call.known.get(id(call.args[0])) is gate else 1, hidden=step.hidden)]


_MAKERS: tuple[Callable[[Step], list[Action] | None], ...] = (_convolution, _linear, _pool, _product)
