"""Convolution, batch normalisation and ReLU as one step.

With q the state, d = q - P u, n samples measured, N positions, rows_c a channel's squared weights, i_c = 1 / (var_c + eps):

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
class Link:
    """One step of a chain, whose kernels run as its calls come.

    Attributes:
        source, weight, bias: what the convolution takes; `raw` is what it gives.
        options: its stride, padding, dilation and groups.
        bend: "relu", "sigmoid" or None.
        owned: whether the gradient that comes back is nobody else's and may be changed.
        hidden: whether the state counts towards E.
        gamma, beta, eps: of the normalisation; `normed` its output, `saved` the batch's mean and 1 / sqrt(var + eps).
    """

    source: Tensor
    weight: Tensor
    bias: Tensor | None
    raw: Tensor
    options: tuple[Any, Any, Any, int]
    bend: str | None
    owned: bool
    hidden: bool
    gamma: Tensor | None = None
    beta: Tensor | None = None
    eps: float = 0.0
    normed: Tensor | None = None
    saved: tuple[Tensor, Tensor] | None = None
    cell: Cell | None = None


def close(link: Link, shared: Shared) -> Tensor:
    """Apply the non-linearity of a link, measure the step, and return its state; gradients must be off."""
    state = link.raw if link.normed is None else link.normed
    if link.bend == "relu":
        state.relu_()
    elif link.bend == "sigmoid":
        state.sigmoid_()
    head = shared.head
    cell = Cell(shared, link.hidden, difference(state[:head], link.source[:head]))
    cell.positions = state.shape[2] * state.shape[3]
    if link.normed is None:
        cell.weight = link.weight
    else:
        measured = link.raw[:head]
        sums = measured.sum((0, 2, 3), keepdim=True)  # torch.var takes ten times as long
        cell.centred = torch.sub(measured, sums, alpha=1 / (len(measured) * cell.positions))
        cell.spread = cell.centred.square().sum((0, 2, 3))
        cell.gamma, cell.eps = link.gamma, link.eps
        cell.rows = torch.linalg.vector_norm(link.weight, dim=(1, 2, 3))
    shared.cells.append(cell)
    link.cell = cell
    return state


class ChainStep(Function):
    """A chain of convolution steps, each of which alone takes the state before it, all of them measured already.

    One function for a whole chain, since a function costs as much time as ten small operations.
    """

    @staticmethod
    def forward(ctx: Any, links: list[Link], state: Tensor, source: Tensor, *parameters: Tensor | None) -> Tensor:
        """Keep what the backward pass needs; parameters are (weight, bias, gamma, beta) of each link."""
        tensors: list[Tensor | None] = [source]
        last = len(links) - 1
        for place, link in enumerate(links):
            own = link.raw if link.normed is None else link.normed
            keep = own if link.bend or link.hidden or place < last else None
            tensors += (link.weight, link.gamma, keep, None if link.normed is None else link.raw)
        ctx.notes = [(link.cell, link.options, link.bend, link.bias is not None, link.owned, link.saved) for link in links]
        ctx.save_for_backward(*tensors)
        return state

    @staticmethod
    def backward(ctx: Any, incoming: Tensor) -> tuple[Any, ...]:
        """Run the kernels' backward passes, and add the action's gradient where it arises."""
        refuse_second_order()
        tensors = ctx.saved_tensors
        gradients: list[Any] = []
        gradient: Any = incoming
        for place in range(len(ctx.notes) - 1, -1, -1):
            source = tensors[0] if place == 0 else tensors[4 * place - 1]
            needed = place > 0 or ctx.needs_input_grad[2]
            weight, gamma, state, raw = tensors[4 * place + 1 : 4 * place + 5]
            gradient, *found = _backward(ctx.notes[place], gradient, source, weight, gamma, state, raw, needed)
            gradients = found + gradients
        return (None, None, gradient, *gradients)


def _backward(
    note: tuple[Any, ...], incoming: Tensor, source: Tensor, weight: Tensor, gamma: Any, state: Any, raw: Any, needed: bool
) -> tuple[Any, ...]:
    """Return the gradients of one link's source, weight, bias, gamma and beta."""
    cell, (stride, padding, dilation, groups), bend, biased, owned, saved = note
    shared = cell.shared
    head, kinetic, potential = shared.head, shared.kinetic, shared.potential
    gradient = _at_the_state(cell, bend, owned, incoming, state)
    gamma_gradient = beta_gradient = None
    if gamma is not None:
        gradient, gamma_gradient, beta_gradient = _norm_backward(
            gradient, raw, gamma, None, None, saved[0], saved[1], True, cell.eps, (True, True, True)
        )
        if potential:
            gamma_gradient.add_(cell.gain, alpha=potential)
            gradient[:head].addcmul_(cell.centred, cell.slope, value=-potential / head)
    sizes = [weight.shape[0]] if biased else None
    source_gradient, weight_gradient, bias_gradient = _convolution_backward(
        gradient, source, weight, sizes, stride, padding, dilation, False, (0, 0), groups, (needed, True, biased)
    )
    if potential and gamma is None:
        weight_gradient.add_(weight, alpha=potential * cell.positions)
    elif potential:
        weight_gradient.addcmul_(weight, cell.squares, value=potential)
    if kinetic and needed:
        pull_back(source_gradient[:head], cell.difference, source[:head], -kinetic / head)
    return source_gradient, weight_gradient, bias_gradient, gamma_gradient, beta_gradient


def _at_the_state(cell: Cell, bend: str | None, owned: bool, incoming: Tensor, state: Tensor | None) -> Tensor:
    """Return the gradient behind the non-linearity, with that of T and E with respect to q in it."""
    shared = cell.shared
    head, energy = shared.head, shared.energy if cell.hidden else 0.0
    if not (owned or bend) and (shared.kinetic or energy):
        incoming, owned = incoming.clone(), True
    if owned:
        part = incoming[:head]
        if shared.kinetic:
            part.add_(cell.difference, alpha=shared.kinetic / head)
        if energy and state is not None:
            part.add_(state[:head], alpha=2 * energy / head)
        return _bent(incoming, state, bend)
    gradient = _bent(incoming, state, bend)
    if shared.kinetic and state is not None:
        gradient[:head].add_(_bent(cell.difference, state[:head], bend), alpha=shared.kinetic / head)
    if energy and state is not None:
        gradient[:head].add_(_bent(state[:head], state[:head], bend), alpha=2 * energy / head)
    return gradient


def _bent(gradient: Tensor, state: Tensor | None, bend: str | None) -> Tensor:
    """Take a gradient back over the non-linearity."""
    if bend == "relu":
        gradient = threshold_backward(gradient, state, 0)
    elif bend == "sigmoid":
        gradient = _sigmoid_backward(gradient, state)
    return gradient
