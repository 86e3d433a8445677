"""What is reported beside the action: how sparse and how spread a state is, and what a rescale could still gain."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from minas.action.operations import HOMOGENEOUS, Kind
from minas.action.reading import CARRIERS, states_in
from minas.action.steps import Step
from minas.action.trace import Call, Value


def units(state: Tensor, valid: Tensor | None = None) -> int:
    """Return how many elements of a state, all samples together, are no padding; `valid` as in `zero_fraction`."""
    return state.numel() if valid is None else int((valid > 0).sum())


def zero_fraction(state: Tensor, valid: Tensor | None = None) -> float:
    """Return the share of a state's elements, over samples and units, that are exactly zero.

    Args:
        state: any shape, 0 at padding.
        valid: 0 for padding, else 1, of its shape; None where there is none.
    """
    counted = units(state, valid)
    return (float((state == 0).sum()) - (state.numel() - counted)) / max(counted, 1)


def participation_ratio(state: Tensor, valid: Tensor | None = None) -> float:
    """Return (sum q^2)^2 / sum q^4 as a share of the units, in (0, 1], the mean over samples.

    Args:
        state: (samples, ...), 0 at padding. A sample whose state is all zero counts as 0.
        valid: 0 for padding, else 1, of its shape; None where there is none.
    """
    flat = state.detach().reshape(state.shape[0], -1) if state.dim() > 1 else state.detach().reshape(1, -1)
    largest = flat.abs().amax(1, keepdim=True)
    squares = (flat / largest.clamp(min=1e-30)).square()
    fourth = squares.square().sum(1)
    counted = flat.shape[1] if valid is None or state.dim() < 2 else valid.flatten(1).sum(1).clamp(min=1)
    ratio = squares.sum(1).square() / fourth.clamp(min=1e-30) / counted
    return float(ratio.mean())


def link(steps: list[Step]) -> None:
    """Note, for every step, which steps could make up for a rescale of its state.

    A step can be rescaled alone if all that its state reaches, over free calls and parameter-free steps that commute with a
    positive factor (average and maximum pooling, ReLU), are linear maps that take nothing else.
    """
    owners: dict[int, list[Step]] = {}
    for step in steps:
        for call in step.calls:
            owners.setdefault(id(call), []).append(step)
    for step in steps:
        step.carries, step.absorbers = [], []
        if step.scalable and step.hidden and not _collect(step, step.result, owners):
            step.carries, step.absorbers = [], []


def _collect(step: Step, value: Value, owners: dict[int, list[Step]]) -> bool:
    """Follow a state to the steps that take it; say whether they can all make up for a factor."""
    if value.is_output:
        return False
    for call in value.consumers:
        takers = owners.get(id(call), [])
        if not takers:
            if call.kind not in CARRIERS or states_in(call) > 1 or not _linear_free(call):
                return False
            if not all(_collect(step, out, owners) for out in call.outputs):
                return False
        elif all(taker.absorbs and call is taker.calls[0] for taker in takers):
            step.absorbers += takers
        elif _commutes(call):
            step.carries += takers
            if not all(_collect(step, taker.result, owners) for taker in takers):
                return False
        else:
            return False
    return True


def _linear_free(call: Call) -> bool:
    return call.kind in (Kind.SHAPE, Kind.PASS) or call.name in ("mean", "sum", "neg")


def _commutes(call: Call) -> bool:
    if call.kind is Kind.POOL:
        return "avg_pool" in call.name or "max_pool" in call.name
    return call.kind is Kind.POINTWISE and call.name in HOMOGENEOUS


def rescale_gap(step: Step) -> float:
    """Return by how much the best function-preserving rescale of one step could still lower S.

    The step's weights and bias (after a normalisation: its gamma and beta) are multiplied by c > 0, the weights of every
    step that takes its state divided by c: for a positive-homogeneous step that changes no output. With q the step's
    state and w the steps that take it,

        S(c) = 1/2 mean ||c q - P u||^2 + c^2 V + sum over w of (1/2 mean ||q_w - c P q||^2 + V_w / c^2) + const,

    and the gap is S(1) - min over c of S(c). Parameter-free steps between (pooling) add c^2 T. Scaling weights before a
    normalisation changes nothing at all, so nothing is to be gained there, apart from gamma and beta. A step whose
    state also goes elsewhere (a sum, a product, the output), or that isn't positive-homogeneous, can't be rescaled alone: 0.
    """
    if not step.absorbers:
        return 0.0
    square, cross = _moments(step)
    fourth = 2 * float(step.potential) + square
    linear = cross
    inverse = 0.0
    for taker in step.absorbers:
        inverse += 2 * float(taker.potential)
        linear += _moments(taker)[1]
        fourth += _carried_square(taker)
    fourth += sum(2 * float(pool.kinetic) for pool in step.carries)
    return _gain(fourth, linear, inverse)


def _moments(step: Step) -> tuple[float, float]:
    """Return mean ||q||^2 and mean <q, P u>."""
    square = float(step.activation)
    if step.carried is None:
        return square, 0.0
    return square, float((step.state.detach() * step.carried.detach()).sum()) / step.samples


def _carried_square(step: Step) -> float:
    return 0.0 if step.carried is None else float(step.carried.detach().square().sum()) / step.samples


def _gain(square: float, linear: float, inverse: float) -> float:
    """Return f(1) - min over c > 0 of f(c) = (square c^2 + inverse / c^2) / 2 - linear c."""

    def value(c: float) -> float:
        return (square * c * c + inverse / (c * c)) / 2 - linear * c

    roots = np.roots([square, -linear, 0.0, 0.0, -inverse])
    best = [float(root.real) for root in roots if abs(root.imag) < 1e-9 * max(1.0, abs(root)) and root.real > 0]
    return max(0.0, value(1.0) - min([value(c) for c in best] or [value(1.0)]))
