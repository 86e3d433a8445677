"""Spikes and synaptic operations, as NeuroBench 2.3 counts them (its `SynapticOperations`, effective ACs plus effective MACs).

A synaptic operation is a weight other than zero that an input other than zero reaches, in a linear map or a convolution.
So padding never counts, nor do biases, pooling and normalisations; a layer counts at each time step. Where the inputs are
spikes it is an accumulation, without a multiplication.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from minas.action.neuron import bringers
from minas.measures import Unavailable

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
_UNKNOWN = (nn.RNNBase, nn.RNNCellBase, nn.MultiheadAttention, nn.Bilinear, nn.modules.conv._ConvTransposeNd)
"""Layers with weights for which nothing is counted here: better no number than one without them."""


@dataclass(frozen=True)
class Spiking:
    """Means over samples.

    Attributes:
        spikes: of all neurons, over all time steps; None where there are no spiking neurons.
        synops: synaptic operations.
    """

    spikes: float | None
    synops: float


class _Counter:
    """Adds up over forward passes what hooks see; `graded`: something that brings a potential puts out more than 0 and 1."""

    def __init__(self) -> None:
        self.spikes = 0.0
        self.synops = 0.0
        self.calls = 0
        self.macs = 0
        self.graded = False

    def neuron(self, module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        """Count the spikes of a neuron, and what its recurrent weights do."""
        if not isinstance(output, Tensor) or bool(((output != 0) & (output != 1)).any()):
            self.graded = True
            return
        self.calls += 1
        self.spikes += float(output.sum(dtype=torch.float64))
        own = getattr(module, "synops", None)
        self.synops += float(own(output)) if callable(own) else 0.0

    def layer(self, module: Any, inputs: tuple[Any, ...], output: Any) -> None:
        """Count the synaptic operations of a linear map or a convolution."""
        self.synops += layer_synops(module, inputs[0])
        self.macs += output.numel() * module.weight[0].numel()


def spiking(network: nn.Module, batches: Iterable[Tensor], *, flops: Callable[[], int]) -> Spiking:
    """Run batches through a network once, and return its spikes and synaptic operations.

    An ordinary network, without spiking neurons, has synaptic operations too, all of them with a multiplication; but only
    where linear maps and convolutions do all of its multiplications.

    Args:
        network: in eval mode. Its spiking neurons are the modules that bring their own potential (`minas.action.neuron`) and
            put out 0 or 1.
        batches: of samples, the first axis.
        flops: gives the multiply-accumulates of one sample.

    Raises:
        Unavailable: neurons put out more than 0 and 1, or there are layers whose synaptic operations are not known.
    """
    neurons = bringers(network)
    unknown = sorted({type(module).__name__ for module in network.modules() if isinstance(module, _UNKNOWN)})
    if unknown:
        raise Unavailable(f"the synaptic operations of {', '.join(unknown)} are not known")
    counter, samples = _Counter(), 0
    layers = [module for module in network.modules() if isinstance(module, (nn.Linear, *_CONVOLUTIONS))]
    handles = [module.register_forward_hook(counter.neuron) for module in neurons]
    handles += [module.register_forward_hook(counter.layer) for module in layers]
    try:
        with torch.no_grad():
            for batch in batches:
                network(batch)
                samples += len(batch)
    finally:
        for handle in handles:
            handle.remove()
    if not neurons:
        if counter.macs != flops() * samples:
            raise Unavailable("the network has no spiking neurons, and multiplies beside its linear maps and convolutions")
        return Spiking(spikes=None, synops=counter.synops / samples)
    if counter.graded or not counter.calls:
        raise Unavailable("the network has no spiking neurons that put out 0 or 1")
    return Spiking(spikes=counter.spikes / samples, synops=counter.synops / samples)


def layer_synops(layer: nn.Module, inputs: Tensor) -> float:
    """Return the synaptic operations of one call of a linear map or a convolution, summed over samples.

    The sum over outputs is taken before the map is applied: it is one map of the counts of weights other than zero.
    """
    weight: Any = layer.weight
    there, counts = (inputs != 0).to(torch.float32), (weight != 0).to(torch.float32)
    if isinstance(layer, nn.Linear):
        return float(F.linear(there, counts.sum(0, keepdim=True)).sum(dtype=torch.float64))
    assert isinstance(layer, _CONVOLUTIONS)
    filters = counts.unflatten(0, (layer.groups, -1)).sum(1)
    reached = layer._conv_forward(there, filters, None)  # the layer's own padding, stride and groups
    return float(reached.sum(dtype=torch.float64))
