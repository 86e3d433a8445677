"""Trains the hand-made chains, for the benchmarks that compare losses on them."""

from __future__ import annotations

from minas import seeds
from minas.api.request import Request, configuration_of, load_task
from minas.baselines import of_domain
from minas.engines import ENGINES
from minas.evaluation.work import Work
from minas.run.configuration import RunConfiguration
from minas.trial import Candidate, Trial

DOMAIN = "vision"


def configured(lambda_: float | None = None) -> RunConfiguration:
    """Return the configuration of a search of the default task, at a lambda; None is the search space's own."""
    request = Request(domain=DOMAIN, lambda_=lambda_, trials=1)
    configuration, _ = configuration_of(request, *load_task(request))
    return configuration


def train_chains(work: Work, *, purpose: str, repeats: int, epochs: int, workers: int) -> list[Trial]:
    """Train every chain with every seed.

    Args:
        work: what they are trained for and how.
        purpose: seeds are derived from it: benchmarks of different purposes share none.
        repeats: how often each chain is trained, with a seed of its own.
        epochs: passes over the training samples.
        workers: worker processes.

    Returns:
        The trials, all repeats of one chain after those of another.
    """
    engine = ENGINES.get("local").start(work.to_json(), workers)
    names = [(name, repeat) for name in of_domain(DOMAIN) for repeat in range(repeats)]
    try:
        candidates = [
            Candidate(
                role="baseline",
                number=number,
                key=f"baseline:{name}",
                architecture=None,
                baseline=name,
                seed=seeds.derive(0, purpose, repeat),
                epochs=epochs,
            )
            for number, (name, repeat) in enumerate(names)
        ]
        return [future.result() for future in [engine.submit(candidate, timeout=600) for candidate in candidates]]
    finally:
        engine.close()
