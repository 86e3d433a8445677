"""Linear maps, pooling and products with a gate, each as one step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from minas.action.fused.cells import Cell, Shared, difference, pull_back, refuse_second_order, threshold_backward
from minas.action.transport import channels_to

_max_backward = torch.ops.aten.max_pool2d_with_indices_backward.default
_average_backward = torch.ops.aten.avg_pool2d_backward.default


class LinearStep(Function):
    """A linear map of (samples, features), and a ReLU. T as for convolutions, V = 1/2 ||w||^2."""

    @staticmethod
    def forward(
        ctx: Any,
        shared: Shared,
        raw: Tensor,
        bend: str | None,
        hidden: bool,
        source: Tensor,
        weight: Tensor,
        bias: Tensor | None,
    ) -> Tensor:
        """Close a step whose linear map ran already."""
        state = raw.relu_() if bend else raw
        head = shared.head
        cell = Cell(shared, hidden, state[:head] - channels_to(source[:head], state.shape[1], 1), weight=weight)
        shared.cells.append(cell)
        ctx.cell, ctx.biased, ctx.bend = cell, bias is not None, bend
        ctx.save_for_backward(source, weight, state if bend or hidden else None)
        return state

    @staticmethod
    def backward(ctx: Any, incoming: Tensor) -> tuple[Any, ...]:
        """Add the gradient of T and E at the state, of T at the source, of V at the weights."""
        refuse_second_order()
        source, weight, state = ctx.saved_tensors
        cell: Cell = ctx.cell
        shared, head = cell.shared, cell.shared.head
        gradient = incoming.clone()
        gradient[:head].add_(cell.difference, alpha=shared.kinetic / head)
        if shared.energy and cell.hidden:
            gradient[:head].add_(state[:head], alpha=2 * shared.energy / head)
        if ctx.bend:
            gradient = threshold_backward(gradient, state, 0)
        source_gradient = gradient @ weight if ctx.needs_input_grad[4] else None
        weight_gradient = (gradient.t() @ source).add_(weight, alpha=shared.potential)
        if shared.kinetic and source_gradient is not None:
            both = min(source.shape[1], weight.shape[0])
            source_gradient[:head, :both].sub_(cell.difference[:, :both], alpha=shared.kinetic / head)
        return None, None, None, None, source_gradient, weight_gradient, gradient.sum(0) if ctx.biased else None


@dataclass(frozen=True)
class Pool:
    """A pooling's kind ("max" or "average") and the arguments of its kernels."""

    kind: str
    arguments: tuple[Any, ...]
    hidden: bool


class PoolStep(Function):
    """Maximum or average pooling: T alone, whose gradient goes back through the pooling of the measured samples."""

    @staticmethod
    def forward(ctx: Any, pool: Pool, shared: Shared, source: Tensor) -> Tensor:
        """Pool, and measure."""
        indices = None
        if pool.kind == "max":
            state, indices = torch.ops.aten.max_pool2d_with_indices(source, *pool.arguments)
        else:
            state = torch._C._nn.avg_pool2d(source, *pool.arguments)
        cell = Cell(shared, pool.hidden, difference(state[: shared.head], source[: shared.head]))
        shared.cells.append(cell)
        ctx.cell, ctx.pool = cell, pool
        ctx.save_for_backward(source, indices, state if pool.hidden else None)
        return state  # type: ignore[no-any-return]

    @staticmethod
    def backward(ctx: Any, incoming: Tensor) -> tuple[Any, ...]:
        """Pass the gradient back, and for the measured samples that of T and E with it."""
        refuse_second_order()
        source, indices, state = ctx.saved_tensors
        cell: Cell = ctx.cell
        shared, head = cell.shared, cell.shared.head

        def back(gradient: Tensor, places: Any) -> Tensor:
            if ctx.pool.kind == "max":
                found: Tensor = _max_backward(gradient, source[places], *ctx.pool.arguments, indices[places])
                return found
            found = _average_backward(gradient, source[places], *ctx.pool.arguments)
            return found

        gradient = back(incoming, slice(None))
        if shared.kinetic:
            pull = cell.difference
            gradient[:head].add_(back(pull, slice(head)), alpha=shared.kinetic / head)
            pull_back(gradient[:head], pull, source[:head], -shared.kinetic / head)
        if shared.energy and cell.hidden:
            gradient[:head].add_(back(state[:head], slice(head)), alpha=2 * shared.energy / head)
        return None, None, gradient


class ProductStep(Function):
    """An image times a gate, one number a channel: T = 1/2 (x (g - 1))^2, V = positions / 2 g^2."""

    @staticmethod
    def forward(ctx: Any, shared: Shared, hidden: bool, gate: Tensor, image: Tensor) -> Tensor:
        """Multiply, and measure."""
        state = image * gate
        head = shared.head
        cell = Cell(shared, hidden, state[:head] - image[:head])
        cell.gate, cell.positions = gate.detach()[:head], state.shape[2] * state.shape[3]
        shared.cells.append(cell)
        ctx.cell = cell
        ctx.save_for_backward(gate, image)
        return state

    @staticmethod
    def backward(ctx: Any, incoming: Tensor) -> tuple[Any, ...]:
        """Add dT/dx = d (g - 1), dT/dg = sum d x, dV/dg = positions g for the measured samples."""
        refuse_second_order()
        gate, image = ctx.saved_tensors
        cell: Cell = ctx.cell
        shared, head = cell.shared, cell.shared.head
        image_gradient = incoming * gate
        gate_gradient = (incoming * image).sum((2, 3), keepdim=True)
        part, measured = gate[:head], image[:head]
        if shared.kinetic:
            pull = cell.difference
            image_gradient[:head].addcmul_(pull, part - 1, value=shared.kinetic / head)
            gate_gradient[:head].add_((pull * measured).sum((2, 3), keepdim=True), alpha=shared.kinetic / head)
        if shared.potential:
            gate_gradient[:head].add_(part, alpha=shared.potential * cell.positions / head)
        if shared.energy and cell.hidden:
            state = measured * part
            image_gradient[:head].addcmul_(state, part, value=2 * shared.energy / head)
            gate_gradient[:head].add_((state * measured).sum((2, 3), keepdim=True), alpha=2 * shared.energy / head)
        return None, None, gate_gradient, image_gradient
