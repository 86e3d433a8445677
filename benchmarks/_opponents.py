"""Other tools' searches on the flat encoding, each a loop of its own that asks a function for trials until it says enough."""

from __future__ import annotations

import collections
import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np
from _flat import Flat, Genome
from numpy.typing import NDArray

Values = NDArray[np.float64]
Evaluate = Callable[[Genome], Values | None]
"""From a genome to its objectives, error first, or None where it is no architecture of the space or its trial failed.

It raises `EnoughError` when the method has had its trials.
"""


class EnoughError(Exception):
    """A method has had its trials."""


def optuna_nsga2(flat: Flat, evaluate: Evaluate, seed: int, *, objectives: int, population: int) -> None:
    """Run Optuna's NSGA-II sampler, a trial at a time; what is no architecture is told as failed."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.NSGAIISampler(seed=seed, population_size=population)
    study = optuna.create_study(directions=["minimize"] * objectives, sampler=sampler)
    while True:
        trial = study.ask()
        values = evaluate({name: trial.suggest_categorical(name, levels) for name, levels in flat.genes.items()})
        if values is None:
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
        else:
            study.tell(trial, [float(value) for value in values])


def has_nni() -> bool:
    """Tell whether NNI and what its architecture search needs are installed."""
    return all(importlib.util.find_spec(name) is not None for name in ("nni", "pytorch_lightning"))


def regularized_evolution(flat: Flat, evaluate: Evaluate, seed: int, *, population: int, sample: int) -> None:
    """Run regularized evolution of the error: NNI's own where it is installed, else ours after the same paper."""
    (_nni_evolution if has_nni() else _aging_evolution)(flat, evaluate, seed, population=population, sample=sample)


def _nni_evolution(flat: Flat, evaluate: Evaluate, seed: int, *, population: int, sample: int) -> None:
    """Run `nni.nas.strategy.RegularizedEvolution` with an engine that evaluates where it stands."""
    import logging

    from nni.mutable import Categorical, MutableDict, SampleValidationError
    from nni.nas.execution import ExecutionEngine
    from nni.nas.space import ExecutableModelSpace, ModelStatus
    from nni.nas.strategy import RegularizedEvolution

    class Space(ExecutableModelSpace):  # type: ignore[misc]
        def __init__(self, genes: MutableDict) -> None:
            super().__init__()
            self.genes, self.sample, self.evaluator = genes, None, None

        def freeze(self, sample: dict[str, Any]) -> Space:
            self.validate(sample)
            frozen = Space(self.genes)
            frozen.sample, frozen.status = dict(sample), ModelStatus.Frozen
            return frozen

        def check_contains(self, sample: dict[str, Any]) -> SampleValidationError | None:
            wrong = self.genes.check_contains(sample)
            if wrong is None and flat.architecture(sample) is None:
                return SampleValidationError("no architecture of the space, or over its limits")
            return wrong

        def leaf_mutables(self, is_leaf: Callable[[Any], bool]) -> Any:
            yield from self.genes.leaf_mutables(is_leaf)

    class Engine(ExecutionEngine):  # type: ignore[misc]
        def submit_models(self, *models: Space) -> None:
            for model in models:
                values = evaluate(model.sample)
                if values is not None:
                    self.dispatch_model_event("final_metric", model=model, metric=-float(values[0]))
                status = ModelStatus.Failed if values is None else ModelStatus.Trained
                self.dispatch_model_event("training_end", model=model, status=status)

        def idle_worker_available(self) -> bool:
            return True

        def budget_available(self) -> bool:
            return True

    logging.getLogger("nni").setLevel(logging.CRITICAL)  # it would print every sample, and that it was stopped
    genes = MutableDict({name: Categorical(levels, label=name) for name, levels in flat.genes.items()})
    strategy = RegularizedEvolution(population_size=population, sample_size=sample, seed=seed)
    strategy(Space(genes), Engine())


def _aging_evolution(
    flat: Flat, evaluate: Evaluate, seed: int, *, population: int, sample: int, mutation: float = 0.05
) -> None:
    """Run aging evolution (Real et al. 2019, arXiv 1802.01548) with mutation as NNI's: each gene anew with a probability."""
    rng = np.random.default_rng(seed)
    alive: collections.deque[tuple[Genome, float]] = collections.deque(maxlen=population)
    known: set[tuple[Any, ...]] = set()

    def fresh(name: str) -> Any:
        levels = flat.genes[name]
        return levels[int(rng.integers(len(levels)))]

    while True:
        if len(alive) < population:
            genome = {name: fresh(name) for name in flat.genes}
        else:
            chosen = [alive[int(place)] for place in rng.permutation(len(alive))[:sample]]
            parent = min(chosen, key=lambda one: one[1])[0]
            genome = {name: fresh(name) if rng.random() < mutation else value for name, value in parent.items()}
        if tuple(genome.values()) in known or flat.architecture(genome) is None:
            continue
        known.add(tuple(genome.values()))
        values = evaluate(genome)
        if values is not None:
            alive.append((genome, float(values[0])))
