"""A space of bit patterns with analytic objectives, an engine that works when told to, and a session around them: no torch.

The landscape. An architecture is `SLOTS` digits from 0 to `LEVELS - 1`. Slot s has a hidden best digit for the error; every digit
costs its height. The error falls with each slot that is right, the cost grows with the digits, and a second cost grows with the
number of changes from slot to slot: three objectives in conflict, smooth under mutation, hopeless for chance alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np

from minas.evolution.clock import Clock
from minas.evolution.session import Session
from minas.objectives import Bounds, Objective, ObjectiveSet
from minas.run.configuration import DataFacts, RunConfiguration, Settings, TaskFacts
from minas.run.store import Store
from minas.spaces import Variation
from minas.trial import Candidate, Cost, Status, Trial

SLOTS, LEVELS = 16, 5
Digits = tuple[int, ...]
OBJECTIVES = ObjectiveSet(
    name="toy", objectives=(Objective(measure="error"), Objective(measure="cost"), Objective(measure="changes"))
)
BOUNDS = {
    "error": Bounds(ideal=0.0, reference=1.0),
    "cost": Bounds(ideal=0.0, reference=float(SLOTS * (LEVELS - 1))),
    "changes": Bounds(ideal=0.0, reference=float(SLOTS)),
}


class ToySpace:
    """Digits as a `Space`: few slots and levels make a space that can be exhausted."""

    name, domain = "toy", "toy"
    variation = Variation()

    def __init__(self, slots: int = SLOTS, levels: int = LEVELS) -> None:
        self.slots, self.levels = slots, levels

    def sample(self, rng: np.random.Generator) -> Digits:
        return tuple(int(digit) for digit in rng.integers(self.levels, size=self.slots))

    def mutate(self, architecture: Digits, rng: np.random.Generator) -> Digits:
        changed = list(architecture)
        changed[int(rng.integers(self.slots))] = int(rng.integers(self.levels))
        return tuple(changed)

    def cross(self, first: Digits, second: Digits, rng: np.random.Generator) -> Digits:
        return tuple(a if rng.random() < 0.5 else b for a, b in zip(first, second, strict=True))

    def key(self, architecture: Digits) -> str:
        return "-".join(map(str, architecture))

    def dump(self, architecture: Digits) -> dict[str, Any]:
        return {"digits": list(architecture)}

    def load(self, dumped: Mapping[str, Any]) -> Digits:
        return tuple(dumped["digits"])

    def neighbours(self, architecture: Digits) -> Iterator[Digits]:
        yield from ()

    def features(self, architecture: Digits, task_shape: tuple[int, ...], classes: int) -> dict[str, float]:
        return {"cost": float(sum(architecture))}

    def limits(self, task_shape: tuple[int, ...]) -> dict[str, float]:
        return {}

    def build(self, architecture: Digits, task: Any, seed: int) -> Any:
        raise NotImplementedError


def measures(architecture: Digits) -> dict[str, float | None]:
    best = [(slot * 7 + 3) % LEVELS for slot in range(len(architecture))]
    right = sum(digit == wanted for digit, wanted in zip(architecture, best, strict=True))
    changes = sum(a != b for a, b in itertools.pairwise(architecture))
    return {"error": 1.0 - right / len(architecture), "cost": float(sum(architecture)), "changes": float(changes)}


def evaluate(candidate: Candidate) -> Trial:
    """Return what a candidate gives: every eleventh key diverges, every thirteenth fails by the machine."""
    digits = tuple(candidate.architecture["digits"])
    cost = Cost(seconds=0.5, training_seconds=0.4)
    if (candidate.seed % 11) == 0:
        return Trial(candidate=candidate, status=Status.DIVERGED, reason="exploded", cost=cost)
    found = measures(digits)
    if (candidate.seed % 13) == 0:
        found["cost"] = None
    return Trial(candidate=candidate, status=Status.COMPLETE, measures=found, cost=cost)


class FakeEngine:
    """Evaluates at once, in this process, and hands results over in whatever order `choose` picks among the candidates at work."""

    def __init__(self, workers: int = 1, choose: Callable[[int], int] = lambda number: 0) -> None:
        self.capacity = workers
        self.choose = choose
        self.queue: list[tuple[Candidate, Future[Trial]]] = []
        self.submitted: list[Candidate] = []
        self.timeouts: list[float] = []
        self.closed = False

    def submit(self, candidate: Candidate, *, timeout: float) -> Future[Trial]:
        future: Future[Trial] = Future()
        self.submitted.append(candidate)
        self.timeouts.append(timeout)
        self.queue.append((candidate, future))
        return future

    def work(self) -> None:
        """Finish one of the candidates at work: the first `capacity` of the queue."""
        begun = min(self.capacity, len(self.queue))
        if begun:
            candidate, future = self.queue.pop(self.choose(begun) % begun)
            future.set_result(evaluate(candidate))

    def drop_waiting(self) -> None:
        for _, future in self.queue[self.capacity :]:
            future.cancel()
        del self.queue[self.capacity :]

    def close(self) -> None:
        self.closed = True


def configuration(**settings: Any) -> RunConfiguration:
    return RunConfiguration(
        domain="toy",
        task=TaskFacts(name="toy", digest="", shape=(1,), classes=("0", "1"), samples=(1, 1, 1)),
        data=DataFacts(),
        settings=Settings(**{"population": 8, "window": 4, "trials": 30, **settings}),
        objectives=OBJECTIVES,
        measures=("error", "cost", "changes"),
        search_space={},
        bounds=BOUNDS,
    )


class ToyClock(Clock):
    """A clock of looks instead of seconds; at each look the engine finishes one candidate."""

    def __init__(self, engine: FakeEngine, looks: float = float("inf")) -> None:
        super().__init__(None)
        self.engine, self.looks = engine, looks

    def left(self, share: float = 1.0) -> float:
        self.engine.work()
        self.looks -= 1
        return self.looks


class Crash(BaseException):
    """The process was killed."""


class CrashingStore(Store):
    """A store whose process is killed just before a write."""

    def __init__(self, path: Path, writes: float = float("inf")) -> None:
        self.writes = float("inf")
        super().__init__(path)
        self.writes = writes

    def _do(self, statement: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        if not statement.lstrip().startswith("SELECT"):
            if self.writes <= 0:
                raise Crash
            self.writes -= 1
        return super()._do(statement, values)


def session(
    folder: Path,
    *,
    engine: FakeEngine | None = None,
    space: ToySpace | None = None,
    looks: float = float("inf"),
    writes: float = float("inf"),
    **settings: Any,
) -> Session:
    engine = engine or FakeEngine()
    return Session(
        folder=folder,
        configuration=configuration(**settings),
        store=CrashingStore(folder / "run.db", writes),
        engine=engine,
        space=space or ToySpace(),
        epochs=8,
        clock=ToyClock(engine, looks),
    )
