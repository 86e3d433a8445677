"""The search phase and its control: an ordered window of trials, fed by NSGA-II or by chance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from minas import seeds
from minas.errors import UsageError, naming
from minas.evolution.confirm import time_for_confirmation
from minas.evolution.nsga2 import Evolution
from minas.evolution.session import Session, Stopwatch
from minas.evolution.window import Window
from minas.spaces import Architecture
from minas.trial import Candidate, Status, Trial


def run_search(session: Session, *, share: float, adaptive: bool = False) -> Window:
    """Evolve the front until the trials are used up, the share of the clock is spent, or the space is exhausted.

    A search that was interrupted goes on from what the store holds: the population, the trials in flight, the clock.

    Args:
        session: the run.
        share: the search's share of the clock.
        adaptive: go on beyond the share while confirming the front should take less time than what is left.

    Returns:
        The window, ended; trials that were still in a worker can be collected from it later.
    """
    phase = _Search(session, share, adaptive=adaptive)
    _run_once(session, phase.window)
    session.front = session.front_of(phase.told)
    return phase.window


def _run_once(session: Session, window: Window) -> None:
    """Run a window to its end. Once ended it stays so: a resumed run must not tell what came too late the first time."""
    role = window.role
    if session.store.fact(f"{role}_ended") is not None:
        return
    with Stopwatch(session, f"{role}_seconds"):
        window.run()
        told = window.end()
    with session.store.transaction():
        session.store.mark_late(role, told)
        session.store.put_fact(f"{role}_ended", told)


class _Search:
    """The search's state: what was told, and the evolution that follows from it."""

    def __init__(self, session: Session, share: float, *, adaptive: bool) -> None:
        self.session = session
        self.share = share
        self.adaptive = adaptive
        self.kept = float("inf")
        settings = session.settings
        self.objectives = session.configuration.objectives
        self.evolution = Evolution(
            session.space,
            objectives=len(self.objectives.objectives),
            population=settings.population,
            seed=settings.seed,
            admits=session.within_limits,
            normalise=lambda values: self.objectives.normalise(values, session.bounds),
        )
        self.told: list[Trial] = []
        self.window = Window(
            role="search",
            engine=session.engine,
            store=session.store,
            size=settings.window,
            ask=self.ask,
            tell=self.tell,
            stop=self._over,
            tick=lambda window: self.report(),
            guard=session.guard,
        )
        self._load()

    def _load(self) -> None:
        store, space = self.session.store, self.session.space
        told = int(store.fact("search_told", 0))
        self.window.load(told)
        self.evolution.know([candidate.key for candidate in self.window.asked])
        self.told = [self.window.finished[number] for number in range(told)]
        pool = store.fact("population", [])
        if len(set(pool)) < len(pool) or not set(pool) <= set(range(told)):
            raise store.damaged(f"the population {str(pool)[:60]} is not one of the {told} trials that were told")
        by_number = {number: self.window.finished[number] for number in pool}
        with naming(store.path):
            architectures = {number: space.load(_architecture(trial)) for number, trial in by_number.items()}
        self.evolution.restore(pool, {n: (architectures[n], self._values(trial)) for n, trial in by_number.items()})
        if self.told:
            self._new_front(self.told)

    def _over(self) -> bool:
        """Tell whether the time has come to confirm."""
        clock = self.session.clock
        return clock.over(self.share) and (not self.adaptive or clock.left() <= self.kept)

    def ask(self, number: int) -> Candidate | None:
        settings = self.session.settings
        if settings.trials is not None and number >= settings.trials:
            return None
        asked = self.evolution.ask(number)
        return None if asked is None else self.session.candidate("search", number, asked.architecture, parents=asked.parents)

    def tell(self, trial: Trial) -> None:
        with naming(self.session.store.path):
            architecture: Architecture = self.session.space.load(_architecture(trial))
        self.evolution.tell(trial.number, architecture, self._values(trial))
        self.session.store.put_fact("population", self.evolution.pool())
        self.told.append(trial)
        self._update_front(trial)

    def _update_front(self, trial: Trial) -> None:
        """Take a trial into the front; the dominated ones before it cannot come back, so they need no second look."""
        values, front = self._values(trial), self.session.front
        members = () if front is None else front.members
        if values is not None and not any(np.all(np.array(member.values) <= values) for member in members):
            self._new_front([*(member.trial for member in members), trial])

    def _new_front(self, trials: list[Trial]) -> None:
        self.session.front = self.session.front_of(trials)
        self.kept = time_for_confirmation(self.session)

    def report(self) -> None:
        self.session.report(
            "search", told=self.window.told, asked=len(self.window.asked), of=self.session.settings.trials, share=self.share
        )

    def _values(self, trial: Trial) -> NDArray[np.float64] | None:
        return self.objectives.values(trial.measures) if trial.status is Status.COMPLETE else None


def run_control(session: Session, count: int, *, share: float) -> Window:
    """Evaluate random architectures of the same space, by the same budget: the line that the search must beat.

    Args:
        session: the run.
        count: how many; as many as the search had trials.
        share: the share of the clock up to which it may run.
    """
    known: set[str] = set()

    def ask(number: int) -> Candidate | None:
        if number >= count:
            return None
        rng = seeds.generator(session.settings.seed, "control", number)
        for _ in range(1000):
            architecture = session.space.sample(rng)
            key = session.space.key(architecture)
            if key not in known and session.within_limits(architecture):
                known.add(key)
                return session.candidate("control", number, architecture)
        return None

    def report(window: Window) -> None:
        session.report("control", told=window.told, asked=len(window.asked), of=count, share=share)

    window = Window(
        role="control",
        engine=session.engine,
        store=session.store,
        size=session.settings.window,
        ask=ask,
        tell=lambda trial: None,
        stop=lambda: session.clock.over(share),
        tick=report,
        guard=session.guard,
    )
    window.load(int(session.store.fact("control_told", 0)))
    known.update(candidate.key for candidate in window.asked)
    _run_once(session, window)
    return window


def _architecture(trial: Trial) -> dict[str, object]:
    if trial.candidate.architecture is None:  # none of ours: a damaged store, or a stranger's
        raise UsageError(f"the trial {trial.number} of the search has no architecture")
    return dict(trial.candidate.architecture)
