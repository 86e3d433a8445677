"""A weight of the functional that means as much for every functional, domain and size: relative to the untrained network.

Functionals differ by orders of magnitude between domains and between each other, and so does what one weight of them does.
In units of the cross-entropy over the functional, both of the untrained network, a weight of 1 makes them pull alike at the
start.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from minas import seeds
from minas.action import loss as action_loss
from minas.action.masks import other_than
from minas.action.meter import ActionMeter
from minas.errors import ArchitectureError
from minas.training.settings import TrainingSettings

SAMPLES = 256
"""Of the training samples, the first ones, by which the untrained network is measured."""


def absolute(
    network: nn.Module, inputs: Tensor, targets: Tensor, settings: TrainingSettings, seed: int, padding: int | None = None
) -> float:
    """Return the weight in the loss that a relative lambda stands for: lambda * CE / |functional|, both at initialisation.

    Args:
        network: untrained; it is left as it is.
        inputs: training samples, (samples, *shape), unchanged by any augmentation.
        targets: class indices, (samples,).
        settings: lambda and the functional.
        seed: the candidate's, for dropout.
        padding: the number that is padding in samples of whole numbers.

    Raises:
        ArchitectureError: the functional of the untrained network is 0, or one of the two is not finite.
    """
    if settings.lambda_ == 0:
        return 0.0
    twin = copy.deepcopy(network).train()
    meter = ActionMeter(twin, mask=other_than(padding))
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.default_generator.manual_seed(seeds.derive(seed, "relative lambda"))
        with meter:
            logits = twin(inputs[:SAMPLES])
        cross_entropy = float(F.cross_entropy(logits, targets[:SAMPLES]))
        functional = abs(float(action_loss.functional(meter, settings.functional)))
    ratio = cross_entropy / functional if functional > 0 else float("inf")
    if not ratio < float("inf"):
        raise ArchitectureError(
            f"no relative lambda: of the untrained network the cross-entropy is {cross_entropy:g} and the functional "
            f"{settings.functional} is {functional:g}"
        )
    return settings.lambda_ * ratio
