"""Class weights: what they are, what the loss becomes, what a rare class gains, and that nothing changes without them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from minas import config
from minas.errors import ConfigError
from minas.training.loop import balanced_weights, train
from minas.training.settings import TrainingSettings

PLAIN = TrainingSettings(batch_size=32, learning_rate=0.02, lambda_=0.0)
BALANCED = dataclasses.replace(PLAIN, class_weights="balanced")


def rare(samples: int = 320, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Points of two classes that overlap; a sixteenth is of the second class."""
    generator = torch.Generator().manual_seed(seed)
    targets = (torch.arange(samples) % 16 == 0).long()
    return torch.randn(samples, 2, generator=generator) + 1.2 * targets[:, None], targets


def linear() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Linear(2, 2)


def trained(settings: TrainingSettings, **options) -> nn.Module:
    inputs, targets = rare()
    network = linear()
    train(network, inputs, targets, settings, **{"classes": 2, "epochs": 12, "seed": 0, **options})
    return network.eval()


@settings(deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=60))
def test_weights_are_those_of_scikit_learn_with_a_mean_of_1(labels: list[int]) -> None:
    oracle = pytest.importorskip("sklearn.utils.class_weight")
    weights = balanced_weights(torch.tensor(labels), 5)
    present = np.unique(labels)
    wanted = oracle.compute_class_weight("balanced", classes=present, y=np.array(labels))
    np.testing.assert_allclose(weights[present], wanted, rtol=1e-6)
    assert weights[labels].mean().item() == pytest.approx(1.0, rel=1e-5)
    assert weights.count_nonzero() == len(present)


def test_the_loss_is_the_mean_over_classes_of_their_own_means() -> None:
    inputs, targets = rare(32)
    with torch.no_grad():
        losses = F.cross_entropy(linear()(inputs), targets, reduction="none")
        wanted = (losses[targets == 0].mean() + losses[targets == 1].mean()) / 2
    done = train(linear(), inputs, targets, BALANCED, classes=2, epochs=1, seed=0)
    assert done.losses == pytest.approx((wanted.item(),), rel=1e-5)


def test_batches_together_give_the_loss_of_all_samples() -> None:
    """Also where most batches have no sample of the rare class."""
    inputs, targets = rare(64)
    still = dataclasses.replace(BALANCED, batch_size=4, learning_rate=1e-12, weight_decay=0.0)
    whole = dataclasses.replace(still, batch_size=64)
    parts = train(linear(), inputs, targets, still, classes=2, epochs=1, seed=0)
    assert parts.losses == pytest.approx(train(linear(), inputs, targets, whole, classes=2, epochs=1, seed=0).losses, rel=1e-5)


@pytest.mark.parametrize("lambda_", [0.0, 1e-4])
def test_a_rare_class_is_found_that_would_not_be(lambda_: float) -> None:
    inputs, targets = rare(2000, seed=1)

    def found(settings: TrainingSettings) -> float:
        answers = trained(dataclasses.replace(settings, lambda_=lambda_))(inputs).argmax(1)
        return (answers[targets == 1] == 1).float().mean().item()

    assert found(PLAIN) < 0.4
    assert found(BALANCED) > 0.7


def test_equal_classes_are_trained_as_without_weights() -> None:
    inputs, targets = rare()
    equal = torch.arange(len(targets)) % 2
    first, second = linear(), linear()
    train(first, inputs, equal, PLAIN, classes=2, epochs=2, seed=0)
    train(second, inputs, equal, BALANCED, classes=2, epochs=2, seed=0)
    torch.testing.assert_close(first.weight, second.weight)


def test_a_class_that_no_training_sample_has_weighs_nothing() -> None:
    inputs, targets = rare(32)
    with torch.random.fork_rng():
        network = nn.Linear(2, 4)
    done = train(network, inputs, targets, BALANCED, classes=4, epochs=2, seed=0)
    assert done.diverged is None


def test_the_setting_is_read_and_mistakes_in_it_are_named() -> None:
    def read(value: str) -> TrainingSettings:
        return config.parse(f"[training]\nclass_weights = {value}\n", source="space.toml").section(
            "training", TrainingSettings
        )

    assert read('"balanced"').class_weights == "balanced"
    assert TrainingSettings().class_weights == "none"
    with pytest.raises(ConfigError, match=r"line 2.*class_weights"):
        read('"balancd"')
