"""What measuring a trajectory's steps adds up: T, V and who owns which call."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil
from typing import Any

from torch import Tensor

from minas.action.mask_windows import compact, pooled, summed
from minas.action.masks import Masks
from minas.action.potential import raw
from minas.action.reading import is_free
from minas.action.steps import Step
from minas.action.trace import Call, Trace, Value
from minas.action.transport import channels_to, transport


class Tally:
    """The steps found so far, and the sums that every kind of step needs.

    Args:
        trace: the calls of one forward pass.
        samples: how many samples the batch holds.
        mask: (batch, positions), True = valid, or None.
        fraction: the share of the batch (its first samples) from which T and data-dependent factors are taken.

    Attributes:
        head: the samples that are measured, or None for all of them.
        owners: the steps of each call, by the call's identity.
        bends: the non-linearity inside of each gated linear unit, by its product's identity.
    """

    def __init__(self, trace: Trace, samples: int, mask: Tensor | None = None, fraction: float = 1.0) -> None:
        self.trace = trace
        self.samples = samples
        self.masks = None if mask is None else Masks(mask)
        self.head = None if fraction >= 1 else slice(0, max(1, ceil(samples * fraction)))
        self.owners: dict[int, list[Step]] = {}
        self.steps: list[Step] = []
        self.bends: dict[int, Call] = {}

    def part(self, tensor: Tensor) -> Tensor:
        """Return the share of a state that is measured: only of states whose first axis is the batch."""
        if self.head is not None and tensor.dim() > 0 and tensor.shape[0] == self.samples:
            return tensor[self.head]
        return tensor

    def data_rows(self, tensor: Tensor) -> Tensor:
        """Return the share of a data-dependent map that is measured; its rows go into `sum` with `part`."""
        return self.part(tensor)

    def count(self, whole: Tensor) -> int:
        """Return how many samples that share holds."""
        if self.head is not None and whole.dim() > 0 and whole.shape[0] == self.samples:
            return int(self.head.stop)
        return self.samples

    def sum(self, rows: Tensor, like: Value | Tensor, weights: Tensor | None = None, *, part: bool = False) -> Tensor:
        """Return the mean over samples of the sum of rows over every element of a state.

        Args:
            rows: broadcast to the state's shape.
            like: the state.
            weights: 1 for its elements that are valid, 0 for padding; those of the meter's mask where it has one.
            part: rows are those of the measured share alone.
        """
        tensor: Tensor = raw(like)
        if isinstance(like, Value) and self.masks is not None:
            weights = self.masks.of(like)
            if part:
                return summed(rows, self.part(weights)) / self.count(tensor)
        if weights is not None:
            return summed(rows, weights) / self.samples
        times = tensor.numel() / max(rows.numel(), 1)
        return rows.sum() * (times / self.samples)

    def squares(self, value: Value) -> Tensor:
        """Return the mean over the measured share of samples of a state's sum of squares."""
        state = self.part(value.tensor)
        weights = None if self.masks is None else self.part(self.masks.of(value))
        return square(state, weights) / self.count(value.tensor)

    def carry(self, state: Tensor, source: Value, shape: tuple[int, ...], result: Value, axis: int) -> Tensor:
        """Return P u of a step; where its positions become fewer, each sample's own, without the padding.

        Args:
            state: the part of `source` that is carried.
            source: what the step takes.
            shape: of what it gives, the same part.
            result: the first value of that form.
            axis: of the channels.
        """
        if self.masks is None or axis != 1 or len(shape) < 3 or state.shape[2:] == shape[2:] or len(shape) != state.dim():
            return transport(state, shape, axis)
        if any(side > 1 for side in (*state.shape[2:-1], *shape[2:-1])):
            return transport(state, shape, axis)
        masks = [compact(self.masks.of(value)).amax(1).flatten(1) for value in (source, result)]
        sizes = (state.shape[-1], shape[-1])
        before, after = (mask.expand(-1, size)[: len(state)] for mask, size in zip(masks, sizes, strict=True))
        return channels_to(pooled(state.flatten(2), before, after).reshape(*state.shape[:2], *shape[2:]), shape[1], 1)

    def mean(self, source: Value, axes: Any, keepdim: bool) -> Tensor:
        """Return the mean over some axes of the measured share of a state, without its padding."""
        state = self.part(source.tensor)
        if self.masks is None:
            return state.mean(axes, keepdim)
        weights = self.part(self.masks.of(source))
        counted = weights.sum(axes, keepdim=keepdim).clamp(min=1)
        return state.where(weights > 0, 0.0).sum(axes, keepdim) / counted

    def add(
        self,
        call: Call,
        result: Value,
        carried: Tensor | None,
        potential: Tensor,
        *,
        sources: list[Value],
        calls: Iterable[Call] = (),
        state: Tensor | None = None,
        name: str | None = None,
        operator: str | None = None,
        scalable: bool = False,
        absorbs: bool = False,
    ) -> Step:
        """Measure T and E of a step; `carried` None stands for T = 0."""
        whole = result.tensor if state is None else state
        state, count = self.part(whole), self.count(whole)
        weights = None if self.masks is None else self.part(self.masks.of(result))
        if weights is not None and weights.shape != state.shape:
            weights = None
        if carried is not None and carried.shape != state.shape:
            carried = self.part(carried)
        kinetic = state.new_zeros(()) if carried is None else square(state - carried, weights) / (2 * count)
        members = [call, *calls]
        step = Step(
            name=name or self.name(members),
            operator=operator or " + ".join(dict.fromkeys(label(one) for one in members if one is call or not is_free(one))),
            kinetic=kinetic,
            potential=potential,
            state=state if weights is None else state * weights,
            carried=carried if weights is None or carried is None else carried * weights,
            sources=sources,
            result=result,
            calls=members,
            scalable=scalable,
            absorbs=absorbs,
            samples=count,
            valid=weights,
        )
        for member in members:
            self.owners.setdefault(id(member), []).append(step)
        self.steps.append(step)
        return step

    def name(self, calls: list[Call]) -> str:
        """Return the path of the module whose parameters a step uses, else the first function's name."""
        for call in calls:
            for argument in [*call.args, *call.kwargs.values()]:
                name = None if isinstance(argument, Tensor) and id(argument) in call.known else self.trace.weight(argument)
                if name is not None:
                    return name.split(".parametrizations.")[0].removesuffix("weight").rstrip("._") or label(call)
        return label(calls[0])


def square(tensor: Tensor, weights: Tensor | None) -> Tensor:
    """Return the sum of squares, elements weighed."""
    squares = tensor.square()
    return squares.sum() if weights is None else (squares * weights).sum()


def label(call: Call) -> str:
    """Return a function's name as a table shows it."""
    return call.name.rstrip("_").removesuffix("_with_indices") if not call.name.startswith("__") else call.name.strip("_")
