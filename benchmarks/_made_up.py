"""An engine that makes trials up: for measuring everything of a search that is neither training nor measuring.

Architectures, keys and what is known before training are real. Error, action and all other measures are those of the most
similar network of a finished run, times chance: nothing that is searched with them says anything of networks.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import numpy as np

from minas import seeds
from minas.run.configuration import RunConfiguration
from minas.spaces import Space
from minas.trial import Candidate, Cost, Status, Trial

KNOWN = ("flops", "params", "activations")
"""Measures by which networks are similar."""

SPREAD = {"error": 0.12, "action": 0.15}
"""Deviation of the logarithm of what a measure is multiplied by."""


def maker(configuration: RunConfiguration, space: Space, reference: Sequence[Trial]) -> Callable[[Candidate], Trial]:
    """Return a function that makes up a candidate's trial: the same one for the same candidate.

    Args:
        configuration: the run's configuration.
        space: its space.
        reference: complete trials of a finished run on the same task, all measures known.
    """
    rows = np.array([_place(trial.measures) for trial in reference])
    shape, classes, samples = (
        configuration.task.shape,
        len(configuration.task.classes),
        configuration.task.samples[1],
    )

    def made(candidate: Candidate) -> Trial:
        assert candidate.architecture is not None
        features = space.features(space.load(candidate.architecture), shape, classes)
        near = reference[int(np.abs(rows - _place(features)).sum(axis=1).argmin())]
        rng = seeds.generator(candidate.seed, "made up")
        measures = dict(near.measures)
        for name in sorted(measures):
            factor = math.exp(rng.normal(0.0, SPREAD.get(name, 0.05)))
            known = measures[name]
            measures[name] = None if known is None else known * factor
        measures |= {name: features[name] for name in KNOWN}
        measures["error"] = min(round((measures["error"] or 0.0) * samples), samples) / samples  # as samples give it
        return Trial(candidate=candidate, status=Status.COMPLETE, measures=measures, cost=_cost(near.cost))

    return made


def _place(measures: Mapping[str, float | None]) -> list[float]:
    return [math.log(measures[name] or 1.0) for name in KNOWN]


def _cost(cost: Cost) -> Cost:
    return Cost(
        seconds=cost.seconds,
        training_seconds=cost.training_seconds,
        measuring_seconds=cost.measuring_seconds,
        cpu_seconds=cost.cpu_seconds,
        training_macs=cost.training_macs,
    )


@dataclass
class MadeUpEngine:
    """Holds what was submitted until it is asked to finish one: nothing is evaluated meanwhile.

    Attributes:
        make: makes a candidate's trial.
        ready: how many of the first are finished at once.
        capacity: as an engine says it.
    """

    make: Callable[[Candidate], Trial]
    ready: int = 0
    capacity: int = 2
    _waiting: deque[tuple[Candidate, Future[Trial]]] = field(default_factory=deque)

    def submit(self, candidate: Candidate, *, timeout: float) -> Future[Trial]:
        """Queue a candidate; see `minas.engines.Engine`."""
        future: Future[Trial] = Future()
        self._waiting.append((candidate, future))
        if self.ready > 0:
            self.ready -= 1
            self.finish_one()
        return future

    def finish_one(self) -> None:
        """Give the trial of the candidate that waits longest."""
        if self._waiting:
            candidate, future = self._waiting.popleft()
            future.set_result(self.make(candidate))

    def drop_waiting(self) -> None:
        """Cancel everything."""
        while self._waiting:
            _, future = self._waiting.popleft()
            future.cancel()
            future.set_running_or_notify_cancel()

    def close(self) -> None:
        """Cancel everything."""
        self.drop_waiting()
