"""ActionMeter: the action of any `nn.Module`, in training and afterwards."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import Any

import torch
from torch import Tensor, nn

from minas.action.assembly import assemble
from minas.action.counting import check_mask, check_sequences, is_lone, packed_samples, samples_of
from minas.action.fused.cells import Shared
from minas.action.fused.plan import LoggingRecorder, Plan, make_plan
from minas.action.fused.recorder import QuickRecorder
from minas.action.neuron import bringers
from minas.action.overwriting import refresh
from minas.action.parts import followed
from minas.action.passes import Pass, Row, averaged
from minas.action.precision import LOW, widen, without_autocast
from minas.action.recorder import Recorder
from minas.action.refusals import check_alone, check_gradients, check_model, check_options, check_seen
from minas.action.trace import Trace, fresh_weights, tensors_in
from minas.errors import UsageError


class ActionMeter:
    """Measure the action of a model's forward passes.

        with ActionMeter(model) as meter:
            logits = model(x)
        loss = cross_entropy(logits, y) + 1e-5 * meter.action()

    Modules and functional calls are read alike. Several forward passes inside one `with` are averaged over their samples, so a
    whole validation part can be measured batch by batch; entering anew starts from nothing. States that merge by a mean leave
    doing nothing free of charge; in a network with residual **sums** the action reads each branch as it stands, so such
    networks compare with each other, not with ours, at the same width.

    Args:
        model: any module; its first tensor argument's first axis is the batch.
        mask: (batch, positions), True = valid: padding contributes nothing to T, V and E. Or a function that gives it for each
            pass, from the model's first tensor: `mask=lambda ids: ids != 0` reads batch after batch, each with its padding.
        fraction: the share of each batch, its first samples, from which T, E and a batch normalisation's variance are
            taken: 1/8 gives the same S within 1% and costs a training step little. With another `batch_axis` than 0 it is 1.
        steps: whether to keep each step's state for `table()` and `rescale_gap()`; without it a training step is quicker.
        fused: run the steps of a convolutional network as one function each while training, from the second pass on, with the
            same S and gradient in less time (see `minas.action.fused`); keeps no steps. For models that go the same way
            at every pass: one that doesn't is refused. A hook that takes a convolution's bare output sees no gradient.
        batch_axis: the axis of the model's input that counts the samples: 1 for an `nn.LSTM` that takes time first.

    States in half precision are read in single precision. One input without a batch, of features alone, is one sample.

    Raises:
        UsageError: for a model that is no module or comes from torch.jit, a fraction outside of (0, 1], a mask that is not
            (batch, positions); and from the model's call, for what can't be read rightly: another meter's pass, a mask that
            doesn't fit, no samples, a batch on another axis than `batch_axis`, images without one, complex states, transforms
            of torch.func, checkpoints with use_reentrant=True.
        UnknownOperation: when the model applies parameters by an operation whose linear map is not known.
    """

    def __init__(
        self,
        model: nn.Module,
        mask: Tensor | Callable[[Tensor], Tensor] | None = None,
        *,
        fraction: float = 1.0,
        steps: bool = True,
        batch_axis: int = 0,
        fused: bool = False,
    ) -> None:
        check_model(model)
        check_options(mask if isinstance(mask, Tensor) else None, fraction, batch_axis)
        self.model = model
        self._given_mask = mask
        self.mask = mask if isinstance(mask, Tensor) else None
        self.fraction = fraction
        self._keep = steps and not fused
        self._fused = fused and mask is None
        self._plans: dict[Any, Plan | None] = {}
        self._shape: Any = None
        self._samples = 1
        self._packed: int | None = None
        self._batch_axis = batch_axis
        self._bringers = bringers(model)
        self._handles: list[Any] = []
        self._recorder: Recorder | QuickRecorder | None = None
        self._fast_path = True
        self._passes: list[Pass] = []

    def __enter__(self) -> ActionMeter:
        if self._handles:
            raise UsageError("this meter is already on: leave its 'with' block first, or make a second meter for a later one")
        for one in self._passes:
            one.release()
        self._passes = []
        self._fast_path = torch.backends.mha.get_fastpath_enabled()
        torch.backends.mha.set_fastpath_enabled(False)
        self._handles = [self.model.register_forward_pre_hook(self._begin, with_kwargs=True)]
        for module in self._bringers:
            self._handles.append(module.register_forward_pre_hook(self._mute, with_kwargs=True))
            self._handles.append(module.register_forward_hook(self._unmute, with_kwargs=True, always_call=True))
        if self._keep:
            self._handles += followed(self.model, lambda: self._recorder)
        self._handles.append(self.model.register_forward_hook(self._end, with_kwargs=True, always_call=True))
        return self

    def __exit__(self, *_: object) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles = []
        torch.backends.mha.set_fastpath_enabled(self._fast_path)
        self._stop()

    # -- hooks --------------------------------------------------------------------------------------------------------------

    def _begin(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if self._recorder is not None:  # the model calls itself: one trajectory
            return
        check_alone()
        tensors = list(tensors_in((args, kwargs)))
        self._packed = packed_samples((args, kwargs))
        self._samples = self._packed or samples_of(tensors, self._batch_axis)
        if callable(self._given_mask) and not isinstance(self._given_mask, Tensor):
            self.mask = self._given_mask(tensors[0])
            check_options(self.mask, self.fraction, self._batch_axis)
        if self.mask is not None:
            check_mask(self.mask, (args, kwargs))
        self._recorder = self._quick(tensors) or self._general(tensors)
        self._recorder.__enter__()  # type: ignore[no-untyped-call]

    def _general(self, tensors: list[Tensor]) -> Recorder:
        """Return what records a pass in general."""
        trace = Trace(fresh_weights(self.model))
        for tensor in tensors:
            if id(tensor) not in trace.values and id(tensor) not in trace.weights:
                trace.enter(tensor)
        return LoggingRecorder(trace) if self._shape is not None else Recorder(trace)

    def _quick(self, tensors: list[Tensor]) -> QuickRecorder | None:
        """Return what runs a pass by its plan, if one with inputs of these shapes was read before and all of it is known."""
        self._shape = None
        if not self._fused or self._bringers or not (self.model.training and torch.is_grad_enabled()):
            return None
        if torch.is_autocast_enabled("cpu") or any(tensor.device.type != "cpu" or tensor.dtype in LOW for tensor in tensors):
            return None
        shape = tuple(tensor.shape for tensor in tensors)
        if shape not in self._plans:
            self._shape = shape
            return None
        plan = self._plans[shape]
        if plan is None:
            return None
        return QuickRecorder(plan, Shared(max(1, ceil(self._samples * self.fraction)), constants=plan.constants))

    def _end(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        recorder = self._recorder
        if recorder is None:
            return
        self._stop()
        if result is None:  # the forward pass failed: nothing to read
            return
        if self._passes:
            self._passes = [one.condensed() for one in self._passes]
        outputs = list(tensors_in(result))
        if isinstance(recorder, QuickRecorder):
            recorder.finish()
            outputs = [output for output in outputs if output.requires_grad]
            self._passes.append(Pass.quick(recorder, outputs, self._samples))
        else:
            self._passes.append(self._read(recorder, outputs))

    def _read(self, recorder: Recorder, outputs: list[Tensor]) -> Pass:
        """Read a pass that was recorded in general."""
        trace = recorder.trace
        refresh(trace, outputs)
        trace.close(outputs)
        check_gradients(trace)
        if self.mask is None:
            check_sequences(trace, self._batch_axis)
        samples = self._count(trace)
        widen(trace)
        with without_autocast(outputs[0].device.type if outputs else "cpu"):
            # Of states that have the batch elsewhere none is cut: their first axis may be as long as the batch.
            steps = assemble(trace, samples, self.mask, 1.0 if self._batch_axis else self.fraction)
            if not steps:
                check_seen(self.model, trace, outputs)
            found = Pass.of(steps, samples, keep=self._keep)
        if isinstance(recorder, LoggingRecorder):
            self._plans[self._shape] = make_plan(recorder, steps, outputs)
        if self._keep:
            found.trace = trace
        else:
            trace.release()
        return found

    def _stop(self) -> None:
        if self._recorder is not None:
            self._recorder.__exit__(None, None, None)  # type: ignore[no-untyped-call]
            self._recorder = None

    def _count(self, trace: Trace) -> int:
        if self.mask is not None:
            return int(self.mask.shape[0])
        if is_lone(trace, self._batch_axis):
            return 1
        return self._packed or samples_of((value.tensor for value in trace.inputs), self._batch_axis)

    def _mute(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if isinstance(self._recorder, Recorder):
            self._recorder.muted += 1

    def _unmute(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        if isinstance(self._recorder, Recorder):
            self._recorder.muted -= 1
            if not self._recorder.muted and result is not None:
                self._recorder.module(module, (*args, *kwargs.values()), result)

    # -- results ------------------------------------------------------------------------------------------------------------

    def action(self) -> Tensor:
        """Return S = T + V, the mean over samples, 0-dimensional, differentiable."""
        return self.kinetic() + self.potential()

    def kinetic(self) -> Tensor:
        """Return T, summed over steps."""
        return self._mean(lambda one: one.kinetic)

    def potential(self) -> Tensor:
        """Return V, summed over steps."""
        return self._mean(lambda one: one.potential)

    def activation_energy(self) -> Tensor:
        """Return E: mean ||q||^2, summed over hidden steps."""
        return self._mean(lambda one: one.activation)

    def table(self) -> list[Row]:
        """Return a row for each step, in the order of execution; several passes are averaged step by step."""
        self._passes = [one.condensed() for one in self._found()]
        first = self._passes[0].rows
        if not self._keep:
            raise UsageError("this meter keeps no steps: make it with ActionMeter(model, steps=True)")
        if any(len(one.rows) != len(first) for one in self._passes):
            raise UsageError("the forward passes took different steps: measure them one by one")
        total = sum(one.samples for one in self._passes)
        return [averaged([(one.rows[place], one.samples / total) for one in self._passes]) for place in range(len(first))]

    def zero_fraction(self) -> float:
        """Return the share of all hidden states' elements that are exactly zero."""
        return self._weighted("zero_fraction")

    def participation_ratio(self) -> float:
        """Return the participation ratio as a share of the units, averaged over hidden states by their units."""
        return self._weighted("participation_ratio")

    def rescale_gap(self) -> float:
        """Return how much the best function-preserving rescale of one layer could still lower S (see `diagnostics`)."""
        return max((row.rescale_gap for row in self.table()), default=0.0)

    def _weighted(self, field: str) -> float:
        rows = [row for row in self.table() if row.hidden]
        units = sum(row.units for row in rows)
        return sum(getattr(row, field) * row.units for row in rows) / units if units else 0.0

    def _found(self) -> list[Pass]:
        if not self._passes:
            raise UsageError("nothing was metered: call the model itself inside of 'with ActionMeter(model) as meter:'")
        return self._passes

    def _mean(self, figure: Callable[[Pass], Tensor]) -> Tensor:
        passes = self._found()
        if len(passes) == 1:
            return figure(passes[0])
        total = sum(one.samples for one in passes)
        return torch.stack([figure(one) * (one.samples / total) for one in passes]).sum()
