"""A relative lambda is in units of the untrained network's cross-entropy over its functional; a target is noted when reached."""

from __future__ import annotations

import contextlib
import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from minas.action.meter import ActionMeter
from minas.errors import ArchitectureError
from minas.training.loop import train
from minas.training.relative import absolute
from minas.training.settings import TrainingSettings


def network(scale: float = 1.0) -> nn.Module:
    torch.manual_seed(3)
    made = nn.Sequential(nn.Flatten(), nn.Linear(12, 9), nn.ReLU(), nn.Linear(9, 3))
    with torch.no_grad():
        made[1].weight.mul_(scale)
    return made


@pytest.fixture(scope="module")
def samples() -> tuple[torch.Tensor, torch.Tensor]:
    """Points around three corners: easy to learn, and in no order."""
    generator = torch.Generator().manual_seed(5)
    targets = torch.randint(0, 3, (300,), generator=generator)
    corners = 3 * torch.eye(12)[:3]
    return corners[targets] + torch.randn(300, 12, generator=generator), targets


def by_hand(made: nn.Module, inputs: torch.Tensor, targets: torch.Tensor, name: str) -> float:
    meter = ActionMeter(made)
    with meter, torch.no_grad():
        logits = made(inputs[:256])
    return float(F.cross_entropy(logits, targets[:256])) / float(getattr(meter, name)())


@pytest.mark.parametrize("functional", ["action", "activation_energy", "kinetic", "potential"])
@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_the_weight_is_lambda_times_cross_entropy_over_the_functional(samples, functional, scale) -> None:
    settings = TrainingSettings(lambda_=0.5, functional=functional, lambda_scale="relative")
    made = network(scale)
    expected = 0.5 * by_hand(network(scale), *samples, functional)
    assert absolute(made, *samples, settings, seed=1) == pytest.approx(expected, rel=1e-5)


def test_the_untrained_network_and_chance_are_left_as_they_were(samples) -> None:
    made = nn.Sequential(nn.Linear(12, 9), nn.BatchNorm1d(9), nn.Dropout(0.5), nn.ReLU(), nn.Linear(9, 3))
    before, chance = copy.deepcopy(made.state_dict()), torch.get_rng_state()
    settings = TrainingSettings(lambda_=0.5, lambda_scale="relative")
    first = absolute(made, *samples, settings, seed=1)
    assert all(torch.equal(before[name], tensor) for name, tensor in made.state_dict().items())
    assert torch.equal(chance, torch.get_rng_state())
    assert first == absolute(made, *samples, settings, seed=1)
    assert first != absolute(made, *samples, settings, seed=2)


def test_no_lambda_stays_none(samples) -> None:
    assert absolute(network(), *samples, TrainingSettings(lambda_=0.0, lambda_scale="relative"), seed=1) == 0.0


def test_a_functional_of_nothing_gives_no_weight(samples) -> None:
    settings = TrainingSettings(lambda_=1.0, functional="activation_energy", lambda_scale="relative")
    with pytest.raises(ArchitectureError, match="activation_energy is 0"):
        absolute(nn.Linear(12, 3), *samples, settings, seed=1)


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_a_relative_lambda_trains_as_the_absolute_one_that_it_stands_for(samples, optimizer) -> None:
    relative = TrainingSettings(lambda_=0.1, lambda_scale="relative", optimizer=optimizer, batch_size=50)
    one, other = network(), network()
    found = train(one, *samples, relative, classes=3, epochs=2, seed=4)
    plain = TrainingSettings(lambda_=found.lambda_, optimizer=optimizer, batch_size=50)
    again = train(other, *samples, plain, classes=3, epochs=2, seed=4)
    assert found.lambda_ == again.lambda_ > 0
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


def test_optimisers_differ_and_both_learn(samples) -> None:
    ends = {}
    for optimizer in ("adamw", "sgd"):
        settings = TrainingSettings(lambda_=0.0, optimizer=optimizer, batch_size=50)
        made = network()
        losses = train(made, *samples, settings, classes=3, epochs=8, seed=4).losses
        assert losses[-1] < 0.7 * losses[0]
        ends[optimizer] = made[1].weight
    assert not torch.equal(ends["adamw"], ends["sgd"])


def test_the_epoch_that_reaches_a_target_is_noted(samples) -> None:
    errors = []
    for epochs in range(1, 6):
        made = network()
        settings = TrainingSettings(lambda_=0.0, batch_size=50, warmup=0.0, learning_rate=0.01)
        # a schedule of five epochs cut short: the same training, looked at from outside after each epoch
        made = cut_short(made, *samples, settings, epochs)
        errors.append(float((made(samples[0]).argmax(dim=1) != samples[1]).double().mean()))
    assert errors[0] > errors[-1]
    middle = (errors[0] + min(errors)) / 2
    expected = next(epoch for epoch, error in enumerate(errors, start=1) if error <= middle)
    settings = TrainingSettings(lambda_=0.0, batch_size=50, warmup=0.0, learning_rate=0.01, target_error=middle)
    found = train(network(), *samples, settings, classes=3, epochs=5, seed=4, validation=samples)
    assert found.reached == expected
    assert found.epochs == 5


def cut_short(made: nn.Module, inputs, targets, settings: TrainingSettings, epochs: int) -> nn.Module:
    """Train with the schedule of five epochs and stop earlier, by an augmentation that ends it."""

    class Enough(Exception):
        pass

    shown = iter(range(epochs))

    def augment(samples, generator):
        if next(shown, None) is None:
            raise Enough
        return samples

    with contextlib.suppress(Enough):
        train(made, inputs, targets, settings, classes=3, epochs=5, seed=4, augment=augment)
    return made.eval()


def test_a_target_that_is_never_reached(samples) -> None:
    settings = TrainingSettings(lambda_=0.0, batch_size=50, learning_rate=1e-9, target_error=0.01)
    found = train(network(), *samples, settings, classes=3, epochs=2, seed=4, validation=samples)
    assert found.reached is None


def test_looking_for_a_target_changes_nothing(samples) -> None:
    one, other = network(), network()
    for made, target in ((one, 0.0), (other, 0.2)):
        settings = TrainingSettings(lambda_=1e-3, batch_size=50, target_error=target)
        train(made, *samples, settings, classes=3, epochs=3, seed=4, validation=samples)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


def test_a_target_needs_validation_samples(samples) -> None:
    with pytest.raises(ValueError, match="a target needs validation samples"):
        train(network(), *samples, TrainingSettings(target_error=0.1), classes=3, epochs=1, seed=4)
