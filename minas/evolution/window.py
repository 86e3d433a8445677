"""The ordered window: some trials in flight, told strictly in the order in which they were asked for.

With W trials in flight, trial i is asked for once exactly i - W + 1 results have been told. What it is thus depends on the
window's size and never on the number of workers or on which of them was faster.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field

from minas.engines import Engine
from minas.evolution.guard import Guard, Pace
from minas.run.store import Store
from minas.trial import Candidate, Role, Status, Trial

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
        guard: tells after how many seconds a worker counts as hung.
        paced_by: finished trials of an earlier phase, by whose seconds for an epoch a hung worker is told from a busy one.
    """

    role: Role
    engine: Engine
    store: Store
    size: int
    ask: Callable[[int], Candidate | None]
    tell: Callable[[Trial], None]
    stop: Callable[[], bool]
    tick: Callable[[Window], None] = lambda window: None
    guard: Guard = field(default_factory=Guard)
    paced_by: Sequence[Trial] = ()
    told: int = 0
    asked: list[Candidate] = field(default_factory=list)
    finished: dict[int, Trial] = field(default_factory=dict)
    futures: dict[int, Future[Trial]] = field(default_factory=dict)
    exhausted: bool = False

    def __post_init__(self) -> None:
        self._pace = Pace(self.paced_by)

    def load(self, told: int) -> None:
        """Take up what the store holds: candidates asked for, trials finished, and how many of them were told.

        Raises:
            UsageError: the store is damaged: a candidate or a told trial is missing.
        """
        self.asked = self.store.candidates(self.role)
        self.finished = {trial.number: trial for trial in self.store.trials(self.role)}
        self._pace = Pace([*self.paced_by, *self.finished.values()])
        self.told = told
        if [candidate.number for candidate in self.asked] != list(range(len(self.asked))):
            raise self.store.damaged(f"the candidates of the role {self.role} are not numbered from 0 on")
        for number in range(told):
            if number not in self.finished:
                raise self.store.damaged(f"{self.role}_told is {told}, and the trial {number} is not there")
        self.exhausted = bool(self.store.fact(f"{self.role}_exhausted", False))

    def run(self) -> None:
        """Ask, evaluate, keep and tell until there is nothing more to ask or the time is over."""
        if self.stop():
            return
        for candidate in self.asked[self.told :]:
            if candidate.number not in self.finished:
                self._submit(candidate)
        self._advance()
        while self.told < len(self.asked) and not self.stop():
            self._collect(TICK)
            self._advance()
            self.tick(self)

    def end(self) -> int:
        """Drop what has not begun, keep what has finished, and return how many results were told: the longest prefix."""
        self.engine.drop_waiting()
        self._collect(0.0)
        return self.told

    def late(self) -> None:
        """Keep trials that were still being worked on when the window ended and have finished since."""
        self._collect(0.0, late=True)

    def _advance(self) -> None:
        self._fill()
        while self.told in self.finished:
            with self.store.transaction(synced=False):
                self.tell(self.finished[self.told])
                self.told += 1
                self.store.put_fact(f"{self.role}_told", self.told)
                asked = self._ask()
            self._submit_asked(asked)

    def _fill(self) -> None:
        while not self.exhausted and len(self.asked) - self.told < self.size:
            with self.store.transaction(synced=False):
                asked = self._ask()
            self._submit_asked(asked)

    def _ask(self) -> Candidate | None:
        if self.exhausted:
            return None
        candidate = self.ask(len(self.asked))
        if candidate is None:
            self.exhausted = True
            self.store.put_fact(f"{self.role}_exhausted", True)  # asked again after more was told, the answer could differ
            return None
        self.store.put_candidate(candidate)
        return candidate

    def _submit_asked(self, candidate: Candidate | None) -> None:
        if candidate is not None:
            self.asked.append(candidate)
            self._submit(candidate)

    def _submit(self, candidate: Candidate) -> None:
        timeout = self.guard.seconds(candidate, self._pace)
        self.futures[candidate.number] = self.engine.submit(candidate, timeout=timeout)

    def _collect(self, seconds: float, *, late: bool = False) -> None:
        if not self.futures:
            return
        wait(self.futures.values(), timeout=seconds, return_when=FIRST_COMPLETED)
        ended = {number: future for number, future in self.futures.items() if future.done()}
        for number, future in ended.items():
            del self.futures[number]
            if not future.cancelled() and future.exception() is None:
                self._keep(dataclasses.replace(future.result(), late=late))
        for future in ended.values():
            if not future.cancelled():
                future.result()  # what ends the run is raised once everything that finished is kept

    def _keep(self, trial: Trial) -> None:
        with self.store.transaction():
            self.store.put_trial(trial)
            if trial.status is Status.FAILED and trial.attempts > 1:
                why = f"{self.role} trial {trial.number} failed because of the machine: {trial.reason}"
                self.store.put_fact("not_repeatable", why)
        self.finished[trial.number] = trial
        self._pace.add(trial)
