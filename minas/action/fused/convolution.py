"""Convolution, batch normalisation and ReLU as one step.

With q the state, d = q - P u, n samples measured, N positions, rows_c the squared weights of a channel, i_c = 1 / (var_c + eps):

    T = sum d^2 / (2 n)                        dT/dq = d / n                 dT/du = -P^T d / n
    V = N / 2 sum_c rows_c gamma_c^2 i_c       dV/dw = N gamma_c^2 i_c w     dV/dgamma_c = N rows_c gamma_c i_c
                                               dV/dy = -(y - mean_c) rows_c gamma_c^2 i_c^2 / n, y the convolution's output
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from minas.action.fused.cells import Cell, Shared, difference, pull_back, refuse_second_order, threshold_backward

_norm_backward = torch.ops.aten.native_batch_norm_backward.default
_convolution_backward = torch.ops.aten.convolution_backward.default
_sigmoid_backward = torch.ops.aten.sigmoid_backward.default


@dataclass(eq=False)
class Kernels:
    """What ran already when the step is closed.

    Attributes:
        raw: the convolution's output.
        options: its stride, padding, dilation and groups.
        bend: "relu", "sigmoid" or None.
        owned: whether the gradient that comes back is nobody else's and may be changed.
        normed, saved, eps: the normalisation's output, its batch's mean and 1 / sqrt(var + eps), and its constant.
    """

    raw: Tensor
    options: tuple[Any, Any, Any, int]
    bend: str | None
    owned: bool
    hidden: bool
    normed: Tensor | None = None
    saved: tuple[Tensor, Tensor] | None = None
    eps: float = 0.0


class ConvolutionStep(Function):
    """Close a step whose convolution and normalisation ran already."""

    @staticmethod
    def forward(
        ctx: Any,
        kernels: Kernels,
        shared: Shared,
        source: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        gamma: Tensor | None,
        beta: Tensor | None,
    ) -> Tensor:
        """Apply the non-linearity, and measure."""
        raw, normed, head = kernels.raw, kernels.normed, shared.head
        state = raw if normed is None else normed
        if kernels.bend == "relu":
            state.relu_()
        elif kernels.bend == "sigmoid":
            state.sigmoid_()
        cell = Cell(shared, kernels.hidden, difference(state[:head], source[:head]))
        cell.positions = state.shape[2] * state.shape[3]
        if gamma is None:
            cell.weight = weight
        else:
            measured = raw[:head]
            cell.gamma, cell.eps = gamma, kernels.eps
            sums = measured.sum((0, 2, 3), keepdim=True)  # torch.var takes ten times as long
            cell.centred = torch.sub(measured, sums, alpha=1 / (len(measured) * cell.positions))
            cell.spread = cell.centred.square().sum((0, 2, 3))
            cell.rows = torch.linalg.vector_norm(weight, dim=(1, 2, 3))
        shared.cells.append(cell)
        ctx.cell, ctx.options, ctx.bend, ctx.biased = cell, kernels.options, kernels.bend, bias is not None
        ctx.owned, ctx.eps, ctx.saved = kernels.owned, kernels.eps, kernels.saved
        keep = state if kernels.bend or kernels.hidden else None
        ctx.save_for_backward(source, weight, gamma, keep, None if normed is None else raw)
        return state

    @staticmethod
    def backward(ctx: Any, incoming: Tensor) -> tuple[Any, ...]:
        """Run the kernels' backward passes, and add the action's gradient where it arises."""
        refuse_second_order()
        cell: Cell = ctx.cell
        source, weight, gamma, state, raw = ctx.saved_tensors
        shared = cell.shared
        head, kinetic, potential = shared.head, shared.kinetic, shared.potential
        gradient = _at_the_state(ctx, cell, incoming, state)
        gamma_gradient = beta_gradient = None
        if gamma is not None:
            gradient, gamma_gradient, beta_gradient = _norm_backward(
                gradient, raw, gamma, None, None, *ctx.saved, True, ctx.eps, (True, True, True)
            )
            if potential:
                gamma_gradient.add_(cell.gain, alpha=potential)
                gradient[:head].addcmul_(cell.centred, cell.slope, value=-potential / head)
        needed = ctx.needs_input_grad[2]
        stride, padding, dilation, groups = ctx.options
        sizes = [weight.shape[0]] if ctx.biased else None
        source_gradient, weight_gradient, bias_gradient = _convolution_backward(
            gradient, source, weight, sizes, stride, padding, dilation, False, (0, 0), groups, (needed, True, ctx.biased)
        )
        if potential and gamma is None:
            weight_gradient.add_(weight, alpha=potential * cell.positions)
        elif potential:
            weight_gradient.addcmul_(weight, cell.squares, value=potential)
        if kinetic and needed:
            pull_back(source_gradient[:head], cell.difference, source[:head], -kinetic / head)
        return None, None, source_gradient, weight_gradient, bias_gradient, gamma_gradient, beta_gradient


def _at_the_state(ctx: Any, cell: Cell, incoming: Tensor, state: Tensor | None) -> Tensor:
    """Return the gradient behind the non-linearity, with that of T and E with respect to q in it."""
    shared, bend = cell.shared, ctx.bend
    head, energy = shared.head, shared.energy if cell.hidden else 0.0
    owned = ctx.owned
    if not (owned or bend) and (shared.kinetic or energy):
        incoming, owned = incoming.clone(), True
    if owned:
        part = incoming[:head]
        if shared.kinetic:
            part.add_(cell.difference, alpha=shared.kinetic / head)
        if energy and state is not None:
            part.add_(state[:head], alpha=2 * energy / head)
        return _bent(incoming, state, bend)
    gradient, part = _bent(incoming, state, bend), state[:head]  # type: ignore[index]
    if shared.kinetic:
        gradient[:head].add_(_bent(cell.difference, part, bend), alpha=shared.kinetic / head)
    if energy:
        gradient[:head].add_(_bent(part, part, bend), alpha=2 * energy / head)
    return gradient


def _bent(gradient: Tensor, state: Tensor | None, bend: str | None) -> Tensor:
    """Take a gradient back over the non-linearity."""
    if bend == "relu":
        return threshold_backward(gradient, state, 0)  # type: ignore[no-any-return]
    return _sigmoid_backward(gradient, state) if bend else gradient  # type: ignore[no-any-return]
