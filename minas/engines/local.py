"""Warm worker processes on this machine, one thread each."""

from __future__ import annotations

from collections.abc import Mapping

from minas.engines import EVALUATOR, EngineKind
from minas.engines._pool import Pool, checked_workers
from minas.engines._process import WorkerProcess


class LocalEngine(Pool):
    """Spawned processes that load torch and the task once."""

    def __init__(
        self, work: str, workers: int, *, evaluator: str = EVALUATOR, options: Mapping[str, str] | None = None
    ) -> None:
        super().__init__([WorkerProcess(work, evaluator) for _ in range(checked_workers(workers))])


ENGINE = EngineKind(description="worker processes on this machine, one thread each", start=LocalEngine)
