"""The action on the nodes of a drawing adds up to the network's."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from minas.action.masks import other_than
from minas.action.meter import ActionMeter
from minas.api.networks import node_actions, place_actions
from minas.graph.architecture import Architecture, Node, Stage
from minas.graph.kinds import padding_of
from minas.graph.prediction import costs
from minas.network import Network, build

LIF = (("decay", 0.5), ("threshold", 0.5))
DIAMOND = ((0, 1), (0, 2), (1, 3), (2, 3))


def stages(entry: Node, left: Node, right: Node, *, width: int = 4) -> tuple[Stage, ...]:
    return Stage(width, 1, (entry,), ((0, 1),)), Stage(width, 2, (entry, left, right), DIAMOND)


def text(bag: int) -> Architecture:
    stem = (("bag", bag), ("buckets", 50), ("grams", 2), ("rows", 90), ("width", 4))
    nodes = (Node("token_pass"), Node("token_pass"), Node("token_feed_forward"))
    if not bag:
        nodes = (Node("token_conv3"), Node("token_gru", (("directions", 2),)), Node("token_attention", (("heads", 2),)))
    return Architecture("text", stages(*nodes), head=(("pool", "mean"),), stem=stem)


ARCHITECTURES = {
    "vision": (
        Architecture("image", stages(Node("conv3x3"), Node("maxpool3x3"), Node("squeeze_excitation")), head=(("grid", 2),)),
        (1, 8, 8),
    ),
    "text": (text(0), (9,)),
    "bag": (text(1), (9,)),
    "physiological": (
        Architecture(
            "signal",
            stages(Node("temporal7"), Node("temporal_gru", (("directions", 1),)), Node("avgpool7")),
            head=(("spans", 2),),
        ),
        (3, 20),
    ),
    "neuromorphic": (
        Architecture(
            "spikes",
            stages(Node("lif_conv3x3", LIF), Node("recurrent_lif_conv3x3", LIF), Node("spike_maxpool3x3")),
            head=(("decay", 1.0), ("grid", 2), ("phases", 1)),
        ),
        (3, 2, 6, 6),
    ),
}


def samples(architecture: Architecture, shape: tuple[int, ...]) -> Tensor:
    generator = torch.Generator().manual_seed(3)
    if padding_of(architecture.kind) is None:
        return (torch.rand((4, *shape), generator=generator) < 0.5).float()
    words = torch.randint(1, 40, (4, *shape), generator=generator)
    return words * (torch.arange(shape[0]) < torch.tensor([[2], [9], [5], [7]]))


def case(name: str) -> tuple[Network, Tensor, int | None]:
    architecture, shape = ARCHITECTURES[name]
    network = build(architecture, shape=shape, classes=3, seed=1).eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter.data, std=0.4, generator=torch.Generator().manual_seed(2))
    return network, samples(architecture, shape), padding_of(architecture.kind)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_sum_over_the_nodes_is_the_network_s_action(name: str) -> None:
    network, inputs, padding = case(name)
    found = place_actions(network, inputs, padding=padding)
    with torch.no_grad(), ActionMeter(network, mask=other_than(padding)) as meter:
        network(inputs)
    assert sum(found.values()) == pytest.approx(float(meter.action()), rel=1e-5)
    assert set(found) == set(costs(network.architecture, shape=network.shape, classes=3)), "stem, nodes and head"


@pytest.mark.parametrize("name", ["text", "bag"])
def test_a_stem_has_a_place_of_its_own(name: str) -> None:
    network, inputs, padding = case(name)
    found = place_actions(network, inputs, padding=padding)
    with torch.no_grad(), ActionMeter(network.stem, mask=other_than(padding)) as meter:
        network.stem(inputs)
    assert found[-1, 0] == pytest.approx(float(meter.action()), rel=1e-5)
    assert found[2, 0] > 0


def test_currents_of_several_edges_belong_to_the_node_that_sums_them() -> None:
    summing, other = (Stage(4, 1, (Node("lif_conv3x3", LIF),) * 3, ((0, 1), (0, 2), (1, 2), (2, 3))) for _ in range(2))
    architecture = Architecture("spikes", (summing, other), head=(("decay", 1.0), ("grid", 1), ("phases", 1)))
    network = build(architecture, shape=(3, 2, 6, 6), classes=3, seed=1).eval()
    given: list[tuple[Tensor, ...]] = []
    handle = network.stage0_node2.register_forward_pre_hook(lambda module, states: given.append(states))
    found = place_actions(network, samples(architecture, (3, 2, 6, 6)))
    handle.remove()
    assert len(given[0]) == 2
    with torch.no_grad(), ActionMeter(network.stage0_node2) as meter:
        network.stage0_node2(*given[0])
    assert found[0, 2] == pytest.approx(float(meter.action()), rel=1e-5)


def test_a_drawing_s_figures_add_up_to_the_run_s_measure(finished_run) -> None:
    member = finished_run.front.knee()
    found = node_actions(member, samples=10**6)
    assert sum(found.values()) == pytest.approx(member.chosen.measures["action"], rel=1e-4)
