"""The training loop: it learns, repeats to the bit, ends when it must, and takes tasks of any size."""

from __future__ import annotations

import dataclasses
import math
import re

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from minas.action.meter import ActionMeter
from minas.errors import UsageError
from minas.training.loop import Training, train
from minas.training.settings import TrainingSettings

SETTINGS = TrainingSettings(epochs=4, batch_size=16, learning_rate=0.02, lambda_=1e-4, fraction=1.0)


def task(samples: int = 64, classes: int = 3, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Return images of one bright row for each class, with noise."""
    generator = torch.Generator().manual_seed(seed)
    targets = torch.arange(samples) % classes
    inputs = 0.3 * torch.randn(samples, 1, 6, 6, generator=generator)
    inputs[torch.arange(samples), 0, targets] += 1.0
    return inputs, targets


def network(classes: int = 3, seed: int = 0) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(144, classes)
        )


def trained(settings: TrainingSettings = SETTINGS, *, samples: int = 64, classes: int = 3, seed: int = 0, **options):
    inputs, targets = task(samples, classes)
    module = network(classes)
    return module, train(module, inputs, targets, settings, **{"classes": classes, "epochs": 4, "seed": seed, **options})


def weights(module: nn.Module) -> list[Tensor]:
    return list(module.state_dict().values())


def same(first: nn.Module, second: nn.Module) -> bool:
    return all(torch.equal(a, b) for a, b in zip(weights(first), weights(second), strict=True))


def test_the_loss_falls_and_what_was_done_is_counted() -> None:
    module, done = trained(samples=70, epochs=8)
    assert done.losses[-1] < 0.3 * done.losses[0]
    assert len(done.losses) == 8
    assert (done.steps, done.samples, done.diverged) == (8 * 4, 8 * 64, None)
    assert done.seconds > 0
    inputs, targets = task(30, seed=5)
    assert (module.eval()(inputs).argmax(1) == targets).float().mean() > 0.9


def test_one_seed_gives_the_same_bits_and_another_others() -> None:
    (first, done), (second, again), (other, _) = trained(), trained(), trained(seed=1)
    assert same(first, second)
    assert done.losses == again.losses
    assert not same(first, other)


def test_the_global_generator_neither_matters_nor_moves() -> None:
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    first, _ = trained()
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(2)
    second, _ = trained()
    assert same(first, second)


def test_dropout_is_seeded_too() -> None:
    inputs, targets = task()
    modules = []
    for state in (1, 2):
        module = nn.Sequential(network(8), nn.Dropout(0.5), nn.Linear(8, 3, bias=False))
        nn.init.ones_(module[2].weight)
        torch.manual_seed(state)
        train(module, inputs, targets, SETTINGS, classes=3, epochs=2, seed=0)
        modules.append(module)
    assert same(*modules)


def test_lambda_weighs_the_action() -> None:
    def action(lambda_: float) -> float:
        module, _ = trained(dataclasses.replace(SETTINGS, lambda_=lambda_), epochs=8)
        meter = ActionMeter(module.eval())
        with torch.no_grad(), meter:
            module(task()[0])
        return float(meter.action())

    assert action(0.01) < 0.5 * action(0.0)


def test_without_lambda_nothing_is_metered_and_a_vanishing_one_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    nearly, _ = trained(dataclasses.replace(SETTINGS, lambda_=1e-30))
    monkeypatch.setattr(ActionMeter, "__enter__", lambda self: pytest.fail("metered"))
    plain, done = trained(dataclasses.replace(SETTINGS, lambda_=0.0))
    assert done.losses[-1] < done.losses[0]
    for a, b in zip(weights(plain), weights(nearly), strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("name", ["activation_energy", "kinetic", "potential", "lagrangian"])
def test_every_functional_can_be_trained_with_and_changes_the_weights(name: str) -> None:
    usual, _ = trained(dataclasses.replace(SETTINGS, lambda_=1e-2), epochs=1)
    other, done = trained(dataclasses.replace(SETTINGS, lambda_=1e-2, functional=name), epochs=1)
    assert not same(usual, other)
    assert done.diverged is None


def test_an_unknown_functional_is_named() -> None:
    with pytest.raises(UsageError, match=r"'akction' is no functional; did you mean 'action'\?"):
        trained(dataclasses.replace(SETTINGS, functional="akction"))


class Exploding(nn.Module):
    """Gives the logits of a linear map, and from a call on what it is told to."""

    def __init__(self, after: int, value: float) -> None:
        super().__init__()
        self.linear = nn.Linear(36, 3)
        self.calls, self.after, self.value = 0, after, value

    def forward(self, inputs: Tensor) -> Tensor:
        self.calls += 1
        logits = self.linear(inputs.flatten(1))
        return logits * self.value if self.calls > self.after else logits


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (math.nan, r"the loss was not finite in epoch 2"),
        (math.inf, r"the loss was not finite in epoch 2"),
        (1e4, r"the loss exploded: mean cross-entropy .* in epoch 2, over 5\.49"),
    ],
)
def test_divergence_ends_the_training_with_a_reason(value: float, reason: str) -> None:
    inputs, targets = task()
    settings = dataclasses.replace(SETTINGS, lambda_=0.0)
    done = train(Exploding(4, value), inputs, targets, settings, classes=3, epochs=6, seed=0)
    assert done.diverged is not None
    assert re.fullmatch(reason, done.diverged)
    assert (done.steps, len(done.losses)) == (8, 2)


def test_a_first_epoch_may_be_bad_but_not_without_a_number() -> None:
    inputs, targets = task()
    settings = dataclasses.replace(SETTINGS, lambda_=0.0)
    assert train(Exploding(0, 1e3), inputs, targets, settings, classes=3, epochs=1, seed=0).diverged is None
    assert train(Exploding(0, math.nan), inputs, targets, settings, classes=3, epochs=1, seed=0).diverged


@pytest.mark.parametrize("samples", [2, 3, 15, 16, 17, 31])
def test_tasks_smaller_than_a_batch(samples: int) -> None:
    _, done = trained(samples=samples, classes=2)
    assert done.diverged is None
    assert done.samples == 4 * min(16, samples) * max(1, samples // 16)
    assert all(math.isfinite(loss) for loss in done.losses)


@pytest.mark.parametrize("warmup", [0.0, 0.1, 0.25, 0.5, 1.0])
@pytest.mark.parametrize("steps", [1, 2, 4, 10])
def test_a_schedule_of_any_length(warmup: float, steps: int) -> None:
    _, done = trained(dataclasses.replace(SETTINGS, warmup=warmup), samples=16, epochs=steps)
    assert done.steps == steps


def test_the_augmentation_sees_every_epoch_whole_with_a_seeded_generator() -> None:
    seen: list[Tensor] = []

    def shaken(inputs: Tensor, generator: torch.Generator) -> Tensor:
        noise = torch.rand(inputs.shape, generator=generator)
        seen.append(noise)
        return inputs + noise

    first, _ = trained(augment=shaken, epochs=2)
    second, _ = trained(augment=shaken, epochs=2)
    plain, _ = trained(epochs=2)
    assert [tuple(noise.shape) for noise in seen] == [(64, 1, 6, 6)] * 4
    assert torch.equal(seen[0], seen[2])
    assert not torch.equal(seen[0], seen[1])
    assert same(first, second)
    assert not same(first, plain)


def test_it_is_the_cross_entropy_that_is_reported() -> None:
    inputs, targets = task(16)
    module = network()
    expected = F.cross_entropy(module.train()(inputs), targets).item()
    done: Training = train(network(), inputs, targets, SETTINGS, classes=3, epochs=1, seed=0)
    assert done.losses == pytest.approx((expected,), rel=1e-5)
