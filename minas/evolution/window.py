"""The ordered window: some trials in flight, told strictly in the order in which they were asked for.

With W trials in flight, trial i is asked for once exactly i - W + 1 results have been told. What it is thus depends on the
window's size and never on the number of workers or on which of them was faster.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field

from minas.engines import Engine
from minas.run.store import Store
from minas.trial import Candidate, Role, Status, Trial

HANG_FACTOR = 20.0
"""A worker counts as hung after this many times the median trial."""

SHORTEST_GUARD = 120.0
"""Seconds below which no trial counts as hung, whatever the median."""

FIRST_GUARD = 1800.0
"""Seconds after which one of the first trials, when no median is known, counts as hung."""

TICK = 0.2
"""Seconds between two looks at the clock."""


@dataclass
class Window:
    """Evaluates one role's candidates in order.

    Attributes:
        role: which trials these are.
        engine: where they are evaluated.
        store: where they are kept.
        size: how many may be in flight.
        ask: gives the candidate of a number, or None when there is nothing more to ask.
        tell: takes a finished trial, in order.
        stop: tells whether the time is over.
        tick: called every fifth of a second, for displays.
    """

    role: Role
    engine: Engine
    store: Store
    size: int
    ask: Callable[[int], Candidate | None]
    tell: Callable[[Trial], None]
    stop: Callable[[], bool]
    tick: Callable[[Window], None] = lambda window: None
    told: int = 0
    asked: list[Candidate] = field(default_factory=list)
    finished: dict[int, Trial] = field(default_factory=dict)
    futures: dict[int, Future[Trial]] = field(default_factory=dict)
    exhausted: bool = False

    def load(self, told: int) -> None:
        """Take up what the store holds: candidates asked for, trials finished, and how many of them were told."""
        self.asked = self.store.candidates(self.role)
        self.finished = {trial.number: trial for trial in self.store.trials(self.role)}
        self.told = told

    def run(self) -> None:
        """Ask, evaluate, keep and tell until there is nothing more to ask or the time is over."""
        for candidate in self.asked[self.told :]:
            if candidate.number not in self.finished:
                self._submit(candidate)
        self._advance()
        while self.told < len(self.asked) and not self.stop():
            self._collect(TICK)
            self._advance()
            self.tick(self)

    def end(self) -> int:
        """Drop what has not begun, keep what finishes as late, and return how many results were told.

        Trials behind the longest told prefix stay in the store, flagged; they don't count.
        """
        self.engine.drop_waiting()
        self._collect(0.0)
        return self.told

    def late(self) -> None:
        """Keep trials that were still being worked on when the window ended and have finished since."""
        self._collect(0.0, late=True)

    def _advance(self) -> None:
        self._fill()
        while self.told in self.finished:
            with self.store.transaction():
                self.tell(self.finished[self.told])
                self.told += 1
                self.store.put_fact(f"{self.role}_told", self.told)
                asked = self._ask()
            self._submit_asked(asked)

    def _fill(self) -> None:
        while not self.exhausted and len(self.asked) - self.told < self.size:
            with self.store.transaction():
                asked = self._ask()
            self._submit_asked(asked)

    def _ask(self) -> Candidate | None:
        if self.exhausted or len(self.asked) - self.told >= self.size:
            return None
        candidate = self.ask(len(self.asked))
        if candidate is None:
            self.exhausted = True
            return None
        self.store.put_candidate(candidate)
        return candidate

    def _submit_asked(self, candidate: Candidate | None) -> None:
        if candidate is not None:
            self.asked.append(candidate)
            self._submit(candidate)

    def _submit(self, candidate: Candidate) -> None:
        self.futures[candidate.number] = self.engine.submit(candidate, timeout=self._guard())

    def _guard(self) -> float:
        seconds = [trial.cost.seconds for trial in self.finished.values() if trial.status is Status.COMPLETE]
        return max(SHORTEST_GUARD, HANG_FACTOR * statistics.median(seconds)) if len(seconds) >= 5 else FIRST_GUARD

    def _collect(self, seconds: float, *, late: bool = False) -> None:
        if not self.futures:
            return
        done, _ = wait(self.futures.values(), timeout=seconds, return_when=FIRST_COMPLETED)
        for number in [number for number, future in self.futures.items() if future in done]:
            future = self.futures.pop(number)
            if future.cancelled():
                continue
            trial = future.result()
            if late:
                trial = _as_late(trial)
            self.store.put_trial(trial)
            self.finished[number] = trial


def _as_late(trial: Trial) -> Trial:
    import dataclasses

    return dataclasses.replace(trial, late=True)
