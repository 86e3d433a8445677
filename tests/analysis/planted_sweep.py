"""Cells of made-up sweeps in which it is known what lambda does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from minas.analysis.cells import Cell

LAMBDAS = (0.0, 1e-5, 1e-4, 1e-3, 1e-2)


def made_up_sweep(
    *,
    losses: Sequence[float] = (0.0, 0.0, 0.1, 0.2, 4.0),
    shares: Sequence[float] = (1.0, 0.5, 0.1, 0.02, 0.005),
    potentials: Sequence[float] = (1.0, 1.5, 3.0, 10.0, 40.0),
    instances: Sequence[str] = ("MLP",),
    functionals: Sequence[str] = ("activation_energy",),
    lambdas: Sequence[float] = LAMBDAS,
    seeds: int = 10,
    noise: float = 0.05,
    ends: Mapping[tuple[float, int], tuple[str, str | None]] | None = None,
) -> list[Cell]:
    """Return cells in which each lambda costs so many points of accuracy and leaves so much of each energy.

    Args:
        losses: points of accuracy lost, by lambda.
        shares: what is left of E, and of T, by lambda.
        potentials: how many times as much V there is, by lambda.
        instances: names of networks, which differ in their level alone.
        functionals: names of functionals, which do the same.
        lambdas: the grid.
        seeds: how many; each has its own level of accuracy and energy, which pairing takes out.
        noise: standard deviation of a loss in points, and ten times that of a logarithm of energy, from seed to seed.
        ends: lambda and seed to the status and the reason of a training that did not complete.
    """
    rng = np.random.default_rng(0)
    cells = []
    for instance in instances:
        levels = [(rng.normal(0.05, 0.01), rng.normal(7, 0.5)) for _ in range(seeds)]
        for functional in functionals:
            for place, weight in enumerate(lambdas):
                if weight == 0 and functional != functionals[0]:
                    continue
                for seed, (error, energy) in enumerate(levels):
                    wobble = 0.0 if weight == 0 else noise
                    lost = (losses[place] + rng.normal(0, 1) * wobble) / 100
                    chance = float(np.exp(rng.normal(0, 1) * wobble / 10))
                    status, reason = (ends or {}).get((weight, seed), ("complete", None))
                    kinetic = float(np.exp(energy)) * shares[place] * chance
                    potential = float(np.exp(energy)) * potentials[place] * chance
                    measures = {
                        "error": error + 0.01 + lost,
                        "test_error": error + lost,
                        "activation_energy": 2 * kinetic,
                        "kinetic": kinetic,
                        "potential": potential,
                        "action": kinetic + potential,
                        "zero_fraction": 0.5,
                        "participation_ratio": 0.3,
                        "rescale_gap": 0.1,
                    }
                    cells.append(
                        Cell(
                            domain="vision",
                            family="conventional",
                            instance=instance,
                            lambda_=weight,
                            functional="none" if weight == 0 else functional,
                            strategy="default",
                            seed=seed,
                            status=status,
                            reason=reason,
                            measures=measures if status == "complete" else {},
                        )
                    )
    return cells
