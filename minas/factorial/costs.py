"""What a plan costs, before it starts: multiply-accumulates counted, seconds from a few steps of each architecture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import nn

from minas.errors import MinasError
from minas.evaluation.evaluate import network_of, settings_for
from minas.evaluation.study_measures import BACKWARD
from minas.evaluation.work import Prepared, prepared
from minas.graph.kinds import padding_of
from minas.measures import Trained, Unavailable
from minas.training.loop import train
from minas.training.settings import TrainingSettings
from minas.trial import Candidate

BATCHES = 6
"""Steps that are timed of each architecture, with and without the functional."""

BESIDE = 0.4
"""Seconds that a cell takes beside its training: building, and measuring on all parts."""


@dataclass(frozen=True, kw_only=True)
class InstanceCost:
    """What the cells of one architecture cost.

    Attributes:
        task, family, instance: which.
        flops: multiply-accumulates of one sample; None where they can't be counted.
        cells: how many of it are planned.
        training_macs: of all of them, a backward pass counted as two forward ones.
        seconds: of one core, all of them.
    """

    task: str
    family: str
    instance: str
    flops: float | None
    cells: int
    training_macs: float
    seconds: float


def costs(work: str, cells: Sequence[Candidate]) -> Iterable[InstanceCost]:
    """Yield the cost of each architecture of a task's cells, as soon as it is known.

    Args:
        work: the task's, JSON.
        cells: of this task alone.
    """
    ready = prepared(work)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for key in dict.fromkeys(cell.key for cell in cells):
            yield _cost(ready, [cell for cell in cells if cell.key == key])
    finally:
        torch.set_num_threads(threads)


def _cost(ready: Prepared, cells: Sequence[Candidate]) -> InstanceCost:
    first = cells[0]
    network = network_of(ready, first).eval()
    samples = len(ready.parts["train"][0])
    flops = _flops(ready, network)
    settings = settings_for(ready, first)
    batches = max(1, samples // settings.batch_size)
    step = {with_: _step(ready, first, settings, with_) for with_ in {cell.levels["lambda"] > 0 for cell in cells}}
    epochs = Counter({with_: sum(c.epochs for c in cells if (c.levels["lambda"] > 0) == with_) for with_ in step})
    return InstanceCost(
        task=str(first.levels["domain"]),
        family=str(first.levels["family"]),
        instance=str(first.levels["instance"]),
        flops=flops,
        cells=len(cells),
        training_macs=(1 + BACKWARD) * (flops or 0.0) * samples * epochs.total(),
        seconds=BESIDE * len(cells) + sum(step[with_] * batches * count for with_, count in epochs.items()),
    )


def _flops(ready: Prepared, network: nn.Module) -> float | None:
    inputs, targets = (part[:1] for part in ready.parts["train"])
    padding = padding_of(ready.task.kind)
    trained = Trained(network=network, inputs=inputs, targets=targets, classes=len(ready.task.classes), padding=padding)
    try:
        return float(trained.counts.flops)
    except Unavailable:
        return None


def _step(ready: Prepared, candidate: Candidate, settings: TrainingSettings, with_functional: bool) -> float:
    """Return the seconds of one training step."""
    lambda_ = 1e-6 if with_functional else 0.0
    settings = replace(settings, lambda_=lambda_, lambda_scale="absolute", target_error=0.0, patience=0)
    inputs, targets = (part[: BATCHES * settings.batch_size] for part in ready.parts["train"])
    try:
        found = train(
            network_of(ready, candidate),
            inputs,
            targets,
            settings,
            classes=len(ready.task.classes),
            epochs=1,
            seed=candidate.seed,
            augment=ready.domain.augment(ready.task, settings.augmentation),
            padding=padding_of(ready.task.kind),
        )
    except MinasError:  # a cell that fails says so itself, when it is trained
        return 0.0
    return found.seconds / max(1, found.steps)
