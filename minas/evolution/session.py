"""What the phases of one run share: its folder, configuration, store, engine, space and clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from minas import seeds
from minas.analysis.front import Front, front_of
from minas.engines import Engine
from minas.errors import naming
from minas.evolution.clock import Clock
from minas.evolution.guard import Guard, longest
from minas.objectives import Bounds
from minas.run.configuration import RunConfiguration, Settings
from minas.run.store import Store
from minas.spaces import Architecture, Space
from minas.trial import Candidate, Role, Trial

Phase = Literal["starting", "search", "control", "confirmation", "baselines", "study", "finishing"]


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a run stands, for displays.

    Attributes:
        phase: what is being done.
        told: trials of the phase whose results count so far.
        asked: trials of the phase that were asked for.
        of: trials that the phase will have, where that is known.
        left: seconds left on the user's clock, or None without one.
        share_left: seconds left of the phase's share of the clock, or None without one.
        spent: seconds spent.
        front: the current front; None before the first result.
        note: one sentence on what the phase decided, or None.
    """

    phase: Phase
    told: int = 0
    asked: int = 0
    of: int | None = None
    left: float | None = None
    share_left: float | None = None
    spent: float = 0.0
    front: Front | None = None
    note: str | None = None


Listener = Callable[[Progress], None]


@dataclass(kw_only=True)
class Session:
    """One sitting of one run.

    Attributes:
        folder: the run's folder, locked.
        configuration: what `run.toml` says.
        store: the run's store, open for writing.
        engine: where trials are evaluated.
        space: what is searched.
        epochs: passes over the training samples in a brief training.
        clock: the user's clock.
        listener: hears of progress.
    """

    folder: Path
    configuration: RunConfiguration
    store: Store
    engine: Engine
    space: Space
    epochs: int
    clock: Clock
    listener: Listener = lambda progress: None
    front: Front | None = None
    _saved: float = field(default=0.0)
    _watch: Stopwatch | None = field(default=None)

    @property
    def settings(self) -> Settings:
        """How the run searches."""
        return self.configuration.settings

    @property
    def bounds(self) -> Mapping[str, Bounds]:
        """Bounds of the hypervolume, fixed before the search."""
        return self.configuration.bounds

    def candidate(self, role: Role, number: int, architecture: Architecture, *, parents: tuple[str, ...] = ()) -> Candidate:
        """Return a candidate for a brief training: its seed is a function of the run's seed and its canonical key."""
        key = self.space.key(architecture)
        return Candidate(
            role=role,
            number=number,
            key=key,
            architecture=self.space.dump(architecture),
            seed=seeds.derive(self.settings.seed, "candidate", key),
            epochs=self.epochs,
            parents=parents,
        )

    def features(self, architecture: Architecture) -> dict[str, float]:
        """Return what can be told of an architecture without building it."""
        task = self.configuration.task
        return self.space.features(architecture, task.shape, len(task.classes))

    def within_limits(self, architecture: Architecture) -> bool:
        """Tell whether an architecture keeps those limits that can be told before it is built."""
        limits = self.settings.limits
        if not limits:
            return True
        features = self.features(architecture)
        return all(features.get(name, 0.0) <= largest for name, largest in limits.items())

    @property
    def guard(self) -> Guard:
        """What tells a hung worker from a busy one, before there is a pace by which to tell it too."""
        return Guard(left=None if self.clock.total is None else self.clock.left, longest=self._longest)

    def _longest(self, candidate: Candidate) -> float | None:
        if candidate.architecture is None:
            return None
        with naming(self.store.path):
            flops = self.features(self.space.load(candidate.architecture)).get("flops")
        samples = self.configuration.task.samples[0]
        return None if flops is None else longest(flops, samples, candidate.epochs)

    def front_of(self, trials: list[Trial]) -> Front:
        """Return the front of some trials by the run's objectives and bounds."""
        return front_of(trials, self.configuration.objectives, self.bounds)

    def report(
        self,
        phase: Phase,
        *,
        told: int = 0,
        asked: int = 0,
        of: int | None = None,
        share: float = 1.0,
        note: str | None = None,
    ) -> None:
        """Tell the listener where the run stands, and keep the clock's state about once a second."""
        spent = self.clock.spent()
        if spent - self._saved > 1.0:
            self._saved = spent
            with self.store.transaction(synced=False):
                self.store.put_fact("spent", spent)
                if self._watch is not None:
                    self._watch.keep()
        limited = self.clock.total is not None
        self.listener(
            Progress(
                phase=phase,
                told=told,
                asked=asked,
                of=of,
                left=max(0.0, self.clock.left()) if limited else None,
                share_left=max(0.0, self.clock.left(share)) if limited else None,
                spent=spent,
                front=self.front,
                note=note,
            )
        )

    def add_fact(self, name: str, amount: float) -> None:
        """Add to a number that is kept over all sittings."""
        self.store.put_fact(name, float(self.store.fact(name, 0.0)) + amount)


class Stopwatch:
    """Adds the wall time of a phase to a fact of the store, whatever ends it.

    The session keeps what has passed whenever it keeps the clock's state, so that a killed process loses about a second.
    """

    def __init__(self, session: Session, fact: str) -> None:
        self._session = session
        self._fact = fact

    def __enter__(self) -> None:
        self._before = float(self._session.store.fact(self._fact, 0.0))
        self._started = time.monotonic()
        self._session._watch = self

    def __exit__(self, *_: object) -> None:
        self._session._watch = None
        self.keep()

    def keep(self) -> None:
        """Keep what has passed so far, earlier sittings included."""
        self._session.store.put_fact(self._fact, self._before + time.monotonic() - self._started)
