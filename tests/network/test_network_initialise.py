from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from minas.graph.architecture import Architecture, Node, Stage
from minas.network import Network, build
from minas.network.initialise import seeded

WIDE = Architecture(
    "image",
    (
        Stage(
            64,
            2,
            (Node("conv3x3"), Node("conv3x3"), Node("sep5x5"), Node("squeeze_excitation")),
            ((0, 1), (1, 2), (2, 3), (3, 4)),
        ),
    ),
    (("grid", 3),),
)


def network(seed: int) -> Network:
    return build(WIDE, shape=(1, 28, 28), classes=10, seed=seed)


def same(one: nn.Module, other: nn.Module) -> bool:
    states = one.state_dict(), other.state_dict()
    return all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_the_same_seed_gives_the_same_bits_whatever_the_global_state() -> None:
    torch.manual_seed(1)
    one = network(7)
    torch.manual_seed(2)
    assert same(one, network(7))
    assert not same(one, network(8))


@pytest.mark.parametrize("seed", [0, 2**63 - 1])
def test_the_callers_generator_stays_as_it_is(seed: int) -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    network(seed)
    assert torch.equal(torch.get_rng_state(), before)


def test_it_stays_as_it_is_after_an_error_too() -> None:
    before = torch.get_rng_state()
    with pytest.raises(RuntimeError, match="shape"), seeded(3):
        torch.randn(10).reshape(3, 3)
    assert torch.equal(torch.get_rng_state(), before)


def test_convolutions_are_the_identity_plus_a_draw_by_their_fan_in_and_biases_are_zero() -> None:
    found = network(0)
    for name, module in found.named_modules():
        if isinstance(module, nn.Conv2d):
            fan_in = module.weight[0].numel()
            drawn = module.weight - nn.init.dirac_(torch.empty_like(module.weight), groups=module.groups)
            gate = name.endswith(("squeeze", "excite"))
            if module.weight.numel() > 1000 and not gate:
                assert drawn.std().item() == pytest.approx(0.5 * math.sqrt(2 / fan_in), rel=0.15), name
                assert drawn.mean().item() == pytest.approx(0.0, abs=0.1 * math.sqrt(2 / fan_in)), name
        if isinstance(module, nn.Linear):
            assert module.weight.std().item() == pytest.approx(1 / math.sqrt(module.in_features), rel=0.1)
        if isinstance(module, nn.Conv2d | nn.Linear) and module.bias is not None:
            assert not module.bias.any(), name


def test_the_variance_before_normalisation_stays_far_above_its_eps() -> None:
    found = network(0)
    seen: list[float] = []
    for module in found.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0].var((0, 2, 3)).min().item()))
    found(torch.randn(32, 1, 28, 28))
    assert len(seen) == 3
    assert min(seen) > 1e3 * 1e-5
