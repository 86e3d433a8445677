"""One worker process seen from the coordinating process: started, asked, killed, replaced."""

from __future__ import annotations

import multiprocessing
import threading
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

from minas.engines import _worker
from minas.trial import Candidate, Trial

_STARTING = threading.Lock()
"""multiprocessing looks after all children of a process whenever one is started: one thread at a time."""

LONGEST_START = 600.0
"""Seconds after which a worker that is still loading torch and its task counts as hung."""


class BrokenWorkerError(Exception):
    """A worker died or hung; the text says which."""


class WorkerProcess:
    """A warm process that evaluates one candidate at a time, replaced when it breaks. Used by one thread, `kill` excepted.

    Args:
        work: the run's work, JSON.
        evaluator: dotted name of the module that does the work.
        idle: seconds without a candidate after which it ends until the next one comes; None keeps it.
    """

    def __init__(self, work: str, evaluator: str, *, idle: float | None = None) -> None:
        self._arguments = (work, evaluator, idle)
        self._closed = False
        self._ready = False
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None

    def start(self) -> None:
        """Start a process where none is alive."""
        if self._process is not None and self._process.is_alive():
            return
        context = multiprocessing.get_context("spawn")
        with _STARTING:
            if self._closed:
                raise BrokenWorkerError("the engine was closed")
            self._pipe, theirs = context.Pipe()
            self._process = context.Process(target=_worker.serve, args=(theirs, *self._arguments), daemon=True)
            self._process.start()
            theirs.close()
            self._ready = False

    def evaluate(self, candidate: Candidate, timeout: float) -> Trial:
        """Return a candidate's trial.

        Raises:
            BrokenWorkerError: the process died, or did not answer in time and was killed.
            MemoryError: it had no memory.
            MinasError: something that ends the run.
        """
        self.start()
        assert self._pipe is not None
        try:
            if not self._ready:
                self._answer(LONGEST_START)
                self._ready = True
            self._pipe.send(candidate)
            answer = self._answer(timeout)
        except (EOFError, OSError):
            raise BrokenWorkerError(f"the worker died (exit code {self._exit_code()})") from None
        if not isinstance(answer, Trial):
            raise TypeError(f"an evaluator must return a Trial, not {answer!r}")
        return answer

    def kill(self, *, for_good: bool = False) -> None:
        """End the process at once, whatever it is doing."""
        with _STARTING:
            self._closed = self._closed or for_good
        if self._process is not None:
            self._process.kill()
            self._process.join()

    def _answer(self, timeout: float) -> Any:
        assert self._pipe is not None
        if not self._pipe.poll(timeout):
            self.kill()
            raise BrokenWorkerError(f"the worker hung for {timeout:g} seconds")
        answer = self._pipe.recv()
        if isinstance(answer, Exception):
            if not self._ready:
                self.kill()
            raise answer
        return answer

    def _exit_code(self) -> int | None:
        """Return the exit code of the process, which has closed its end of the pipe."""
        assert self._process is not None
        self._process.join(10.0)
        code = self._process.exitcode
        self.kill()
        return code
