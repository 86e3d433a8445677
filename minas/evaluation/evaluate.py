"""One evaluation, from candidate to trial."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean

import torch
from safetensors.torch import save as weights_as_bytes
from torch import nn

from minas import baselines, config, seeds
from minas.errors import ArchitectureError, MinasError, UsageError
from minas.evaluation import vectors
from minas.evaluation.folds import folded
from minas.evaluation.study_measures import BACKWARD, beside
from minas.evaluation.work import Prepared, prepared, training_settings
from minas.graph.kinds import padding_of
from minas.measures import Trained, known_before_training, measure
from minas.run.folder import WEIGHTS, weights_path, write_atomically
from minas.training.loop import Training, train
from minas.training.settings import TrainingSettings
from minas.trial import Candidate, Cost, Status, Trial

KEPT = ("search", "confirmation", "baseline")
"""Roles whose weights are kept."""

LIMITED = ("search", "control")
"""Roles to which limits apply: baselines and untrained architectures are what they are, whatever a user wants to find."""

KERNELS = "256"
"""Compiled kernels that oneDNN keeps: several networks' worth. With its 1,024 a worker grew by 40 MiB over 1,000 trials."""


def prepare(work: str) -> None:
    """Make a fresh worker process ready: one thread, repeatable to the bit, the task loaded.

    Raises:
        MinasError: the run's data or settings cannot be used, or its folder is not on this machine.
    """
    folder = json.loads(work)["folder"]
    if folder is not None and not Path(folder, WEIGHTS).is_dir():
        raise UsageError(
            f"the machine {platform.node()} does not see the run's folder, {folder}: "
            "give one with --out that lies at the same path on all machines where trials are evaluated"
        )
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", KERNELS)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    # Filling fresh memory, a guard against reading it, takes up to a quarter of the time and changes no result.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # torch leaves it out of its stubs
    prepared(work)


def evaluate(work: str, candidate: Candidate) -> Trial:
    """Build, check, train and measure one candidate.

    Args:
        work: the run's `Work`, as JSON.
        candidate: what to evaluate.

    Returns:
        The trial. Whatever the candidate itself does wrong is its status and reason.

    Raises:
        MinasError: the machine failed (a full disk, say), not the candidate.
        MemoryError: likewise.
    """
    ready = prepared(work)
    started, started_cpu = time.perf_counter(), time.process_time()
    try:
        outcome = _outcome(ready, candidate)
    except ArchitectureError as error:
        outcome = _Outcome(Status.FAILED, str(error))
    except (MinasError, MemoryError):
        raise
    except Exception as error:
        if _out_of_memory(error):
            raise MemoryError(str(error)) from error
        outcome = _Outcome(Status.FAILED, f"{type(error).__name__}: {error}")
    cost = Cost(
        seconds=time.perf_counter() - started,
        training_seconds=outcome.training.seconds if outcome.training else 0.0,
        measuring_seconds=outcome.measuring,
        cpu_seconds=time.process_time() - started_cpu,
        training_macs=outcome.macs,
    )
    return Trial(
        candidate=candidate,
        status=outcome.status,
        reason=outcome.reason,
        measures=outcome.measures or {},
        reasons=outcome.reasons or {},
        cost=cost,
    )


def network_of(ready: Prepared, candidate: Candidate) -> nn.Module:
    """Return a candidate's untrained network, the rows of its words from vectors where the training says so."""
    network, start = _drawn(ready, candidate), ready.start
    if ready.training.vectors == "naive_bayes":  # of the training samples at hand, which are other ones in each fold
        start = vectors.log_ratios(
            *ready.parts["train"], classes=len(ready.task.classes), ids=int(ready.task.preprocessing["ids"])
        )
    if start is not None:
        vectors.apply(start, network)
    return network


def _drawn(ready: Prepared, candidate: Candidate) -> nn.Module:
    seed = seeds.derive(candidate.seed, "initialisation")
    task = ready.task
    if candidate.baseline is not None:
        return baselines.find(task.domain, candidate.baseline).build(task.shape, len(task.classes), seed)
    assert candidate.architecture is not None
    return ready.space.build(ready.space.load(candidate.architecture), task, seed)


@dataclass
class _Outcome:
    status: Status
    reason: str | None = None
    measures: dict[str, float | None] | None = None
    reasons: dict[str, str] | None = None
    training: Training | None = None
    measuring: float = 0.0
    macs: float = 0.0


def _outcome(ready: Prepared, candidate: Candidate) -> _Outcome:
    """Return what becomes of a candidate; a search's are cross-validated where the settings say so."""
    if ready.training.folds == 1 or candidate.role not in LIMITED:
        return _one(ready, candidate)
    found: list[_Outcome] = []
    for parts in folded(ready.task, ready.training.folds):
        found.append(_one(replace(ready, parts={**ready.parts, **parts}), candidate))
        if found[-1].status is not Status.COMPLETE:
            break
    return _together(found)


def _together(found: list[_Outcome]) -> _Outcome:
    """Return the outcome of several folds: means of what was measured; how the last one ended, and its weights, count."""
    last = found[-1]
    trainings = [one.training for one in found if one.training is not None]
    values: dict[str, float | None] = {}
    for name in last.measures or {}:
        each = [(one.measures or {}).get(name) for one in found]
        numbers = [value for value in each if value is not None]
        values[name] = fmean(numbers) if len(numbers) == len(each) else None
    whole = Training(
        steps=sum(one.steps for one in trainings),
        samples=sum(one.samples for one in trainings),
        seconds=sum(one.seconds for one in trainings),
        losses=trainings[-1].losses if trainings else (),
        diverged=trainings[-1].diverged if trainings else None,
        best=trainings[-1].best if trainings else None,
        validated=sum(one.validated for one in trainings),
    )
    reasons = {name: reason for one in found for name, reason in (one.reasons or {}).items()}
    measuring, macs = sum(one.measuring for one in found), sum(one.macs for one in found)
    return _Outcome(last.status, last.reason, values, reasons, whole, measuring, macs)


def _one(ready: Prepared, candidate: Candidate) -> _Outcome:
    network = network_of(ready, candidate).eval()
    validation = _trained(ready, network, "validation")
    began = time.perf_counter()
    before = known_before_training()
    after = [name for name in ready.measures if name not in before]
    early = measure(validation, [name for name in before if name in ready.measures or name in ready.limits])
    measuring = time.perf_counter() - began
    broken = _broken_limit(ready.limits, early.values) if candidate.role in LIMITED else None
    if broken is not None:
        return _Outcome(Status.INFEASIBLE, broken, early.values, early.reasons, measuring=measuring)
    settings = settings_for(ready, candidate)
    training = _train(ready, network, candidate, settings)
    flops = early.values.get("flops") or 0.0
    macs = (1 + BACKWARD) * flops * training.samples + flops * training.validated
    if training.diverged:
        return _Outcome(Status.DIVERGED, training.diverged, early.values, early.reasons, training, measuring, macs)
    network.eval()
    began = time.perf_counter()
    late = measure(validation, after)
    values, reasons = {**early.values, **late.values}, {**early.reasons, **late.reasons}
    if candidate.role == "study":
        found = beside(ready, network, settings, training, flops)
        values, reasons = {**values, **found.values}, {**reasons, **found.reasons}
    elif candidate.part == "test":
        tested = measure(_trained(ready, network, "test"), after)
        values |= {f"test_{name}": value for name, value in tested.values.items()}
        reasons |= {f"test_{name}": reason for name, reason in tested.reasons.items()}
    measuring += time.perf_counter() - began
    if ready.folder is not None and candidate.role in KEPT:
        content = weights_as_bytes({name: tensor.contiguous() for name, tensor in network.state_dict().items()})
        write_atomically(weights_path(Path(ready.folder), candidate.role, candidate.number), content)
    return _Outcome(Status.COMPLETE, None, values, reasons, training, measuring, macs)


def settings_for(ready: Prepared, candidate: Candidate) -> TrainingSettings:
    """Return how a candidate is trained: as the run says, but for what the candidate says itself."""
    settings = ready.training
    if candidate.training:
        settings = training_settings({**config.plain(settings), **candidate.training})
    if candidate.baseline is not None and not baselines.find(ready.task.domain, candidate.baseline).action:
        settings = replace(settings, lambda_=0.0)
    return settings


def _train(ready: Prepared, network: nn.Module, candidate: Candidate, settings: TrainingSettings) -> Training:
    if candidate.epochs == 0:
        return Training(steps=0, samples=0, seconds=0.0, losses=(), diverged=None)
    inputs, targets = ready.parts["train"]
    return train(
        network,
        inputs,
        targets,
        settings,
        classes=len(ready.task.classes),
        epochs=candidate.epochs,
        seed=candidate.seed,
        augment=ready.domain.augment(ready.task, settings.augmentation),
        padding=padding_of(ready.task.kind),
        validation=ready.parts["validation"],
    )


def _trained(ready: Prepared, network: nn.Module, part: str) -> Trained:
    inputs, targets = ready.parts[part]
    padding = padding_of(ready.task.kind)
    return Trained(network=network, inputs=inputs, targets=targets, classes=len(ready.task.classes), padding=padding)


def _broken_limit(limits: Mapping[str, float], values: Mapping[str, float | None]) -> str | None:
    for name, largest in limits.items():
        value = values.get(name)
        if value is not None and value > largest:
            return f"{name} {value:,.0f} over the limit of {largest:,.0f}"
    return None


def _out_of_memory(error: Exception) -> bool:
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)
