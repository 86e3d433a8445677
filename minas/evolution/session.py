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
from minas.evolution.clock import Clock
from minas.objectives import Bounds
from minas.run.configuration import RunConfiguration, Settings
from minas.run.store import Store
from minas.spaces import Architecture, Space
from minas.trial import Candidate, Role, Trial

Phase = Literal["starting", "search", "control", "confirmation", "baselines", "finishing"]


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
            self.store.put_fact("spent", spent)
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
    """Adds the wall time of a phase to a fact of the store, whatever ends it."""

    def __init__(self, session: Session, fact: str) -> None:
        self._session = session
        self._fact = fact

    def __enter__(self) -> None:
        self._started = time.monotonic()

    def __exit__(self, *_: object) -> None:
        self._session.add_fact(self._fact, time.monotonic() - self._started)
