"""FLOPs over the whole shelf of operators: as torch counts them, and as the graph predicts them before building."""

from __future__ import annotations

import pytest
import torch
from flop_oracle import oracle_flops

from minas import config, operators, resources, seeds
from minas.graph import space as graph_space
from minas.graph import variation
from minas.graph.architecture import canonical
from minas.graph.prediction import features
from minas.measures._counting import count
from minas.network import build

IMAGE = torch.zeros(1, 6, 9, 9)
FREE = ("identity", "maxpool3x3", "avgpool3x3")


@pytest.mark.parametrize("name", operators.names("image"))
def test_operator_counts_as_torch_counts(name: str) -> None:
    entry = operators.signature(name)["place"] == "entry"
    outputs, stride = (8, 2) if entry else (6, 1)
    operator = operators.build(name, inputs=6, outputs=outputs, stride=stride)
    counted = count(operator, IMAGE)
    assert counted.flops == oracle_flops(operator, IMAGE)
    assert (counted.flops == 0) == (not operators.signature(name)["linear"]) == (name in FREE)


@pytest.mark.parametrize("number", range(12))
def test_random_networks_cost_what_the_graph_predicts(number: int) -> None:
    space = graph_space.from_document(config.read(resources.find("search_spaces", "vision")))
    architecture = canonical(variation.sample(space, seeds.generator(0, "test", number)))
    network = build(architecture, shape=(1, 28, 28), classes=10, seed=0).eval()
    example = torch.zeros(1, 1, 28, 28)
    counted, predicted = count(network, example), features(architecture, shape=(1, 28, 28), classes=10)
    assert counted.flops == oracle_flops(network, example)
    assert (counted.flops, counted.activations) == (predicted.macs, predicted.activations)
    assert sum(parameter.numel() for parameter in network.parameters()) == predicted.params
