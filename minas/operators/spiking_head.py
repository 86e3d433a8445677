"""The head for spikes: a linear map at each time step, whose currents an integrator that never fires adds up.

The map is applied to spikes, before anything is averaged or summed, so that it needs no multiplications. At decay 1 the logits
are those of the spike counts; below it the integrator leaks, and late spikes weigh more. With several phases the map changes
in the course of the recording: what a spike means may depend on when it comes.
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
        "attributes": {"grid": {"least": 1, "most": 32}, "decay": [1.0, 0.875], "phases": {"least": 1, "most": 32}},
        "linear": [
            {
                "macs": ["repeats", "grid", "grid", "in", "out"],
                "params": ["phases", "grid", "grid", "in", "out"],
                "activations": ["repeats", "out"],
            },
            {"params": ["phases", "out"]},
        ],
    },
}


class SpikingHead(nn.Module):
    """Max pooling to grid x grid, a linear map at each time step, and the membrane after the last one.

    The time steps are divided evenly into phases, each with a map of its own; of fewer steps some maps serve none.
    """

    def __init__(self, inputs: int, outputs: int, grid: int, decay: float = 1.0, phases: int = 1) -> None:
        super().__init__()
        self.inputs, self.outputs, self.grid, self.decay, self.phases = inputs, outputs, grid, decay, phases
        self.linears = nn.ModuleList(nn.Linear(inputs * grid * grid, outputs) for _ in range(phases))

    def forward(self, x: Tensor) -> Tensor:
        """Turn spikes (batch, time, inputs, height, width) into logits (batch, outputs)."""
        steps = x.shape[1]
        pooled = nn.functional.adaptive_max_pool2d(x.flatten(0, 1), self.grid).flatten(1)
        spikes: Tensor = pooled.unflatten(0, x.shape[:2])  # type: ignore[no-untyped-call]
        currents = []
        for phase, linear in enumerate(self.linears):
            first, end = steps * phase // self.phases, steps * (phase + 1) // self.phases
            if end > first:
                currents.append(linear(spikes[:, first:end]))
        total = torch.cat(currents, 1)
        if self.decay == 1.0:
            return total.sum(1)
        ages = torch.arange(steps - 1, -1, -1, device=x.device, dtype=x.dtype)
        return (total * (self.decay**ages).unsqueeze(1)).sum(1)

    def initialise(self) -> None:
        """Draw small weights: summed over time steps, those of an ordinary linear map give logits that are far too sure."""
        with torch.no_grad():
            for linear in self.linears:
                assert isinstance(linear, nn.Linear)
                linear.weight.mul_(0.1)


def build(name: str, *, inputs: int, outputs: int, stride: int, attributes: Mapping[str, Any]) -> nn.Module:
    """Return the head for a state of `inputs` channels: (batch, time, inputs, h, w) to (batch, outputs)."""
    return SpikingHead(inputs, outputs, attributes["grid"], attributes["decay"], attributes["phases"])
