"""T, V and E of a pass of fused steps, and how the loss's weights for them reach the steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from minas.action.fused.cells import Cell, Shared


class Attach(Function):
    """Connect sums with the model's outputs.

    Every fused step lies behind an output. The backward pass of a sum notes what the sum weighs in the loss, and hands zeros
    to the outputs: torch waits for them before it runs any step's backward pass, and the steps add what they owe.
    """

    @staticmethod
    def forward(
        ctx: Any, shared: Shared, names: Sequence[str], sums: Sequence[Tensor], *outputs: Tensor
    ) -> tuple[Tensor, ...]:
        """Return the sums."""
        ctx.set_materialize_grads(False)
        ctx.shared, ctx.names, ctx.shapes = shared, names, [output.shape for output in outputs]
        return tuple(sums)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Any, ...]:
        """Note the weights until this backward pass is over."""
        shared: Shared = ctx.shared
        zero = None
        for name, gradient in zip(ctx.names, gradients, strict=True):
            if gradient is not None:
                setattr(shared, name, getattr(shared, name) + float(gradient))
                zero = gradient.new_zeros(())

        def forget() -> None:
            shared.kinetic = shared.potential = shared.energy = 0.0

        torch.autograd.Variable._execution_engine.queue_callback(forget)
        return (None, None, None, *[None if zero is None else zero.expand(shape) for shape in ctx.shapes])


def totals(shared: Shared, outputs: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Return T and V of a pass, and give every step its factors for the backward pass."""
    cells, shared.cells = shared.cells, []  # the cells hold `shared`: let go, or nothing is freed
    constants = shared.constants
    if not constants:
        constants.update(_constants(shared, cells))
    with torch.no_grad():
        plain = [cell.gate if cell.weight is None else cell.weight for cell in cells if cell.gamma is None and cell.weighs]
        lengths = [*[cell.length for cell in cells], *(torch._foreach_norm(plain) if plain else ())]  # type: ignore[arg-type]
        norms = torch.stack(lengths).square_()
        kinetic, potential = (constants["shares"] * norms).sum(1).unbind()  # a matrix product takes longer to start
        normed = [cell for cell in cells if cell.gamma is not None]
        if normed:
            potential = potential + _folded(normed, constants)
    found: tuple[Tensor, Tensor] = Attach.apply(shared, ("kinetic", "potential"), (kinetic.clone(), potential), *outputs)  # type: ignore[no-untyped-call]
    return found


def _constants(shared: Shared, cells: list[Cell]) -> dict[str, Any]:
    """Return what is the same at every pass: by what norms are multiplied, and each channel's positions, eps and size."""
    half = 1 / (2 * shared.head)
    kinetic = [half] * len(cells)
    potential = [0.0] * len(cells)
    for cell in cells:
        if cell.gamma is None and cell.weighs:
            kinetic.append(0.0)
            potential.append(cell.positions * (half if cell.weight is None else 0.5))
    normed = [cell for cell in cells if cell.gamma is not None]
    sizes = [len(cell.gamma) for cell in normed]  # type: ignore[arg-type]
    like = cells[0].difference
    by_channel = [
        (cell.eps, float(cell.positions), 1 / (shared.head * cell.positions))
        for cell, size in zip(normed, sizes, strict=True)
        for _ in range(size)
    ]
    eps, positions, shares = like.new_tensor(by_channel).unbind(1) if by_channel else (None, None, None)
    return {
        "shares": like.new_tensor([kinetic, potential]),
        "sizes": sizes,
        "eps": eps,
        "positions": positions,
        "spread": shares,
    }


def _folded(cells: list[Cell], constants: dict[str, Any]) -> Tensor:
    """Return V of the normalised maps, all channels of all steps at once."""
    sizes, positions = constants["sizes"], constants["positions"]
    vectors: list[Any] = [cell.gamma for cell in cells] + [cell.rows for cell in cells] + [cell.spread for cell in cells]
    gamma, rows, spread = torch.cat(vectors).view(3, -1).unbind()
    inverse = torch.addcmul(constants["eps"], spread, constants["spread"]).reciprocal_()
    weighed = rows.square().mul_(inverse)
    squares = gamma.square().mul_(inverse)
    gain = (weighed * gamma).mul_(positions)
    potential = (gain * gamma).sum() * 0.5
    slopes = torch.split(weighed.mul_(squares).view(-1, 1, 1), sizes)
    scales = torch.split(squares.mul_(positions).view(-1, 1, 1, 1), sizes)
    for cell, slope, scale, gains in zip(cells, slopes, scales, torch.split(gain, sizes), strict=True):
        cell.slope, cell.squares, cell.gain = slope, scale, gains
    return potential


def energy(shared: Shared, states: Sequence[Tensor], outputs: Sequence[Tensor]) -> Tensor:
    """Return E, for those who ask for it: the sum over hidden states of mean ||q||^2."""
    with torch.no_grad():
        norms = torch.stack(torch._foreach_norm([state[: shared.head] for state in states]))
        value = torch.dot(norms, norms) / shared.head
    (found,) = Attach.apply(shared, ("energy",), (value,), *outputs)  # type: ignore[no-untyped-call]
    return found  # type: ignore[no-any-return]
