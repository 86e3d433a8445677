"""The trials themselves: one function for all tools, and what is trained of an architecture."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from _peers.job import Job, logged
from minas import seeds
from minas.data.task import DataSource
from minas.domains import DOMAINS
from minas.evaluation import evaluate as evaluation
from minas.evaluation import work as works
from minas.trial import Candidate, Trial

BATCH = 128


@lru_cache(maxsize=1)
def digits() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the default images: training samples and labels, validation samples and labels; read once in a process."""
    task = DOMAINS.get("vision").load(DataSource())
    parts = (task.train.inputs, task.train.targets, task.validation.inputs, task.validation.targets)
    first, second, third, fourth = (torch.from_numpy(part) for part in parts)
    return first, second, third, fourth


def trained_for(steps: int) -> float:
    """Train a fixed network of three convolutions for a number of steps, on one thread, and return its validation error."""
    torch.set_num_threads(1)
    inputs, targets, unseen, truth = digits()
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(1, 12, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(12),
        nn.ReLU(),
        nn.Conv2d(12, 24, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(24),
        nn.ReLU(),
        nn.Conv2d(24, 32, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(32 * 16, 10),
    )
    optimiser = torch.optim.AdamW(network.parameters(), 3e-3)
    generator = torch.Generator().manual_seed(0)
    for _ in range(steps):
        chosen = torch.randint(len(inputs), (BATCH,), generator=generator)
        loss = F.cross_entropy(network(inputs[chosen]), targets[chosen])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    network.eval()
    with torch.no_grad():
        return float((network(unseen).argmax(1) != truth).float().mean())


def candidate(job: Job, number: int) -> Candidate:
    """Return the candidate whose turn it is in the trial of a number."""
    dumped: Mapping[str, Any] = job.architectures[number % len(job.architectures)]
    seed = seeds.derive(0, "trials per hour", number % len(job.architectures))
    return Candidate(role="search", number=number, key=f"listed {number}", architecture=dumped, seed=seed, epochs=job.epochs)


def from_nothing(job: Job, number: int) -> Trial:
    """Load the data, build the network, train it and take what the search minimises: a trial that keeps nothing."""
    torch.set_num_threads(1)
    works.prepared.cache_clear()
    return evaluation.evaluate(job.work, candidate(job, number))


def objectives(job: Job, number: int) -> tuple[float, float, float]:
    """Run the trial of a number as tools other than MINAS do, and return what is minimised."""
    with logged(job):
        if job.part == "same":
            error = trained_for(job.steps)
            return error, 1.0, 1.0
        trial = from_nothing(job, number)
        error, action, flops = (trial.measures[name] for name in ("error", "action", "flops"))
        assert error is not None
        assert action is not None
        assert flops is not None
        return error, action, flops
