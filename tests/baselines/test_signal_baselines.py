"""The published networks for signals: their sizes as they are known, and that they can be trained and measured."""

from __future__ import annotations

import pytest
import torch

import minas
from minas import baselines
from minas.training.loop import train
from minas.training.settings import TrainingSettings

NAMES = ["EEGNet", "ShallowConvNet", "ResNet-1d"]

EEGNET = 8 * 64 * 6 * 896 + 16 * 6 * 896 + 2 * 16 * 16 * 224 + 16 * 28 * 2
SHALLOW = 40 * 6 * 25 * 872 + 40 * 54 * 2
FIRST = 7 * 6 * 16 + 5 * 16 * 16 + 3 * 16 * 16 + 6 * 16
SECOND = 7 * 16 * 32 + 5 * 32 * 32 + 3 * 32 * 32 + 16 * 32
THIRD = (7 + 5 + 3) * 32 * 32


def built(name: str, shape: tuple[int, int], classes: int = 2) -> torch.nn.Module:
    return baselines.find("physiological", name).build(shape, classes, 0).eval()


@pytest.mark.parametrize(
    ("name", "shape", "classes", "params"),
    [
        ("EEGNet", (6, 896), 2, 2_098),
        ("EEGNet", (22, 1000), 4, 3_444),
        ("ShallowConvNet", (6, 896), 2, 15_042),
        ("ShallowConvNet", (22, 1000), 4, 46_084),
        ("ResNet-1d", (6, 896), 2, FIRST + SECOND + THIRD + 2 * (4 * 16 + 4 * 32 + 4 * 32) + 66),
    ],
)
def test_parameters_are_as_many_as_published_code_has(name: str, shape: tuple[int, int], classes: int, params: int) -> None:
    assert sum(parameter.numel() for parameter in built(name, shape, classes).parameters()) == params


@pytest.mark.parametrize(
    ("name", "macs"), [("EEGNet", EEGNET), ("ShallowConvNet", SHALLOW), ("ResNet-1d", 896 * (FIRST + SECOND + THIRD) + 64)]
)
def test_multiply_accumulates_are_those_that_a_hand_counts(name: str, macs: int) -> None:
    assert minas.count_flops(built(name, (6, 896)), torch.zeros(1, 6, 896)) == macs


def test_the_combined_convolution_is_one_over_time_and_one_over_electrodes() -> None:
    convolution = built("ShallowConvNet", (6, 100)).convolution
    x = torch.randn(3, 6, 100)
    apart = convolution.over_space(convolution.over_time(x.unsqueeze(1))).squeeze(2)
    torch.testing.assert_close(convolution(x), apart, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(1, 1), (2, 20), (3, 112), (6, 300)])
def test_each_takes_any_signal(name: str, shape: tuple[int, int]) -> None:
    assert built(name, shape, 5)(torch.randn(2, *shape)).shape == (2, 5)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("lambda_", [0.0, 1e-5])
def test_a_step_of_training_changes_every_weight(name: str, lambda_: float) -> None:
    network, x = built(name, (3, 112)), torch.randn(16, 3, 112)
    before = {key: tensor.clone() for key, tensor in network.named_parameters()}
    settings = TrainingSettings(batch_size=16, lambda_=lambda_, learning_rate=0.01)
    done = train(network, x, torch.arange(16) % 2, settings, classes=2, epochs=2, seed=0)
    assert done.diverged is None
    for key, tensor in network.named_parameters():
        assert tensor.isfinite().all(), key
        assert not torch.equal(tensor, before[key]), key
    with minas.ActionMeter(network.eval()) as meter:
        network(x)
    assert float(meter.action().detach()) > 0


@pytest.mark.parametrize("name", NAMES)
def test_the_seed_decides_the_first_weights(name: str) -> None:
    first, again = built(name, (3, 50)).state_dict(), built(name, (3, 50)).state_dict()
    other = baselines.find("physiological", name).build((3, 50), 2, 1).state_dict()
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert any(not torch.equal(first[key], other[key]) for key in first)
