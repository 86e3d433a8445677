"""The head for spikes: a linear map at each time step, whose currents an integrator that never fires adds up.

The map is applied to spikes, before anything is averaged or summed, so that it needs no multiplications. At decay 1 the logits
are those of the spike counts; below it the integrator leaks, and late spikes weigh more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

SIGNATURES = {
    "spiking_head": {
        "kind": "spikes",
        "place": "head",
        "merge": "maximum",
        "axes": {"time": "repeated", "channels": "features", "height": "position", "width": "position"},
        "attributes": {"grid": {"least": 1, "most": 32}, "decay": [1.0, 0.875]},
        "linear": [{"kernel": "grid", "inputs": "in", "outputs": "out", "positions": "one", "bias": True}],
    },
}


class SpikingHead(nn.Module):
    """Max pooling to grid x grid, a linear map at each time step, and the membrane after the last one."""

    def __init__(self, inputs: int, outputs: int, grid: int, decay: float = 1.0) -> None:
        super().__init__()
        self.inputs, self.outputs, self.grid, self.decay = inputs, outputs, grid, decay
        self.linear = nn.Linear(inputs * grid * grid, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Turn spikes (batch, time, inputs, height, width) into logits (batch, outputs)."""
        pooled = nn.functional.adaptive_max_pool2d(x.flatten(0, 1), self.grid)
        currents = self.linear(pooled.flatten(1)).unflatten(0, x.shape[:2])
        if self.decay == 1.0:
            return currents.sum(1)  # type: ignore[no-any-return]
        ages = torch.arange(x.shape[1] - 1, -1, -1, device=x.device, dtype=x.dtype)
        return (currents * (self.decay**ages).unsqueeze(1)).sum(1)  # type: ignore[no-any-return]

    def initialise(self) -> None:
        """Draw small weights: summed over time steps, those of an ordinary linear map give logits that are far too sure."""
        with torch.no_grad():
            self.linear.weight.mul_(0.1)


def build(name: str, *, inputs: int, outputs: int, stride: int, attributes: Mapping[str, Any]) -> nn.Module:
    """Return the head for a state of `inputs` channels: (batch, time, inputs, h, w) to (batch, outputs)."""
    return SpikingHead(inputs, outputs, attributes["grid"], attributes["decay"])
