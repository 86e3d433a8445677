"""Evaluates planned cells wherever an engine is, and keeps each as it finishes: what is in the store is never trained again.

Cells don't depend on each other, so they may finish in any order; each is the same to the bit wherever and whenever it is
trained.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from typing import Any

from minas.engines import Engine
from minas.errors import UsageError
from minas.evolution.guard import Guard, Pace
from minas.factorial.plan import blocks
from minas.run.store import Store
from minas.trial import Candidate, Status, Trial

TICK = 0.2
"""Seconds between two looks at the clock."""

AHEAD = 2
"""Cells handed to the engine for each that it works on at a time, so that no worker waits."""


def put_plan(store: Store, planned: Sequence[Candidate], facts: Mapping[str, Any] | None = None) -> None:
    """Write a plan into a store, all of it or nothing, before anything of it is evaluated.

    Args:
        store: empty, or with the same plan.
        planned: the cells.
        facts: what is kept beside them.

    Raises:
        UsageError: the store holds another plan.
    """
    before = store.candidates("study")
    if before == list(planned):
        return
    if before:
        raise UsageError(
            f"{store.path.parent} holds another plan, of {len(before):,} cells where this one has {len(planned):,}: "
            "go on with it as it is by --resume, or give another --out"
        )
    with store.transaction():
        for name, value in (facts or {}).items():
            store.put_fact(name, value)
        for candidate in planned:
            store.put_candidate(candidate)


@dataclass
class Runner:
    """Evaluates what of a store's plan has not finished.

    Attributes:
        store: holds the plan, and takes the trials.
        engine_of: from a task's name to a running engine for its cells; it is closed when its block of cells is done.
        tick: called every fifth of a second, with the numbers of finished and of planned cells.
        stop: tells whether the time is over; what has not begun then waits for the next sitting.
    """

    store: Store
    engine_of: Callable[[str], Engine]
    tick: Callable[[int, int], None] = lambda finished, planned: None
    stop: Callable[[], bool] = lambda: False
    finished: dict[int, Trial] = field(default_factory=dict)

    def run(self) -> bool:
        """Evaluate cell after cell; return whether all are finished."""
        planned = self.store.candidates("study")
        self.finished = {trial.number: trial for trial in self.store.trials("study")}
        self._planned = len(planned)
        left = [candidate for candidate in planned if candidate.number not in self.finished]
        self.tick(len(self.finished), self._planned)
        for name, cells in blocks(left):
            if self.stop():
                break
            engine = self.engine_of(name)
            try:
                self._block(engine, cells, Pace(self._of_task(name)))
            finally:
                engine.close()
        return len(self.finished) == self._planned

    def _of_task(self, name: str) -> list[Trial]:
        return [trial for trial in self.finished.values() if trial.candidate.levels["domain"] == name]

    def _block(self, engine: Engine, cells: Sequence[Candidate], pace: Pace) -> None:
        waiting, running, guard = deque(cells), dict[Future[Trial], Candidate](), Guard()
        while (waiting or running) and not self.stop():
            while waiting and len(running) < AHEAD * engine.capacity:
                candidate = waiting.popleft()
                running[engine.submit(candidate, timeout=guard.seconds(candidate, pace))] = candidate
            wait(running, timeout=TICK, return_when=FIRST_COMPLETED)
            self._collect(running, pace)
            self.tick(len(self.finished), self._planned)
        engine.drop_waiting()
        self._collect(running, pace)

    def _collect(self, running: dict[Future[Trial], Candidate], pace: Pace) -> None:
        """Keep what has finished; what ends the study is raised once everything that finished is kept."""
        ended = [future for future in running if future.done()]
        for future in ended:
            del running[future]
            if not future.cancelled() and future.exception() is None:
                self._keep(future.result(), pace)
        for future in ended:
            if not future.cancelled():
                future.result()

    def _keep(self, trial: Trial, pace: Pace) -> None:
        with self.store.transaction():
            self.store.put_trial(trial)
            if trial.status is Status.FAILED and trial.attempts > 1:
                why = f"cell {trial.number} failed because of the machine: {trial.reason}"
                self.store.put_fact("not_repeatable", why)
        self.finished[trial.number] = trial
        pace.add(trial)
