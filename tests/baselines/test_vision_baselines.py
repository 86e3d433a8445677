"""Vision's published networks and the two readings, against their papers' sizes and hand counts."""

from __future__ import annotations

import pytest
import torch

import minas
from minas import baselines
from minas.baselines import lenet, mobilenet_v2, resnet_8
from minas.baselines._motion import Lagrangian
from minas.baselines._two_pathways import Bimodal
from minas.errors import UsageError

NAMES = ("LeNet-5", "ResNet-8", "MobileNetV2 small", "bimodal", "Lagrangian")
DIGIT = (1, 28, 28)


def params(network: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def macs(network: torch.nn.Module, shape: tuple[int, ...]) -> int:
    return minas.count_flops(network.eval(), torch.zeros(1, *shape))


def test_lenet_has_the_size_that_it_is_known_by() -> None:
    network = lenet.lenet(DIGIT, 10)
    assert params(network) == 61_706
    by_hand = 28 * 28 * 25 * 6 + 10 * 10 * 25 * 6 * 16 + 400 * 120 + 120 * 84 + 84 * 10
    assert macs(network, DIGIT) == by_hand == 416_520


def test_the_residual_network_in_full_is_resnet_20() -> None:
    """He et al. 2016, table 6: 20 layers, 0.27 million parameters."""
    network = resnet_8.resnet((3, 32, 32), 10, widths=(16, 32, 64), blocks=3)
    assert sum(isinstance(module, torch.nn.Conv2d | torch.nn.Linear) for module in network.modules()) == 20
    assert params(network) == 269_722
    stages = 1024 * 6 * 2304 + 256 * (4608 + 5 * 9216) + 64 * (18_432 + 5 * 36_864)
    assert macs(network, (3, 32, 32)) == 1024 * 27 * 16 + stages + 640


def test_the_mobile_network_in_full_is_the_papers() -> None:
    """Sandler et al. 2018, table 4: 3.4 million parameters, 300 million multiply-accumulates."""
    rows = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
    network = mobilenet_v2.mobilenet_v2((3, 224, 224), 1000, rows, first=32, last=1280)
    assert params(network) == 3_504_872
    assert macs(network, (3, 224, 224)) == 300_774_272


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("LeNet-5", 416_520),
        ("ResNet-8", 784 * 72 + 784 * 1152 + 196 * 3456 + 49 * 13_824 + 320),
        (
            "MobileNetV2 small",
            196 * (72 + 72 + 64 + 384)
            + 49 * (9 * 48 + 48 * 12)
            + 49 * (12 * 72 + 9 * 72 + 72 * 16)
            + 49 * (16 * 96 + 9 * 96 + 96 * 16)
            + 49 * 16 * 96
            + 16 * (9 * 96 + 96 * 24)
            + 16 * 24 * 64
            + 640,
        ),
        ("bimodal", 196 * 108 + 196 * 1296 + 49 * 2592 + 49 * 5184 + 2 * 8 * (12 + 12 + 24 + 24) + (216 + 8) * 10),
        (
            "Lagrangian",
            196 * 108 + 2 * (196 * (108 + 144) + 144) + 49 * 2592 + 2 * (49 * (216 + 576) + 576) + 216 * 10,
        ),
    ],
)
def test_the_small_ones_cost_what_a_hand_counts(name: str, count: int) -> None:
    assert macs(baselines.find("vision", name).build(DIGIT, 10, 0), DIGIT) == count
    assert macs(baselines.find("vision", f"{name} without action").build(DIGIT, 10, 0), DIGIT) == count


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(1, 4, 4), (3, 7, 30), (2, 64, 64)])
def test_they_take_small_narrow_and_large_images(name: str, shape: tuple[int, ...]) -> None:
    assert baselines.find("vision", name).build(shape, 3, 0).eval()(torch.rand(2, *shape)).shape == (2, 3)


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_decides_the_weights_and_moves_no_other_generator(name: str) -> None:
    before = torch.random.get_rng_state()
    first, again, other = (baselines.find("vision", name).build(DIGIT, 10, seed).state_dict() for seed in (1, 1, 2))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert any(not torch.equal(first[key], other[key]) for key in first)


@pytest.mark.parametrize("name", NAMES)
def test_the_action_of_each_is_known_and_has_a_gradient(name: str) -> None:
    network = baselines.find("vision", name).build(DIGIT, 10, 0)
    with minas.ActionMeter(network) as meter:
        network(torch.rand(4, *DIGIT))
    action = meter.action()
    assert 0 < action < 1e6
    assert meter.kinetic() > 0
    assert meter.potential() > 0
    action.backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())


@pytest.mark.parametrize("network", [Bimodal, Lagrangian])
def test_the_two_readings_refuse_samples_of_three_axes(network) -> None:
    with pytest.raises(UsageError, match="expected channels and one or two axes of positions"):
        network((1, 4, 4, 4), 2, widths=((4, 1),))


def test_the_fast_pathway_is_sparse_and_the_slow_one_modulates_it() -> None:
    network = baselines.find("vision", "bimodal").build(DIGIT, 10, 0)
    fast, slow = network.layers[0](torch.rand(16, *DIGIT), None)
    assert 0.5 < (fast == 0).float().mean() < 0.9
    assert slow.shape == (16, 8)
    other, _ = network.layers[1](fast, slow)
    changed, _ = network.layers[1](fast, slow + 1.0)
    assert not torch.equal(other, changed)
    assert torch.equal(other == 0, changed == 0)


def test_a_motion_without_multiplier_stands_still() -> None:
    network = baselines.find("vision", "Lagrangian").build(DIGIT, 10, 0).eval()
    motion = network.parts[3]
    torch.nn.init.zeros_(motion.constraint.linear.weight)
    torch.nn.init.constant_(motion.constraint.linear.bias, -100.0)
    q = torch.rand(2, 12, 5, 5)
    torch.testing.assert_close(motion(q), q)


def test_only_chains_are_trained_within_a_search() -> None:
    within = [name for name, baseline in baselines.of_domain("vision").items() if baseline.in_search]
    assert within == ["chain w8 no inner", "chain w8", "chain w16"]
