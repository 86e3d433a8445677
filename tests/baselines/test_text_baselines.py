"""The published networks for texts: sizes as a hand counts them, padding without effect, training and measuring."""

from __future__ import annotations

import pytest
import torch

import minas
from minas import baselines
from minas.data.texts import IDS
from minas.training.loop import train
from minas.training.settings import TrainingSettings

NAMES = ["fastText", "TextCNN", "Transformer"]


def built(name: str, tokens: int = 20, classes: int = 2) -> torch.nn.Module:
    return baselines.find("text", name).build((tokens,), classes, 0).eval()


def texts(samples: int, tokens: int = 20, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    words = torch.randint(1, IDS, (samples, tokens), generator=generator)
    lengths = torch.randint(1, tokens + 1, (samples, 1), generator=generator)
    return torch.where(torch.arange(tokens) < lengths, words, 0)


FILTERS = (3 + 4 + 5) * 64 * 100


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("fastText", (IDS + 131072) * 16 + 2 * 16 + 2),
        ("TextCNN", IDS * 64 + FILTERS + 300 + 2 * 300 + 2),
        ("Transformer", (IDS + 20) * 64 + 4 * (64 * 64 + 64) + 2 * 64 * 128 + 128 + 64 + 4 * 64 + 2 * 64 + 2),
    ],
)
def test_parameters_are_those_that_a_hand_counts(name: str, params: int) -> None:
    assert sum(parameter.numel() for parameter in built(name).parameters()) == params


@pytest.mark.parametrize(
    ("name", "macs"),
    [
        ("fastText", 2 * 16),
        ("TextCNN", 20 * FILTERS + 2 * 300),
        ("Transformer", 20 * (4 * 64 * 64 + 2 * 64 * 128) + 2 * 20 * 20 * 64 + 2 * 64),
    ],
)
def test_multiply_accumulates_are_those_that_a_hand_counts(name: str, macs: int) -> None:
    assert minas.count_flops(built(name), texts(1)) == macs


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("tokens", [1, 2, 7, 60])
def test_padding_changes_neither_logits_nor_action(name: str, tokens: int) -> None:
    network, x = built(name, 60, 5).double(), texts(9, tokens)
    together = network(torch.nn.functional.pad(x, (0, 60 - tokens)))
    alone = torch.cat([network(row[row != 0][None]) for row in x])
    torch.testing.assert_close(together, alone)
    with torch.no_grad(), minas.ActionMeter(network, mask=x != 0) as meter:
        network(x)
    action = []
    for row in x:
        with torch.no_grad(), minas.ActionMeter(network) as single:
            network(row[row != 0][None])
        action.append(single.action())
    torch.testing.assert_close(meter.action(), torch.stack(action).mean())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("lambda_", [0.0, 1e-4])
def test_a_step_of_training_changes_every_layer(name: str, lambda_: float) -> None:
    network, x = built(name), texts(32)
    before = {key: tensor.clone() for key, tensor in network.named_parameters()}
    settings = TrainingSettings(batch_size=16, lambda_=lambda_, learning_rate=0.01)
    done = train(network, x, torch.arange(32) % 2, settings, classes=2, epochs=2, seed=0, padding=0)
    assert done.diverged is None
    for key, tensor in network.named_parameters():
        assert tensor.isfinite().all(), key
        assert not torch.equal(tensor, before[key]), key
        if tensor.shape[0] >= IDS:
            assert not tensor[0].any(), "padding's row stays 0"


@pytest.mark.parametrize("name", NAMES)
def test_the_seed_decides_the_first_weights(name: str) -> None:
    first, again = built(name).state_dict(), built(name).state_dict()
    other = baselines.find("text", name).build((20,), 2, 1).state_dict()
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert any(not torch.equal(first[key], other[key]) for key in first)
