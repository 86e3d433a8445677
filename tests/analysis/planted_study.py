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


def planted_share(
    seed: int,
    share: float,
    *,
    domain: str = "vision",
    architectures: int = 20,
    strategies: int = 3,
    seeds: int = 4,
    rest: tuple[float, float, float] = (0.3, 0.3, 0.4),
    size_slope: float = 1.0,
    certain: bool = True,
) -> list[Cell]:
    """Return cells of a domain in which architecture has a known share of the variance of log action at equal size.

    The whole variance is 1; `rest` divides what is not architecture's between strategies, how they suit architectures, and
    seeds. Along lambda the action falls, and at the last of three the error rises by 3 points, so that the second is the
    best within one point; unless `certain`, the errors of the first two are noisy by about a point.
    """
    rng = np.random.default_rng(seed)
    strategy, interaction, noise = (part * (1 - share) for part in rest)
    effects = np.linspace(-1, 1, strategies)
    effects *= np.sqrt(strategy / effects.var(ddof=1))
    cells = []
    for number in range(architectures):
        flops = rng.normal(13, 1)
        activations = flops - 3 + rng.normal(0, 0.5)
        own = size_slope * (flops + 0.3 * activations) + rng.normal(0, np.sqrt(share))
        best = rng.uniform(0.02, 0.1)
        for kind in range(strategies):
            suits = rng.normal(0, np.sqrt(interaction))
            for run in range(seeds):
                luck = rng.normal(0, np.sqrt(noise))
                for step, weight in enumerate((0.0, 0.1, 1.0)):
                    error = best + (0.03 if step == 2 else 0.0) + rng.normal(0, 0.0005 if certain else 0.01)
                    cells.append(
                        Cell(
                            domain=domain,
                            family=FAMILIES[number % 4],
                            instance=str(number),
                            lambda_=weight,
                            functional="action",
                            strategy=f"strategy {kind}",
                            seed=run,
                            measures={
                                "error": error,
                                "test_error": error + 0.01,
                                "action": float(np.exp(own + effects[kind] + suits + luck - step)),
                                "flops": float(np.exp(flops)),
                                "activations": float(np.exp(activations)),
                                "rescale_gap": 0.1,
                                "zero_fraction": 0.4,
                            },
                        )
                    )
    return cells
