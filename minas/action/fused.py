"""The quick way for training: convolution, batch normalisation and ReLU as one autograd function that carries its own action.

The steps of small networks are bound by the number of operations, not by their size. One function for a step runs the same
kernels as torch does, computes T and V in closed form on the first samples of the batch, and in the backward pass adds their
gradient into the slice of the gradient that is at hand, so no full-size tensor of zeros is ever made.

With q the state, d = q - P u, n samples measured, N positions, rows_c the squared weights of a channel, s_c = gamma_c / sqrt(var_c + eps):

    T = sum d^2 / (2 n)            dT/dq = d / n           dT/du = -P^T d / n
    V = N / 2 sum_c rows_c s_c^2   dV/dw = N s_c^2 w       dV/dgamma_c = N rows_c s_c^2 / gamma_c
                                   dV/dy = -(y - mean_c) rows_c s_c^2 / (var_c + eps) / n, y the convolution's output
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from minas.action.transport import transport

_threshold = torch.ops.aten.threshold_backward.default
_norm_backward = torch.ops.aten.native_batch_norm_backward.default
_convolution_backward = torch.ops.aten.convolution_backward.default
_pool_backward = torch.ops.aten._adaptive_avg_pool2d_backward.default


@dataclass(eq=False)
class Shared:
    """What all fused steps of one forward pass share.

    Attributes:
        head: how many samples are measured.
        gradient: of the loss with respect to T, V and E, filled by `Totals` before any step's backward pass runs.
    """

    head: int
    gradient: tuple[float, float, float] = (0.0, 0.0, 0.0)
    cells: list[Cell] = field(default_factory=list)


@dataclass(eq=False)
class Cell:
    """One fused step on its way through a forward pass.

    Attributes:
        shared: what all steps share.
        options: the convolution's stride, padding, dilation and groups.
        relu: whether the step ends in a ReLU.
        owned: whether the incoming gradient is nobody else's and may be changed.
        hidden: whether the state counts towards E.
        eps, saved: of the batch normalisation: its constant, and the batch's mean and 1 / sqrt(var + eps).
        difference, state: q - P u and q, of the samples that are measured.
        weighed: sum_c rows_c s_c^2, to be multiplied by positions / 2.
        factors: rows / (var + eps) and s^2 by channel, and y - mean.
    """

    shared: Shared
    options: tuple[Any, Any, Any, int]
    relu: bool
    owned: bool
    hidden: bool
    eps: float = 0.0
    saved: tuple[Tensor, Tensor] | None = None
    difference: Tensor | None = None
    state: Tensor | None = None
    weighed: Tensor | None = None
    positions: int = 1
    factors: tuple[Tensor, Tensor, Tensor] | None = None


class ConvolutionStep(Function):
    """Convolution, then batch normalisation and ReLU where the cell has them; gives the state and a mark for `Totals`."""

    @staticmethod
    def forward(
        ctx: Any,
        cell: Cell,
        kernels: tuple[Tensor, Tensor | None],
        source: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        gamma: Tensor | None,
        beta: Tensor | None,
    ) -> tuple[Tensor, Tensor]:
        """Finish a step whose kernels have run already (`kernels`: the convolution's output, the normalisation's), and measure it."""
        ctx.set_materialize_grads(False)
        raw, normed = kernels
        state = raw if normed is None else normed
        if cell.relu:
            state.relu_()
        head = cell.shared.head
        part = state.detach()[:head]  # a view of the state itself would close a circle through its graph, and leak
        cell.difference = part - transport(source.detach()[:head], tuple(part.shape), 1)
        cell.state = part if cell.relu else part.clone()  # without a ReLU others may overwrite the state
        cell.positions = state.shape[2] * state.shape[3]
        rows = weight.square().sum((1, 2, 3))
        if gamma is None:
            cell.weighed = rows.sum()
        else:
            measured = raw[:head]
            centred = measured - measured.mean((0, 2, 3), keepdim=True)  # torch.var takes ten times as long
            inverse = centred.square().mean((0, 2, 3)).add_(cell.eps).reciprocal_()
            squares = gamma.square().mul_(inverse)
            cell.weighed = torch.dot(rows, squares)
            cell.factors = (rows.mul_(inverse), squares, centred)
        ctx.cell, ctx.biased, ctx.shape = cell, bias is not None, state.shape
        ctx.save_for_backward(source, weight, gamma, state if cell.relu else None, None if normed is None else raw)
        return state, state.new_empty(())

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, incoming: Tensor | None, mark: Tensor | None) -> tuple[Any, ...]:
        """Run the kernels' backward passes, and add the action's gradient where it arises."""
        cell: Cell = ctx.cell
        source, weight, gamma, state, raw = ctx.saved_tensors
        head = cell.shared.head
        kinetic, potential, energy = cell.shared.gradient if mark is not None else (0.0, 0.0, 0.0)
        if incoming is None:
            incoming = weight.new_zeros(ctx.shape)
        gradient = _at_the_state(cell, incoming, state, kinetic / head, energy / head)
        gamma_gradient = beta_gradient = None
        if gamma is not None:
            mean, scale = cell.saved  # type: ignore[misc]
            gradient, gamma_gradient, beta_gradient = _norm_backward(
                gradient, raw, gamma, None, None, mean, scale, True, cell.eps, [True, True, True]
            )
            if potential:
                rows, squares, centred = cell.factors  # type: ignore[misc]
                gamma_gradient.addcmul_(rows, gamma, value=potential * cell.positions)
                slope = (rows * squares).view(-1, 1, 1)
                gradient[:head].addcmul_(centred, slope, value=-potential / head)
        needed = [ctx.needs_input_grad[2], True, ctx.biased]
        stride, padding, dilation, groups = cell.options
        sizes = [weight.shape[0]] if ctx.biased else None
        source_gradient, weight_gradient, bias_gradient = _convolution_backward(
            gradient, source, weight, sizes, stride, padding, dilation, False, [0, 0], groups, needed
        )
        if potential and cell.factors is None:
            weight_gradient.add_(weight, alpha=potential * cell.positions)
        elif potential:
            weight_gradient.addcmul_(weight, cell.factors[1].view(-1, 1, 1, 1), value=potential * cell.positions)
        if kinetic and needed[0]:
            _pull_back(source_gradient[:head], cell.difference, source[:head], -kinetic / head)
        return None, None, source_gradient, weight_gradient, bias_gradient, gamma_gradient, beta_gradient


def _at_the_state(cell: Cell, incoming: Tensor, state: Tensor | None, kinetic: float, energy: float) -> Tensor:
    """Return the gradient behind the ReLU, with that of T and E with respect to q added to the measured samples."""
    if state is not None:
        gradient: Tensor = _threshold(incoming, state, 0)
    else:
        gradient = incoming if cell.owned or not (kinetic or energy) else incoming.clone()
    if kinetic:
        pull = cell.difference if state is None else _threshold(cell.difference, cell.state, 0)
        gradient[: cell.shared.head].add_(pull, alpha=kinetic)
    if energy and cell.hidden:
        gradient[: cell.shared.head].add_(cell.state, alpha=2 * energy)
    return gradient


def _pull_back(target: Tensor, pull: Any, source: Tensor, scale: float) -> None:
    """Add scale * P^T pull to the gradient of a source."""
    channels = min(pull.shape[1], source.shape[1])
    if channels < source.shape[1]:
        target, source = target[:, :channels], source[:, :channels]
    if channels < pull.shape[1]:
        pull = pull[:, :channels]
    if pull.shape[2:] != source.shape[2:]:
        pull = _pool_backward(pull, source)
    target.add_(pull, alpha=scale)


class Totals(Function):
    """T, V and E of all fused steps; its backward pass tells the steps what their action weighs in the loss."""

    @staticmethod
    def forward(ctx: Any, shared: Shared, kinetic: Tensor, potential: Tensor, energy: Tensor, *marks: Tensor) -> tuple[Tensor, ...]:
        """Hand the sums on."""
        ctx.set_materialize_grads(False)
        ctx.shared, ctx.marks = shared, len(marks)
        return kinetic, potential, energy

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Any, ...]:
        """Note the three weights for the steps, and wake them."""
        weights = [0.0 if gradient is None else float(gradient) for gradient in gradients]
        ctx.shared.gradient = (weights[0], weights[1], weights[2])
        signal = next(gradient for gradient in gradients if gradient is not None)
        return (None, None, None, None, *[signal] * ctx.marks)


def totals(shared: Shared, marks: list[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    """Return T, V and E of all fused steps of a pass, each connected with the steps' backward passes."""
    cells = shared.cells
    with torch.no_grad():
        kinetic = _half_squares([cell.difference for cell in cells]) / shared.head
        weighed = torch.stack([cell.weighed for cell in cells])  # type: ignore[misc]
        potential = torch.dot(weighed, weighed.new_tensor([cell.positions / 2 for cell in cells]))
        hidden = [cell.state for cell in cells if cell.hidden]
        energy = 2 * _half_squares(hidden) / shared.head if hidden else torch.zeros_like(kinetic)
    shared.cells = []  # they hold it too
    found: tuple[Tensor, Tensor, Tensor] = Totals.apply(shared, kinetic, potential, energy, *marks)  # type: ignore[no-untyped-call]
    return found


def _half_squares(tensors: list[Any]) -> Tensor:
    norms = torch.stack(torch._foreach_norm(tensors))
    return torch.dot(norms, norms) / 2
