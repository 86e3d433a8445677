"""Cells of made-up studies in which the effects are known."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from minas.analysis.cells import Cell

DOMAINS = ("vision", "text", "neuromorphic", "physiological")
FAMILIES = ("conventional", "energy-first", "random", "front")
LAMBDAS = (0.0, 0.003, 0.03, 0.3, 3.0)


def made_up(
    seed: int,
    *,
    domains: Sequence[str] = DOMAINS,
    families: Sequence[str] = FAMILIES,
    instances: int = 5,
    lambdas: Sequence[float] = LAMBDAS,
    strategies: Sequence[str] = ("adamw",),
    seeds: int = 4,
    family_effect: float = 0.0,
    instance_sd: float = 0.5,
    lambda_effect: float = 0.0,
    answer_sd: float = 0.0,
    noise: float = 0.2,
) -> list[Cell]:
    """Return cells whose log action is a sum of normal effects: a family's, an architecture's, lambda's, its answer to lambda."""
    rng = np.random.default_rng(seed)
    cells = []
    for domain, (place, family), number in itertools.product(domains, enumerate(families), range(instances)):
        own = family_effect * place + rng.normal(0, instance_sd)
        size = rng.normal(13, 1)
        answers = rng.normal(0, answer_sd, len(lambdas))
        for (step, weight), strategy, run in itertools.product(enumerate(lambdas), strategies, range(seeds)):
            action = own + lambda_effect * step + answers[step] + rng.normal(0, noise)
            cells.append(
                Cell(
                    domain=domain,
                    family=family,
                    instance=f"{family}-{number}",
                    lambda_=weight,
                    functional="action",
                    strategy=strategy,
                    seed=run,
                    measures={
                        "error": 0.05 + 0.01 * step + abs(rng.normal(0, 0.01)),
                        "test_error": 0.05 + 0.01 * step + abs(rng.normal(0, 0.01)),
                        "action": float(np.exp(8 + action)),
                        "activation_energy": float(np.exp(6 + action + rng.normal(0, 0.1))),
                        "flops": float(np.exp(size)),
                        "activations": float(np.exp(size - 3)),
                        "epochs_to_accuracy": float(rng.integers(1, 10)),
                        "training_macs_to_accuracy": float(np.exp(size + rng.normal(10, 0.3))),
                    },
                )
            )
    return cells
