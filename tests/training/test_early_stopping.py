"""Early stopping: the best epoch's network is kept, training ends when nothing better comes, and it repeats to the bit."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from minas.training.early_stopping import EarlyStopping
from minas.training.loop import Training, train
from minas.training.settings import TrainingSettings

SETTINGS = TrainingSettings(batch_size=8, learning_rate=0.1, warmup=0.1, lambda_=1e-5, fraction=1.0)


def noise(samples: int, seed: int) -> tuple[Tensor, Tensor]:
    """Nothing to learn but by heart: on validation samples it soon gets worse."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(samples, 20, generator=generator), torch.randint(2, (samples,), generator=generator)


def network() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(20, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 2))


def trained(patience: int, epochs: int = 12, **options) -> tuple[nn.Module, Training]:
    module = network()
    settings = dataclasses.replace(SETTINGS, patience=patience)
    given = {"validation": noise(40, 1), "classes": 2, "seed": 3, **options}
    return module, train(module, *noise(32, 0), settings, epochs=epochs, **given)


def loss_of(module: nn.Module) -> float:
    inputs, targets = noise(40, 1)
    with torch.no_grad():
        return float(F.cross_entropy(module.eval()(inputs), targets))


def validation_losses(epochs: int) -> list[float]:
    """What the validation part says after each epoch of one and the same training."""
    losses: list[float] = []
    module = network()

    def look(given: Tensor, generator: torch.Generator) -> Tensor:
        losses.append(loss_of(module))
        module.train()
        return given

    train(module, *noise(32, 0), SETTINGS, classes=2, epochs=epochs, seed=3, augment=look)
    return [*losses[1:], loss_of(module)]


def test_the_best_epoch_is_kept() -> None:
    module, done = trained(patience=12)
    losses = validation_losses(12)
    best = losses.index(min(losses))
    assert 0 <= best < 11  # else nothing is restored
    assert (done.best, done.epochs, done.validated) == (best + 1, 12, 12 * 40)
    assert loss_of(module) == pytest.approx(losses[best], abs=1e-6)


def test_training_ends_when_nothing_better_comes() -> None:
    losses = validation_losses(12)
    lowest, ends = math.inf, 0
    since = 0
    for epoch, loss in enumerate(losses, 1):
        since = 0 if loss < lowest else since + 1
        lowest = min(lowest, loss)
        if since == 2:
            ends = epoch
            break
    assert 0 < ends < 12
    _, done = trained(patience=2)
    assert (done.epochs, done.steps, done.samples) == (ends, ends * 4, ends * 32)
    assert done.best == ends - 2
    assert done.validated == ends * 40


def test_it_repeats_to_the_bit_and_leaves_the_training_as_it_is() -> None:
    (first, done), (second, again) = trained(patience=3), trained(patience=3)
    assert done.losses == again.losses
    assert all(map(torch.equal, first.state_dict().values(), second.state_dict().values()))
    _, whole = trained(patience=0)
    assert whole.losses[: done.epochs] == done.losses
    assert (whole.best, whole.validated, whole.epochs) == (None, 0, 12)


def test_without_patience_nothing_looks_at_the_validation_part() -> None:
    module, _ = trained(patience=0)
    other, _ = trained(patience=0, validation=None)
    assert all(map(torch.equal, module.state_dict().values(), other.state_dict().values()))


def test_patience_without_samples_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="patience needs validation samples"):
        trained(patience=1, validation=None)


def test_the_best_of_weighted_classes_is_told_by_the_weighted_loss() -> None:
    asked: list[float] = []
    stopping = EarlyStopping(network(), 1, noise(40, 1))

    def loss(logits: Tensor, targets: Tensor) -> Tensor:
        asked.append(float(logits.shape[0]))
        return torch.tensor([3.0, 2.0, 2.5][len(asked) - 1])

    assert [stopping.ends(loss) for _ in range(3)] == [False, False, True]
    assert (stopping.best, stopping.samples, asked) == (2, 120, [40.0] * 3)


def test_a_loss_that_is_no_number_is_never_the_best() -> None:
    stopping = EarlyStopping(network(), 2, noise(40, 1))
    values = iter([math.nan, math.nan])
    assert [stopping.ends(lambda logits, targets: torch.tensor(next(values))) for _ in range(2)] == [False, True]
    before = {name: tensor.clone() for name, tensor in stopping._network.state_dict().items()}
    stopping.restore()
    assert stopping.best is None
    assert all(torch.equal(tensor, before[name]) for name, tensor in stopping._network.state_dict().items())
