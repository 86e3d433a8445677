"""Spiking operators: states are spikes, 0 or 1, of shape (batch, time, channels, height, width).

Where several states come in, each has a convolution, and the currents are summed: a sum of spikes would hold twos, and a
network of such sums is no longer free of multiplications. A batch normalisation over samples, time and positions
follows the sum, then the neurons fire. All time steps are convolved at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from minas.operators._spiking_neuron import SpikingNeuron as SpikingNeuron

SIGNATURES = {
    "lif_conv3x3": {
        "kind": "spikes",
        "place": "entry",
        "merge": "currents",
        "attributes": {"decay": [0.25, 0.5, 0.75], "threshold": [0.5, 1.0]},
        "linear": [{"kernel": 3, "inputs": "in", "outputs": "out", "norm": True, "edges": True}],
    },
    "lif_conv5x5": {
        "kind": "spikes",
        "place": "entry",
        "merge": "currents",
        "attributes": {"decay": [0.25, 0.5, 0.75], "threshold": [0.5, 1.0]},
        "linear": [{"kernel": 5, "inputs": "in", "outputs": "out", "norm": True, "edges": True}],
    },
    "lif_depthwise3x3": {
        "kind": "spikes",
        "place": "inner",
        "merge": "currents",
        "attributes": {"decay": [0.25, 0.5, 0.75], "threshold": [0.5, 1.0]},
        "linear": [{"kernel": 3, "inputs": "in", "outputs": "in", "depthwise": True, "norm": True, "edges": True}],
    },
    "if_conv3x3": {
        "kind": "spikes",
        "place": "entry",
        "merge": "currents",
        "attributes": {"threshold": [0.5, 1.0]},
        "linear": [{"kernel": 3, "inputs": "in", "outputs": "out", "norm": True, "edges": True}],
    },
    "recurrent_lif_conv3x3": {
        "kind": "spikes",
        "place": "entry",
        "merge": "currents",
        "attributes": {"decay": [0.25, 0.5, 0.75], "threshold": [0.5, 1.0]},
        "linear": [
            {"kernel": 3, "inputs": "in", "outputs": "out", "norm": True, "edges": True},
            {
                "macs": ["repeats", "positions", "out", "out"],
                "params": ["out", "out"],
                "activations": ["repeats", "positions", "out"],
            },
        ],
    },
    "spike_maxpool3x3": {"kind": "spikes", "place": "inner", "merge": "maximum", "attributes": {}, "linear": []},
}


class SpikingConvolution(nn.Module):
    """A convolution for each incoming state, batch normalisation of their sum, spiking neurons."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        stride: int = 1,
        edges: int = 1,
        decay: float = 0.5,
        threshold: float = 1.0,
        depthwise: bool = False,
        recurrent: bool = False,
    ) -> None:
        super().__init__()
        self.inputs, self.outputs, self.kernel, self.stride, self.edges = inputs, outputs, kernel, stride, edges
        self.decay, self.threshold, self.depthwise, self.recurrent = decay, threshold, depthwise, recurrent
        groups, padding = inputs if depthwise else 1, (kernel - 1) // 2
        self.convolutions = nn.ModuleList(
            nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False) for _ in range(edges)
        )
        self.norm = nn.BatchNorm2d(outputs)
        self.neuron = SpikingNeuron(decay, threshold, outputs if recurrent else 0)

    def forward(self, *states: Tensor) -> Tensor:
        """Turn states (batch, time, inputs, h, w) into spikes (batch, time, outputs, h / stride, w / stride), rounded up."""
        currents = [convolution(state.flatten(0, 1)) for convolution, state in zip(self.convolutions, states, strict=True)]
        total = currents[0]
        for current in currents[1:]:
            total = total + current
        return self.neuron(self.norm(total).unflatten(0, states[0].shape[:2]))  # type: ignore[no-any-return]


class SpikeMaxPooling(nn.Module):
    """Maximum over windows of positions, at each time step: what goes in as spikes comes out as spikes."""

    def __init__(self, kernel: int) -> None:
        super().__init__()
        self.kernel = kernel

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape (batch, time, channels, height, width)."""
        pooled = nn.functional.max_pool2d(x.flatten(0, 1), self.kernel, 1, self.kernel // 2)
        return pooled.unflatten(0, x.shape[:2])  # type: ignore[no-any-return,no-untyped-call]


def build(name: str, *, inputs: int, outputs: int, stride: int, attributes: Mapping[str, Any], edges: int = 1) -> nn.Module:
    """Return an operator of this family for `edges` states; integrate-and-fire neurons have the decay 1."""
    if name == "spike_maxpool3x3":
        return SpikeMaxPooling(3)
    return SpikingConvolution(
        inputs,
        outputs,
        5 if name == "lif_conv5x5" else 3,
        stride,
        edges,
        attributes.get("decay", 1.0),
        attributes["threshold"],
        depthwise=name == "lif_depthwise3x3",
        recurrent=name == "recurrent_lif_conv3x3",
    )
