from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from minas import config, operators, resources, seeds
from minas.errors import ArchitectureError
from minas.graph.architecture import Architecture, Node, Stage, canonical
from minas.graph.prediction import features
from minas.graph.space import from_document
from minas.graph.variation import sample
from minas.network import Network, build

CONV = Node("conv3x3")
SPACE = from_document(config.read(resources.find("search_spaces", "vision")))
SHAPES = [(1, 28, 28), (3, 32, 32)]


def one_stage(nodes: tuple[Node, ...], edges: tuple[tuple[int, int], ...], width: int = 4) -> Architecture:
    return Architecture("image", (Stage(width, 2, nodes, edges),), (("grid", 2),))


def sampled(seed: int) -> Architecture:
    return sample(SPACE, seeds.generator(seed, "test"))


def check_gradients(network: Network, shape: tuple[int, ...], classes: int) -> None:
    torch.manual_seed(0)
    logits = network.train()(torch.randn(32, *shape))
    assert logits.shape == (32, classes)
    assert logits.isfinite().all()
    nn.functional.cross_entropy(logits, torch.arange(32) % classes).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize("name", operators.names("image"))
def test_every_operator_inside_a_stage_trains(name: str) -> None:
    architecture = one_stage((CONV, Node(name), CONV), ((0, 1), (0, 2), (1, 2), (1, 3), (2, 3)), width=8)
    check_gradients(build(architecture, shape=(3, 12, 12), classes=3, seed=0), (3, 12, 12), 3)


@pytest.mark.parametrize("name", [name for name in operators.names("image") if operators.signature(name)["place"] == "entry"])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_every_entry_trains(name: str, stride: int) -> None:
    architecture = Architecture("image", (Stage(4, stride, (Node(name),), ((0, 1),)),) * 2, (("grid", 1),))
    check_gradients(build(architecture, shape=(1, 13, 13), classes=2, seed=0), (1, 13, 13), 2)


@pytest.mark.parametrize("seed", range(40))
def test_sampled_architectures_build_and_train(seed: int) -> None:
    shape = SHAPES[seed % 2]
    architecture = canonical(sampled(seed))
    network = build(architecture, shape=shape, classes=10, seed=seed)
    check_gradients(network, shape, 10)
    assert (
        sum(parameter.numel() for parameter in network.parameters()) == features(architecture, shape=shape, classes=10).params
    )


@pytest.mark.parametrize("seed", range(6))
def test_every_node_has_an_effect(seed: int) -> None:
    network = build(sampled(seed), shape=(1, 28, 28), classes=10, seed=seed).eval()
    x = torch.randn(2, 1, 28, 28)
    with torch.no_grad():
        before = network(x)
        for application in network.plan.applications:
            handle = getattr(network, application.name).register_forward_hook(lambda module, inputs, output: output + 1)
            assert not torch.equal(network(x), before), application.name
            handle.remove()
        assert torch.equal(network(x), before)


def test_states_merge_by_their_mean_in_ascending_order() -> None:
    architecture = canonical(
        one_stage((CONV, CONV, Node("sep3x3"), Node("conv1x1")), ((0, 1), (0, 2), (0, 3), (1, 3), (2, 3), (3, 4)))
    )
    network = build(architecture, shape=(1, 9, 9), classes=3, seed=0).eval()
    x = torch.randn(4, 1, 9, 9)
    entry = network.stage0_node0(x)
    first, second = network.stage0_node1(entry), network.stage0_node2(entry)
    expected = network.head(network.stage0_node3((entry + first + second) / 3))
    assert torch.equal(network(x), expected)


def test_isomorphic_architectures_give_equal_networks() -> None:
    sep = Node("sep3x3")
    one = one_stage((CONV, CONV, sep), ((0, 1), (0, 2), (1, 3), (2, 3)))
    other = one_stage((CONV, sep, CONV), ((0, 1), (0, 2), (1, 3), (2, 3)))
    x = torch.randn(4, 1, 9, 9)
    outputs = [build(architecture, shape=(1, 9, 9), classes=3, seed=5)(x) for architecture in (one, other)]
    assert torch.equal(*outputs)


def test_identities_are_no_part_of_a_network() -> None:
    architecture = one_stage((CONV, Node("identity"), CONV), ((0, 1), (1, 2), (2, 3)))
    network = build(architecture, shape=(1, 9, 9), classes=3, seed=0)
    assert [name for name, _ in network.named_children()] == ["stage0_node0", "stage0_node1", "head"]


def test_states_lie_with_their_channels_last() -> None:
    network = build(sampled(1), shape=(3, 32, 32), classes=10, seed=0)
    seen: list[bool] = []
    for application in network.plan.applications:
        getattr(network, application.name).register_forward_hook(
            lambda module, inputs, output: seen.append(output.is_contiguous(memory_format=torch.channels_last))
        )
    network(torch.randn(4, 3, 32, 32))
    assert seen
    assert all(seen)


def test_a_copy_is_independent() -> None:
    network = build(sampled(2), shape=(1, 28, 28), classes=10, seed=0).eval()
    twin = copy.deepcopy(network)
    x = torch.randn(2, 1, 28, 28)
    assert torch.equal(twin(x), network(x))
    with torch.no_grad():
        twin.stage0_node0.norm.bias.add_(1.0)
    assert not torch.equal(twin(x), network(x))


def test_a_layer_that_is_replaced_is_used() -> None:
    network = build(sampled(3), shape=(1, 28, 28), classes=10, seed=0)
    entry = network.stage0_node0
    called: list[int] = []
    network.stage0_node0 = nn.Sequential(entry)
    network.stage0_node0.register_forward_hook(lambda module, inputs, output: called.append(1))
    network(torch.randn(2, 1, 28, 28))
    assert called == [1]


@pytest.mark.parametrize("shape", [(1, 28), (1, 28, 0), (28,), (1, 1, 28, 28)])
def test_shapes_that_make_no_sense_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ArchitectureError, match=r"the shape of a sample is .* expected \(channels, height, width\)"):
        build(one_stage((CONV,), ((0, 1),)), shape=shape, classes=3, seed=0)


def test_no_class_is_refused() -> None:
    with pytest.raises(ArchitectureError, match="the number of classes is 0, expected at least 1"):
        build(one_stage((CONV,), ((0, 1),)), shape=(1, 9, 9), classes=0, seed=0)


def test_a_dead_node_is_refused() -> None:
    with pytest.raises(ArchitectureError, match="no path from the entry to the output"):
        build(one_stage((CONV, CONV), ((0, 1), (0, 2))), shape=(1, 9, 9), classes=3, seed=0)
