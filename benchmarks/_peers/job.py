"""What every tool is told to do, and the log by which all of them are timed alike."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

VARIABLE = "MINAS_BENCHMARK_JOB"
"""The environment variable by which processes that a tool starts by itself find the job."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Job:
    """What one tool has to do in one repetition.

    Attributes:
        part: `same`, one training function for all, or `own`, each tool's trial as its manual writes it.
        trials: after how many trials it ends by itself.
        workers: how many trials run at a time.
        folder: where it may write.
        log: the file with a line for each finished trial: `process begin end`, in seconds since the epoch.
        steps: optimiser steps of the one function.
        work: MINAS's work for the tools that have no data of their own, JSON.
        data: the file that holds the samples, for `own`.
        epochs: passes over its training samples.
        architectures: the candidates, as MINAS's space dumps them, taken in turn.
    """

    part: str
    trials: int
    workers: int
    folder: str
    log: str
    steps: int = 0
    work: str = ""
    data: str = ""
    epochs: int = 1
    architectures: tuple[Mapping[str, Any], ...] = ()

    def write(self) -> Path:
        """Write the job into its folder and return the file."""
        path = Path(self.folder) / "job.json"
        path.write_text(json.dumps(dataclasses.asdict(self)), encoding="utf-8")
        return path


def read(path: str | None = None) -> Job:
    """Return the job of a file, or the one that the environment or the command line names."""
    found = path or os.environ.get(VARIABLE) or sys.argv[1]
    return Job(**json.loads(Path(found).read_text(encoding="utf-8")))


@contextlib.contextmanager
def logged(job: Job) -> Iterator[None]:
    """Time a trial from inside, wherever its tool runs it."""
    began = time.time()
    yield
    line = f"{os.getpid()} {began!r} {time.time()!r}\n".encode()
    file = os.open(job.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(file, line)  # one call: lines of several processes do not mix
    finally:
        os.close(file)


def ends_when_told() -> None:
    """Leave in order at SIGTERM, so that a tool ends what it has started."""

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, leave)
