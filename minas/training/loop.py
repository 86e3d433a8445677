"""The training loop: one candidate, one thread, one seed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from minas import seeds
from minas.action import loss as action_loss
from minas.action.masks import other_than
from minas.action.meter import ActionMeter
from minas.training import divergence
from minas.training.early_stopping import EarlyStopping
from minas.training.relative import absolute
from minas.training.settings import TrainingSettings
from minas.training.target import Target

Augment = Callable[[Tensor, torch.Generator], Tensor]


@dataclass(frozen=True)
class Training:
    """What a training did.

    Attributes:
        steps: optimiser steps.
        samples: samples seen, all steps together.
        seconds: wall time inside the loop.
        losses: mean cross-entropy of each epoch that was trained, in nats.
        diverged: why it was ended, or None.
        best: the epoch, from 1, whose network was kept, where validation samples decided; None where the last one was.
        validated: validation samples that went through the network to find it, all epochs together.
        lambda_: the weight that the functional had in the loss.
        reached: the first epoch, from 1, after which the error on the validation part was at most `target_error`, or None.
    """

    steps: int
    samples: int
    seconds: float
    losses: tuple[float, ...]
    diverged: str | None
    best: int | None = None
    validated: int = 0
    lambda_: float = 0.0
    reached: int | None = None

    @property
    def epochs(self) -> int:
        """How many epochs were trained."""
        return len(self.losses)


def train(
    network: nn.Module,
    inputs: Tensor,
    targets: Tensor,
    settings: TrainingSettings,
    *,
    classes: int,
    epochs: int,
    seed: int,
    augment: Augment | None = None,
    padding: int | None = None,
    validation: tuple[Tensor, Tensor] | None = None,
) -> Training:
    """Train a network in place: L = CE + lambda * functional (design: cross-entropy plus weighted action).

    With `balanced` class weights, CE is the mean over the classes that occur of their own mean cross-entropy.

    Args:
        network: takes (batch, *shape) to logits (batch, classes).
        inputs: training samples, (samples, *shape), float32.
        targets: class indices, (samples,), int64.
        settings: optimiser, schedule and loss.
        classes: number of classes.
        epochs: passes over the samples.
        seed: seeds the order of the samples, the augmentation and dropout; initialisation has its own.
        augment: changes a whole epoch's samples, given a generator.
        padding: the number that is padding in samples of whole numbers, (samples, positions): it contributes no action.
        validation: inputs and targets from which the best epoch, and the one that reached a target, is told; needed where
            `settings.patience` or `settings.target_error` is not 0.

    Returns:
        What was done; on divergence the network is left as it was when the loop ended.

    Raises:
        ValueError: patience or a target without validation samples.
    """
    target = Target(network, settings.target_error, validation)
    stopping = EarlyStopping(network, settings.patience, validation)
    generator = torch.Generator().manual_seed(seeds.derive(seed, "training"))
    samples = len(inputs)
    batch = min(settings.batch_size, samples)
    per_epoch = max(1, samples // batch)
    optimizer = optimizer_of(network, settings)
    schedule = one_cycle(optimizer, settings, steps=epochs * per_epoch)
    weights = balanced_weights(targets, classes) if settings.class_weights == "balanced" else None
    if settings.lambda_scale == "relative":
        settings = replace(
            settings, lambda_=absolute(network, inputs, targets, settings, seed, padding), lambda_scale="absolute"
        )
    step = _step_function(network, settings, weights, padding)
    network.train()
    started = time.perf_counter()
    means: list[float] = []
    diverged = None
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seeds.derive(seed, "dropout"))
        for epoch in range(1, epochs + 1):
            order = torch.randperm(samples, generator=generator)[: per_epoch * batch]
            shown = inputs if augment is None else augment(inputs, generator)
            losses = []
            for chosen in torch.split(order, batch):
                optimizer.zero_grad(set_to_none=True)
                losses.append(step(shown[chosen], targets[chosen]))
                optimizer.step()
                schedule.step()
            values = torch.stack(losses).tolist()
            diverged = divergence.reason(values, classes=classes, epoch=epoch)
            means.append(sum(values) / len(values))
            target.look(epoch)
            if diverged or stopping.ends(lambda logits, right: _cross_entropy(logits, right, weights)):
                break
    if not diverged:
        stopping.restore()
    seconds = time.perf_counter() - started
    steps = len(means) * per_epoch
    return Training(
        steps=steps,
        samples=steps * batch,
        seconds=seconds,
        losses=tuple(means),
        diverged=diverged,
        best=stopping.best,
        validated=stopping.samples,
        lambda_=settings.lambda_,
        reached=target.reached,
    )


def optimizer_of(network: nn.Module, settings: TrainingSettings) -> torch.optim.Optimizer:
    """Return the optimiser of a network's parameters."""
    parameters = network.parameters()
    if settings.optimizer == "sgd":
        return torch.optim.SGD(
            parameters, lr=settings.learning_rate, momentum=0.9, nesterov=True, weight_decay=settings.weight_decay, fused=True
        )
    return torch.optim.AdamW(parameters, lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True)


def one_cycle(
    optimizer: torch.optim.Optimizer, settings: TrainingSettings, *, steps: int
) -> torch.optim.lr_scheduler.LRScheduler:
    """Return the one-cycle schedule: up to the peak in the share `warmup` of the steps, then down to nearly 0.

    torch divides by the length of both ways: a peak on the first or the last step is moved by a hair.
    """
    share = settings.warmup
    if share * steps == 1.0 or share == 1.0:
        share -= 1e-6
    return torch.optim.lr_scheduler.OneCycleLR(optimizer, settings.learning_rate, total_steps=steps, pct_start=share)


def balanced_weights(targets: Tensor, classes: int) -> Tensor:
    """Return each class's weight n / (k n_c), shape (classes,), float32: over all samples the weights' mean is 1.

    Args:
        targets: class indices of all n training samples, (samples,), int64; k classes occur, each n_c times.
        classes: number of classes; one that does not occur has a weight of 0.
    """
    counts = torch.bincount(targets.cpu(), minlength=classes).double()
    occurring = int((counts > 0).sum())
    weights = torch.where(counts > 0, len(targets) / (occurring * counts.clamp(min=1.0)), 0.0)
    return weights.float().to(targets.device)


def _cross_entropy(logits: Tensor, targets: Tensor, weights: Tensor | None) -> Tensor:
    """Return the batch's mean loss.

    Weighted, it is divided by the samples, not by the sum of their weights: a batch in which a rare class is missing would
    otherwise make up for it with the others, and the mean over batches would no longer be the one over the training samples.
    """
    if weights is None:
        return F.cross_entropy(logits, targets)
    return F.cross_entropy(logits, targets, weights.to(logits.dtype), reduction="sum") / len(targets)


def _step_function(
    network: nn.Module, settings: TrainingSettings, weights: Tensor | None, padding: int | None
) -> Callable[[Tensor, Tensor], Tensor]:
    """Return one forward and backward pass that leaves gradients and gives the detached cross-entropy."""
    if settings.lambda_ == 0:

        def plain(inputs: Tensor, targets: Tensor) -> Tensor:
            cross_entropy = _cross_entropy(network(inputs), targets, weights)
            cross_entropy.backward()  # type: ignore[no-untyped-call]
            return cross_entropy.detach()

        return plain

    meter = ActionMeter(network, mask=other_than(padding), fraction=settings.fraction, fused=True)

    def with_action(inputs: Tensor, targets: Tensor) -> Tensor:
        with meter:
            logits = network(inputs)
        cross_entropy = _cross_entropy(logits, targets, weights)
        (cross_entropy + settings.lambda_ * action_loss.functional(meter, settings.functional)).backward()  # type: ignore[no-untyped-call]
        return cross_entropy.detach()

    return with_action
