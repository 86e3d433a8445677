"""The shelf of engines: where trials are evaluated. Each module exposes `ENGINE = EngineKind(...)`.

An engine is `concurrent.futures` with three words more: how many candidates it works on at a time, a time-out for each, and
dropping what has not started. It decides nothing that a trial's figures could depend on.
"""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from minas.shelf import Shelf
from minas.trial import Candidate, Trial

EVALUATOR = "minas.evaluation.evaluate"
"""The module whose functions do the work: `prepare(work)`, once in each worker, and `evaluate(work, candidate) -> Trial`."""


class Engine(Protocol):
    """Evaluates candidates, each in a process of its own choosing."""

    @property
    def capacity(self) -> int:
        """How many candidates are worked on at a time."""

    def submit(self, candidate: Candidate, *, timeout: float) -> Future[Trial]:
        """Queue a candidate.

        Args:
            candidate: what to evaluate.
            timeout: seconds after which its worker counts as hung; a guard, never a budget.

        Returns:
            Its trial to come. What the infrastructure broke (a killed or hung worker, no memory) is retried once, alone; a
            second failure gives a trial with the status `failed`. A MinasError in it ends the run (a full disk, say).
        """

    def drop_waiting(self) -> None:
        """Cancel every candidate that no worker is at work on."""

    def close(self) -> None:
        """Stop all workers at once; what they had not finished is cancelled."""


class Start(Protocol):
    """Makes a running engine."""

    def __call__(self, work: str, workers: int, *, evaluator: str = EVALUATOR) -> Engine:
        """Return an engine.

        Args:
            work: a run's work, JSON; it is handed to the evaluator as it is.
            workers: how many candidates to work on at a time.
            evaluator: dotted name of the module that does the work.

        Raises:
            UsageError: there is to be no worker.
        """


@dataclass(frozen=True, kw_only=True)
class EngineKind:
    """One kind of engine.

    Attributes:
        description: one sentence for help texts.
        start: makes a running engine.
    """

    description: str
    start: Start


ENGINES: Shelf[EngineKind] = Shelf("minas.engines", "ENGINE", EngineKind, "engine")
