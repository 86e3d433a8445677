"""The spiking neuron: leaky integrate and fire, on torch alone. All time steps of a batch are one call.

    m_t = decay * m_(t-1) * (1 - s_(t-1)) + i_t + R s_(t-1)        s_t = 1 where m_t > threshold, else 0

i is the current, m the membrane, s the spikes; the reset is hard (a neuron that fired starts from zero). At decay 1 it is the
integrate-and-fire neuron; R, a matrix over channels, is there in the recurrent one alone. The reset has no gradient, and
that of the spikes is the arctangent's (Fang et al. 2021, arXiv 2007.05785), as snnTorch's `atan(alpha=2)`:

    ds/dm = 1 / (1 + (pi * (m - threshold))^2)
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class SpikingNeuron(nn.Module):
    """Leaky integrate-and-fire neurons with a hard reset, recurrent where `recurrent` counts their channels."""

    class Steps(torch.autograd.Function):
        """The loop over time, with a backward pass of its own: every step is a few operations on whole states."""

        @staticmethod
        def forward(ctx: Any, current: Tensor, matrix: Tensor | None, decay: float, threshold: float) -> Tensor:
            """Return the spikes, 0 or 1, of the current's shape (batch, time, channels, ...)."""
            membrane, spikes = torch.empty_like(current), torch.empty_like(current)
            left = torch.zeros_like(current[:, 0])
            fired = left
            for now, held, fires in zip(current.unbind(1), membrane.unbind(1), spikes.unbind(1), strict=True):
                torch.add(now, left, alpha=decay, out=held)
                if matrix is not None:
                    held.add_(torch.matmul(matrix, fired.reshape(*fired.shape[:2], -1)).reshape(held.shape))
                torch.gt(held, threshold, out=fires)
                fired, left = fires, torch.addcmul(held, held, fires, value=-1.0)
            ctx.save_for_backward(membrane, spikes, matrix)
            ctx.decay, ctx.threshold = decay, threshold
            return spikes

        @staticmethod
        def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
            """Return the gradients of the current and of the matrix, going back from the last time step."""
            membrane, spikes, matrix = ctx.saved_tensors
            slope = (membrane - ctx.threshold).mul_(torch.pi).square_().add_(1.0).reciprocal_()
            passed = (1.0 - spikes).mul_(ctx.decay)
            if matrix is None:
                found = slope.mul_(gradient)
                steps = list(zip(found.unbind(1), passed.unbind(1), strict=True))
                for (earlier, kept), (later, _) in zip(steps[-2::-1], steps[:0:-1], strict=True):
                    earlier.addcmul_(kept, later)
                return found, None, None, None
            found = torch.empty_like(slope)
            back = matrix.t()
            later = torch.zeros_like(slope[:, 0])
            for step in range(slope.shape[1] - 1, -1, -1):
                fed = torch.matmul(back, later.reshape(*later.shape[:2], -1)).reshape(later.shape)
                now = (gradient[:, step] + fed).mul_(slope[:, step]).addcmul_(passed[:, step], later)
                found[:, step] = now
                later = now
            to = found[:, 1:].transpose(1, 2).flatten(2)
            of = spikes[:, :-1].transpose(1, 2).flatten(2)
            return found, torch.matmul(to, of.transpose(1, 2)).sum(0), None, None

    def __init__(self, decay: float = 0.5, threshold: float = 1.0, recurrent: int = 0) -> None:
        super().__init__()
        self.decay, self.threshold, self.recurrent = decay, threshold, recurrent
        self.matrix = nn.Parameter(torch.randn(recurrent, recurrent) / (2 * recurrent**0.5)) if recurrent else None

    def forward(self, current: Tensor) -> Tensor:
        """Turn currents into spikes, 0 or 1, both of shape (batch, time, channels, ...)."""
        spikes: Tensor = self.Steps.apply(current, self.matrix, self.decay, self.threshold)  # type: ignore[no-untyped-call]
        return spikes

    def potential(self, rows: Tensor | None, current: Tensor) -> Tensor:
        """Return V of the step: the weights of all edges and of the recurrent matrix, divided by the threshold.

        The matrix counts once for each sample, time step and position. `rows` is explained in `minas.action.neuron`.
        """
        total = current.new_zeros(())
        if rows is not None:
            total = total + rows.sum() * (current.numel() / max(rows.numel(), 1))
        if self.matrix is not None:
            total = total + self.matrix.square().sum() * (current.numel() // self.recurrent)
        return total / (2 * self.threshold**2)

    def synops(self, spikes: Tensor) -> float:
        """Return the synaptic operations of the recurrent matrix: its weights other than 0 that a spike reaches.

        Args:
            spikes: what the neurons put out, (batch, time, channels, ...); those of the last time step reach nothing.
        """
        if self.matrix is None:
            return 0.0
        fired = spikes[:, :-1].transpose(1, 2).flatten(2).sum((0, 2), dtype=torch.float64)
        return float(fired @ (self.matrix != 0).sum(0).to(torch.float64))

    def flops(self, inputs: tuple[Tensor, ...], outputs: Tensor) -> int:
        """Return the multiply-accumulates of the recurrent matrix; a neuron without one works pointwise, and has none."""
        return outputs.numel() * self.recurrent

    def activations(self, inputs: tuple[Tensor, ...], outputs: Tensor) -> int:
        """Return the elements that the recurrent matrix puts out."""
        return outputs.numel() if self.recurrent else 0
