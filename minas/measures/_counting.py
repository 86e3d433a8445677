"""What one forward pass costs, from a trace of it: fvcore's engine, our handles, and nothing silently counted as 0."""

from __future__ import annotations

import inspect
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from minas.errors import UsageError
from minas.measures._flop_handles import HANDLES, Handle, UnknownShape, Values
from minas.measures._free import FREE

with warnings.catch_warnings():  # Importing it compiles a loss with torch.jit.script, which torch announces as deprecated.
    warnings.simplefilter("ignore")
    from fvcore.nn import FlopCountAnalysis


class UnsupportedOperator(UsageError):
    """An operator whose multiply-accumulates are not known.

    Args:
        places: the operator's name, such as `aten::fft_fft`, to the module that applies it.
    """

    def __init__(self, places: Mapping[str, str]) -> None:
        self.places = dict(places)
        listed = ", ".join(f"'{operator}' (in {place})" for operator, place in sorted(self.places.items()))
        super().__init__(
            f"FLOPs cannot be counted: no count is known for {listed}. Give the module that applies it a method "
            "flops(self, inputs, outputs) that returns its multiply-accumulates, or write it with operators that are known: "
            "convolutions, linear maps, matrix products, scaled_dot_product_attention, recurrent layers, pointwise operators."
        )


@dataclass(frozen=True)
class Counts:
    """What one forward pass of the examples given costs.

    Attributes:
        flops: multiply-accumulates.
        activations: elements of the outputs of linear operators.
    """

    flops: int
    activations: int


def count(model: nn.Module, example: Tensor | tuple[Tensor, ...]) -> Counts:
    """Trace one forward pass in eval mode, and add up what its operators cost.

    A module with a method `flops(inputs, outputs)` says itself what it costs (and, where it has one, by a method
    `activations(inputs, outputs)`); nothing inside it is counted. The model is left as it was.

    Args:
        model: any module whose inputs are tensors.
        example: its input, or a tuple of its inputs.

    Raises:
        UnsupportedOperator: an operator that is neither counted nor known to be free.
        UsageError: a compiled (scripted) module, inside which nothing can be seen.
    """
    for name, module in model.named_modules():
        if isinstance(module, torch.jit.ScriptModule):
            raise UsageError(
                f"FLOPs cannot be counted: module '{name}' is compiled by torch.jit, which hides what it applies. "
                "Give the module that it was made from."
            )
    traced = _Traced(model)
    with _as_in_use(model):
        return _Trace(traced, example if isinstance(example, tuple) else (example,)).counts()


@contextmanager
def _as_in_use(model: nn.Module) -> Iterator[None]:
    """Put a model into eval mode, without gradients and without fused kernels that hide what they do, for a while."""
    training = [module for module in model.modules() if module.training]
    fused = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        model.eval()
        with torch.no_grad():
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)
        for module in training:
            module.training = True


class _Traced(nn.Module):
    """A model that also gives what each of its modules puts out, so that tracing drops nothing that is computed."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.own = {name: module for name, module in self.named_modules() if _says_flops(module)}
        self.costs = Counter[str]()
        self._depth = 0

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Return the tensors among the outputs of all modules, shapes as they come."""
        self.costs.clear()
        self._depth = 0
        kept: dict[int, Tensor] = {}
        with _hooks(self.model, self._enter, lambda *call: self._leave(kept, *call)):
            self.model(*inputs)
        return tuple(kept.values())

    def _enter(self, module: nn.Module, inputs: Any) -> None:
        self._depth += _says_flops(module)

    def _leave(self, kept: dict[int, Tensor], module: nn.Module, inputs: tuple[Any, ...], outputs: Any) -> None:
        kept.update((id(tensor), tensor) for tensor in _tensors(outputs))
        if not _says_flops(module):
            return
        self._depth -= 1
        if self._depth:
            return
        flops = int(module.flops(inputs, outputs))  # type: ignore[operator]
        says = getattr(module, "activations", None)
        elements = sum(tensor.numel() for tensor in _tensors(outputs)) if flops else 0
        self.costs.update(flops=flops, activations=int(says(inputs, outputs)) if callable(says) else elements)


def _says_flops(module: nn.Module) -> bool:
    """Return whether a module counts its own FLOPs; a method of that name with other arguments is somebody else's."""
    method = getattr(type(module), "flops", None)
    return inspect.isfunction(method) and list(inspect.signature(method).parameters)[1:] == ["inputs", "outputs"]


@contextmanager
def _hooks_kept(model: nn.Module) -> Iterator[None]:
    """Take away the hooks that fvcore leaves on a model whose forward pass raises an error while it is traced."""
    tables = [table for module in model.modules() for table in (module._forward_pre_hooks, module._forward_hooks)]
    before = [set(table) for table in tables]
    try:
        yield
    finally:
        for table, known in zip(tables, before, strict=True):
            for added in set(table) - known:
                del table[added]


@contextmanager
def _hooks(model: nn.Module, enter: Callable[..., None], leave: Callable[..., None]) -> Iterator[None]:
    """Call functions before and after each module of a model, for a while."""
    handles = [module.register_forward_pre_hook(enter) for module in model.modules()]
    handles += [module.register_forward_hook(leave) for module in model.modules()]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _tensors(value: Any) -> Iterator[Tensor]:
    """Yield the tensors in nested tuples, lists and mappings."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _tensors(item)
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from _tensors(item)


class _Trace:
    """fvcore's analysis of one traced model, with our handles."""

    def __init__(self, traced: _Traced, inputs: tuple[Tensor, ...]) -> None:
        self._traced = traced
        self._refused: dict[str, str] = {}
        analysis = FlopCountAnalysis(traced, inputs).clear_op_handles()
        analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False).tracer_warnings("none")
        analysis.set_op_handle(**dict.fromkeys(FREE))
        handles = {name: self._counted(name, handle) for name, handle in HANDLES.items()}
        self._analysis = analysis.set_op_handle(**handles)

    def counts(self) -> Counts:
        """Return the sum of what the trace holds and what modules say of themselves."""
        totals = self._totals()
        unknown = self._analysis.unsupported_ops()
        if unknown:  # Unless they are inside modules that count for themselves; a second trace tells.
            self._analysis.set_op_handle(**{name: self._refusal(name) for name in unknown})
            totals = self._totals()
        if self._refused:
            raise UnsupportedOperator(self._refused)
        totals = totals + self._traced.costs
        return Counts(flops=int(totals["flops"]), activations=int(totals["activations"]))

    def _totals(self) -> Counter[str]:
        self._refused.clear()
        with _hooks_kept(self._traced):
            totals: Counter[str] = self._analysis.by_operator()
        return totals

    def _counted(self, operator: str, handle: Handle) -> Callable[[Values, Values], Counter[str]]:
        """Return a handle for fvcore that costs nothing inside modules that count for themselves."""

        def guarded(inputs: Values, outputs: Values) -> Counter[str]:
            if self._is_own(outputs):
                return Counter()
            try:
                cost = handle(inputs, outputs)
            except UnknownShape:
                self._refused[operator] = f"{self._place(outputs)}, of unknown size"
                return Counter()
            return Counter(flops=cost.flops, activations=cost.activations)

        return guarded

    def _refusal(self, operator: str) -> Callable[[Values, Values], Counter[str]]:
        """Return a handle for fvcore that remembers an operator as unknown."""

        def refuse(inputs: Values, outputs: Values) -> Counter[str]:
            if not self._is_own(outputs):
                self._refused[operator] = self._place(outputs)
            return Counter()

        return refuse

    def _scopes(self, outputs: Values) -> list[str]:
        """Return the names of the modules around a node, the outermost first."""
        return str(outputs[0].node().scopeName()).split("/") if outputs else []

    def _is_own(self, outputs: Values) -> bool:
        return any(scope in self._traced.own for scope in self._scopes(outputs))

    def _place(self, outputs: Values) -> str:
        name = (self._scopes(outputs) or [""])[-1].removeprefix("model").removeprefix(".")
        return f"module '{name}'" if name else "the outermost module"
