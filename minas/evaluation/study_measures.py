"""What is measured of a study's cell beside the usual: on training, test and distorted test samples, and of the training."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from minas import seeds
from minas.evaluation.work import Prepared
from minas.measures import Measured
from minas.training.early_stopping import outputs
from minas.training.loop import Training
from minas.training.settings import TrainingSettings

BACKWARD = 2.0
"""A backward pass costs about two forward passes: one for the gradient of the states, one for that of the weights."""

DISTORTED = "test_error_"
"""What the name of the error on distorted test samples begins with; the distortion's name follows."""


def beside(ready: Prepared, network: nn.Module, settings: TrainingSettings, training: Training, flops: float) -> Measured:
    """Measure a trained network of a study.

    Args:
        ready: the task and its samples.
        network: trained; left in eval mode.
        settings: how it was trained.
        training: what training did.
        flops: of one sample.

    Returns:
        `train_error` (of the training samples as they are, not augmented), `test_error`, `test_error_NAME` for each of the
        domain's distortions, `lambda` (the functional's weight in the loss, whatever its scale was), `epochs`, and
        `epochs_to_accuracy` and `training_macs_to_accuracy` (multiply-accumulates) where a target was set.
    """
    parts = {name: ready.parts[name] for name in ("train", "test")}
    values: dict[str, float | None] = {f"{name}_error": _error(network, *part) for name, part in parts.items()}
    inputs, targets = ready.parts["test"]
    for name, distort in ready.domain.distortions.items():
        generator = torch.Generator().manual_seed(seeds.derive(0, "distortion", name))  # the same samples for all cells
        values[DISTORTED + name] = _error(network, distort(ready.task, inputs, generator), targets)
    values |= {"lambda": training.lambda_, "epochs": float(training.epochs)}
    reasons = {}
    if settings.target_error:
        reached = training.reached
        values["epochs_to_accuracy"] = None if reached is None else float(reached)
        samples = 0 if not training.epochs else training.samples // training.epochs
        values["training_macs_to_accuracy"] = None if reached is None else (1 + BACKWARD) * flops * samples * reached
        if reached is None:
            why = f"the error on the validation part was never {settings.target_error:g} or less"
            reasons = dict.fromkeys(("epochs_to_accuracy", "training_macs_to_accuracy"), why)
    network.eval()
    return Measured(values, reasons)


def _error(network: nn.Module, inputs: Tensor, targets: Tensor) -> float:
    return float((outputs(network, inputs).argmax(dim=1) != targets).double().mean())
