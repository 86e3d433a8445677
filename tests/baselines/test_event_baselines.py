"""The networks that stand beside what is found in events: their sizes by hand, and what they can't see."""

from __future__ import annotations

import pytest
import torch

import minas
from minas import baselines
from minas.measures import Trained, measure
from minas.training.loop import train
from minas.training.settings import TrainingSettings

NAMES = ["spiking CNN", "CNN on summed events"]
SHAPE = (6, 2, 17, 17)

SPIKING = 6 * (13 * 13 * 12 * 2 * 25 + 3 * 3 * 32 * 12 * 25 + 4 * 32 * 10)
SUMMED = 9 * 9 * 16 * 2 * 9 + 5 * 5 * 32 * 16 * 9 + 25 * 32 * 10


def built(name: str, shape: tuple[int, ...] = SHAPE, classes: int = 10) -> torch.nn.Module:
    return baselines.find("neuromorphic", name).build(shape, classes, 0).eval()


def events(samples: int, shape: tuple[int, ...] = SHAPE) -> torch.Tensor:
    return (torch.rand((samples, *shape), generator=torch.Generator().manual_seed(1)) < 0.3).float()


@pytest.mark.parametrize(
    ("name", "macs", "params"),
    [
        ("spiking CNN", SPIKING, 12 * 2 * 25 + 12 + 32 * 12 * 25 + 32 + 4 * 32 * 10 + 10),
        ("CNN on summed events", SUMMED, 16 * 2 * 9 + 2 * 16 + 32 * 16 * 9 + 2 * 32 + 25 * 32 * 10 + 10),
    ],
)
def test_sizes_are_those_that_a_hand_counts(name: str, macs: int, params: int) -> None:
    assert minas.count_flops(built(name), events(1)) == macs
    assert sum(parameter.numel() for parameter in built(name).parameters()) == params


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(1, 2, 1, 1), (3, 1, 1, 40), (10, 2, 34, 34), (2, 2, 6, 5)])
def test_each_takes_any_recording(name: str, shape: tuple[int, ...]) -> None:
    assert built(name, shape, 5)(events(2, shape)).shape == (2, 5)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("lambda_", [0.0, 1e-5])
def test_a_step_of_training_changes_every_weight(name: str, lambda_: float) -> None:
    network, x = built(name), events(16)
    before = {key: tensor.clone() for key, tensor in network.named_parameters()}
    settings = TrainingSettings(batch_size=16, lambda_=lambda_, learning_rate=0.01)
    done = train(network, x, torch.arange(16) % 10, settings, classes=10, epochs=2, seed=0)
    assert done.diverged is None
    for key, tensor in network.named_parameters():
        assert tensor.isfinite().all(), key
        assert not torch.equal(tensor, before[key]), key


def test_only_the_spiking_one_sees_the_order_of_events() -> None:
    x = events(8)
    backwards = x.flip(1)
    spiking, summed = (built(name) for name in NAMES)
    with torch.no_grad():
        for layer in (spiking.first, spiking.second):  # enough for neurons of both layers to fire
            layer.weight.mul_(4.0)
    assert torch.equal(summed(x), summed(backwards))
    assert not torch.equal(spiking(x), spiking(backwards))


def test_both_have_synaptic_operations_and_only_one_has_spikes() -> None:
    x = events(8)
    targets = torch.zeros(8, dtype=torch.int64)
    found = {}
    for name in NAMES:
        trained = Trained(network=built(name), inputs=x, targets=targets, classes=10)
        found[name] = measure(trained, ["spikes", "synops"])
    assert 0 < found["spiking CNN"].values["synops"] < SPIKING
    assert found["spiking CNN"].values["spikes"] > 0
    assert found["CNN on summed events"].values["spikes"] is None
    assert 0 < found["CNN on summed events"].values["synops"] < SUMMED
