"""Spikes and synaptic operations, against NeuroBench's own code and by hand."""

from __future__ import annotations

import importlib

import pytest
import torch
from torch import Tensor, nn

from minas import objectives
from minas.graph.architecture import Architecture, Node, Stage
from minas.measures import MEASURES, Trained, measure
from minas.measures._spiking import layer_synops
from minas.network import build
from minas.operators.spiking import SpikingNeuron

SHAPE = (4, 2, 9, 8)
LIF = (("decay", 0.75), ("threshold", 0.5))
NODES = (Node("lif_conv3x3", LIF), Node("spike_maxpool3x3"), Node("lif_depthwise3x3", LIF), Node("lif_conv5x5", LIF))
WIDE = Stage(4, 2, NODES, ((0, 1), (0, 2), (0, 3), (1, 3), (1, 4), (2, 3), (3, 4)))
RECURRENT = Stage(5, 1, (Node("recurrent_lif_conv3x3", LIF),), ((0, 1),))


def events(samples: int) -> Tensor:
    return (torch.rand((samples, *SHAPE), generator=torch.Generator().manual_seed(5)) < 0.3).float()


def network(*stages: Stage) -> nn.Module:
    found = build(Architecture("spikes", stages, (("decay", 1.0), ("grid", 2), ("phases", 1))), shape=SHAPE, classes=3, seed=1)
    with torch.no_grad():
        for _ in range(20):
            found.train()(events(16))
        for parameter in found.parameters():  # some weights are zero
            if parameter.dim() > 1:
                parameter.mul_(torch.rand(parameter.shape, generator=torch.Generator().manual_seed(2)) < 0.8)
    return found.eval()


def trained(net: nn.Module, inputs: Tensor) -> Trained:
    return Trained(network=net, inputs=inputs, targets=torch.zeros(len(inputs), dtype=torch.int64), classes=3)


def figures(net: nn.Module, inputs: Tensor) -> dict[str, float | None]:
    return measure(trained(net, inputs), ["spikes", "synops"]).values


class Benched:
    """A network as NeuroBench's own code measures it, by its `TorchModel` and `SynapticOperations`."""

    def __init__(self, net: nn.Module, *neurons: type[nn.Module]) -> None:
        self.models = neurobench("neurobench.models.torch_model")
        self.model = self.models.TorchModel(net)
        for neuron in neurons:
            self.model.add_activation_module(neuron)

    def run(self, inputs: Tensor) -> tuple[dict[str, float], float]:
        operations = neurobench("neurobench.metrics.workload.synaptic_operations").SynapticOperations()
        sparsity = neurobench("neurobench.metrics.workload.activation_sparsity").ActivationSparsity()
        self.model.register_hooks()
        data = (inputs, torch.zeros(len(inputs)))
        with torch.no_grad():
            predictions = self.model(inputs)
        found = operations(self.model, predictions, data), sparsity(self.model, predictions, data)
        self.model.cleanup_hooks()
        return found


def neurobench(module: str) -> object:
    pytest.importorskip("neurobench", reason="neurobench 2.3.0 is not installed")
    return importlib.import_module(module)


def test_synops_are_neurobenchs_and_nothing_behind_the_first_layer_multiplies() -> None:
    net, inputs = network(WIDE), events(6)
    found, benched = figures(net, inputs), Benched(net, SpikingNeuron)
    counts, sparsity = benched.run(inputs)
    assert found["synops"] == counts["Effective_ACs"] + counts["Effective_MACs"]
    assert counts["Effective_MACs"] == 0
    assert 0 < found["synops"] < counts["Dense"]
    units = [4 * 4 * 5 * 4] * 3  # neurons of three operators, at each of four time steps
    assert found["spikes"] == pytest.approx((1 - sparsity) * sum(units))


def test_analogue_inputs_multiply_in_the_first_layer_alone() -> None:
    net, inputs = network(WIDE), events(6) * 0.7
    counts, _ = Benched(net, SpikingNeuron).run(inputs)
    first = layer_synops(net.stage0_node0.convolutions[0], inputs.flatten(0, 1)) / 6
    assert counts["Effective_MACs"] == pytest.approx(first)
    assert figures(net, inputs)["synops"] == pytest.approx(counts["Effective_ACs"] + counts["Effective_MACs"])


class StepByStep(nn.Module):
    """The recurrent network written for snnTorch: one time step after the other, its matrix a convolution."""

    def __init__(self, net: nn.Module, neuron: nn.Module) -> None:
        super().__init__()
        operator = net.stage0_node0
        self.feed, self.norm, self.neuron = operator.convolutions[0], operator.norm, neuron
        self.back = nn.Conv2d(5, 5, 1, bias=False)
        with torch.no_grad():
            self.back.weight.copy_(operator.neuron.matrix[:, :, None, None])
        (self.read,) = net.head.linears

    def forward(self, x: Tensor) -> Tensor:
        spikes = membrane = torch.zeros(len(x), 5, 9, 8)
        total = torch.zeros(len(x), 3)
        for now in x.unbind(1):
            spikes, membrane = self.neuron(self.norm(self.feed(now)) + self.back(spikes), membrane)
            pooled = nn.functional.adaptive_max_pool2d(spikes, 2)
            total = total + self.read(pooled.flatten(1))
        return total


def test_a_recurrent_network_is_counted_as_the_same_one_written_for_snntorch() -> None:
    snntorch = pytest.importorskip("snntorch", reason="snntorch is not installed: pip install 'minas[test]'")
    net, inputs = network(RECURRENT), events(6)
    twin = StepByStep(net, snntorch.Leaky(beta=0.75, threshold=0.5, reset_mechanism="zero")).eval()
    snntorch.SpikingNeuron.instances.clear()
    with torch.no_grad():
        assert torch.allclose(twin(inputs), net(inputs), atol=1e-5)
    counts, sparsity = Benched(twin, snntorch.SpikingNeuron).run(inputs)
    found = figures(net, inputs)
    assert found["synops"] == pytest.approx(counts["Effective_ACs"] + counts["Effective_MACs"])
    assert found["spikes"] == pytest.approx((1 - sparsity) * 4 * 5 * 9 * 8)
    assert counts["Effective_MACs"] == 0


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(4, 6, 3, stride=2, padding=1, groups=2),
        nn.Conv2d(4, 4, 3, padding=2, dilation=2, padding_mode="circular"),
        nn.Conv1d(4, 6, 3),
        nn.Linear(5, 3),
    ],
    ids=["groups", "circular", "one axis", "linear"],
)
def test_a_layer_against_a_count_one_by_one(layer: nn.Module) -> None:
    """By the gradient: an output of the layer with weights of ones and zeros is the number of inputs that reach it."""
    generator = torch.Generator().manual_seed(4)
    shape = (2, 5) if isinstance(layer, nn.Linear) else (2, 4, *[7] * (layer.weight.dim() - 2))
    inputs = (torch.rand(shape, generator=generator) < 0.4) * torch.randn(shape, generator=generator)
    with torch.no_grad():
        layer.weight.mul_(torch.rand(layer.weight.shape, generator=generator) < 0.7)
        layer.bias.fill_(9.0)
        found = layer_synops(layer, inputs)
        layer.bias.zero_()
        layer.weight.copy_(layer.weight != 0)
        total = sum(float(layer(one.unsqueeze(0)).sum()) for one in (inputs != 0).float())
    assert found == pytest.approx(total)
    assert found > 0


def test_padding_never_counts() -> None:
    layer = nn.Conv2d(1, 1, 3, padding=1)
    assert layer_synops(layer, torch.ones(1, 1, 8, 8)) == 484  # 22 * 22; with the padding it would be 576


class Graded(nn.Module):
    """Brings a potential, and puts out more than spikes."""

    def forward(self, x: Tensor) -> Tensor:
        return 2 * x

    def potential(self, rows: Tensor | None, current: Tensor) -> Tensor:
        return current.new_zeros(())


class Product(nn.Module):
    """Multiplies two states with each other, which no layer shows."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        return (self.linear(x) @ x.transpose(-1, -2)).flatten(1)


def test_an_ordinary_network_has_synaptic_operations_and_no_spikes() -> None:
    net, x = nn.Sequential(nn.Conv2d(2, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(126, 3)).eval(), events(4).sum(1)
    found = measure(trained(net, x), ["spikes", "synops"])
    assert found.values["spikes"] is None
    assert found.reasons["spikes"] == "the network has no spiking neurons"
    hidden = net[:3](x)
    first = sum(3 * int((x[:, :, row : row + 3, column : column + 3] != 0).sum()) for row in range(7) for column in range(6))
    assert found.values["synops"] == pytest.approx((first + 3 * int((hidden != 0).sum())) / 4)


@pytest.mark.parametrize(
    ("net", "reason"),
    [
        (Product(), "the network has no spiking neurons"),
        (nn.Sequential(nn.Flatten(), nn.Linear(576, 3), Graded()), "no spiking neurons that put out 0 or 1"),
        (nn.Sequential(SpikingNeuron(), nn.Flatten(2), nn.GRU(144, 3)), "the synaptic operations of GRU are not known"),
    ],
    ids=["product beside", "graded", "recurrent layer"],
)
def test_other_networks_have_none(net: nn.Module, reason: str) -> None:
    found = measure(trained(net.eval(), events(2)), ["spikes", "synops"])
    assert found.values == {"spikes": None, "synops": None}
    assert all(reason in text for text in found.reasons.values())


def test_hooks_are_gone_afterwards() -> None:
    net = network(WIDE)
    figures(net, events(2))
    assert not any(module._forward_hooks for module in net.modules())


def test_the_objective_set_minimises_them() -> None:
    chosen = objectives.load("neuromorphic", MEASURES.names())
    assert chosen.measures == ["error", "synops", "action"]
    assert not MEASURES.get("synops").before_training
