"""Trials that several methods share: an architecture is trained once, whoever asks for it, and its trial is kept on disk."""

from __future__ import annotations

import dataclasses
import json
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from minas import seeds
from minas.engines import Engine
from minas.errors import UsageError
from minas.trial import Candidate, Cost, Status, Trial

GUARD = 1800.0
"""Seconds after which a worker counts as hung."""


class TrainedOnce:
    """An engine whose trials come from a file where it has them, by canonical key; safe to use from several threads.

    The candidate's own seed is set aside: each architecture has one seed, so all methods see one landscape.

    Args:
        engine: where what is not there is evaluated; stays open when this is closed.
        path: the file, a line of JSON for each trial after a first line that says by which work they were made.
        work: the run's work, JSON: trials of another work are refused.

    Raises:
        UsageError: the file is of another work.
    """

    def __init__(self, engine: Engine, path: Path, work: str) -> None:
        self.capacity = engine.capacity
        self._engine = engine
        self._path = path
        self._lock = threading.Lock()
        self._kept: dict[str, dict[str, Any]] = {}
        self._coming: dict[str, list[tuple[Candidate, Future[Trial]]]] = {}
        self._open(work)

    def _open(self, work: str) -> None:
        heading = json.dumps({"work": json.loads(work)}, sort_keys=True)
        if not self._path.exists():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(heading + "\n", encoding="utf-8")
        first, *lines = self._path.read_text(encoding="utf-8").splitlines()
        if first != heading:
            raise UsageError(f"{self._path} holds trials of other settings: give another --out, or move it away")
        for line in lines:
            if line.endswith("}"):  # the last one may be cut where a process was killed
                row = json.loads(line)
                self._kept[row["key"]] = row

    def submit(self, candidate: Candidate, *, timeout: float = GUARD) -> Future[Trial]:
        """Return a candidate's trial to come, trained now or before."""
        future: Future[Trial] = Future()
        with self._lock:
            row = self._kept.get(candidate.key)
            waiting = self._coming.get(candidate.key)
            if row is None and waiting is not None:
                waiting.append((candidate, future))
                return future
            if row is None:
                self._coming[candidate.key] = [(candidate, future)]
        if row is not None:
            future.set_result(_trial(candidate, row))
            return future
        seeded = dataclasses.replace(candidate, seed=seeds.derive(0, "candidate", candidate.key))
        self._engine.submit(seeded, timeout=max(timeout, GUARD)).add_done_callback(
            lambda done: self._keep(candidate.key, done)
        )
        return future

    def _keep(self, key: str, done: Future[Trial]) -> None:
        error = RuntimeError("the engine was closed") if done.cancelled() else done.exception()
        with self._lock:
            waiting = self._coming.pop(key)
            if error is None:
                trial = done.result()
                row = {
                    "key": key,
                    "status": trial.status.value,
                    "reason": trial.reason,
                    "measures": dict(trial.measures),
                    "cost": dataclasses.asdict(trial.cost),
                }
                self._kept[key] = row
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(row) + "\n")
        for candidate, future in waiting:
            if error is None:
                future.set_result(_trial(candidate, row))
            else:
                future.set_exception(error)

    def drop_waiting(self) -> None:
        """Leave everything as it is: what one method no longer needs, another may."""

    def close(self) -> None:
        """Leave the engine open, as others use it too."""


def _trial(candidate: Candidate, row: dict[str, Any]) -> Trial:
    return Trial(
        candidate=candidate,
        status=Status(row["status"]),
        reason=row["reason"],
        measures=row["measures"],
        cost=Cost(**row["cost"]),
    )
