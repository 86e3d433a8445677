"""Warm worker processes on this machine, one thread each."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import multiprocessing
import os
import threading
from collections import deque
from concurrent.futures import CancelledError, Future, InvalidStateError
from dataclasses import dataclass

import pebble

from minas.engines import EngineKind, _worker
from minas.errors import MinasError
from minas.trial import Candidate, Status, Trial


@dataclass(eq=False)
class _Job:
    candidate: Candidate
    timeout: float
    result: Future[Trial]
    attempts: int = 0


class LocalEngine:
    """A pool of spawned processes that load torch and the task once.

    What broke is retried alone: everything else waits until the retry has ended, so that a lack of memory caused by its
    neighbours cannot fail it twice.
    """

    def __init__(self, work: str, workers: int) -> None:
        self._work = work
        self.capacity = workers
        self.broken = 0
        self._lock = threading.RLock()
        self._waiting: deque[_Job] = deque()
        self._retries: deque[_Job] = deque()
        self._running: set[_Job] = set()
        self._alone = False
        self._closed = False
        self._pool = pebble.ProcessPool(
            max_workers=workers,
            context=multiprocessing.get_context("spawn"),
            initializer=_worker.begin,
            initargs=(os.getpid(), work),
        )

    def submit(self, candidate: Candidate, *, timeout: float) -> Future[Trial]:
        """Queue a candidate; see `Engine.submit`."""
        job = _Job(candidate, timeout, Future())
        with self._lock:
            self._waiting.append(job)
        self._pump()
        return job.result

    def drop_waiting(self) -> None:
        """Cancel every candidate that no worker has begun."""
        with self._lock:
            dropped, self._waiting = list(self._waiting), deque()
        for job in dropped:
            job.result.cancel()

    def close(self) -> None:
        """Stop all workers at once."""
        with self._lock:
            self._closed = True
        self.drop_waiting()
        self._pool.stop()  # type: ignore[no-untyped-call]  # pebble has no types here
        self._pool.join()

    def _pump(self) -> None:
        """Hand as many jobs to the pool as it has workers: its own queue stays empty, so that waiting jobs can be dropped."""
        with self._lock:
            while not self._closed:
                job = self._next()
                if job is None:
                    return
                job.attempts += 1
                self._running.add(job)
                handle = self._pool.schedule(_worker.run, args=[self._work, job.candidate], timeout=job.timeout)
                handle.add_done_callback(functools.partial(self._ended, job))

    def _next(self) -> _Job | None:
        if self._retries:
            if self._running:
                return None
            self._alone = True
            return self._retries.popleft()
        if self._alone or len(self._running) >= self.capacity or not self._waiting:
            return None
        return self._waiting.popleft()

    def _ended(self, job: _Job, done: Future[Trial]) -> None:
        with self._lock:
            self._running.discard(job)
            if not self._running:
                self._alone = False
        with contextlib.suppress(InvalidStateError):  # the run was ended meanwhile
            self._deliver(job, done)
        self._pump()

    def _deliver(self, job: _Job, done: Future[Trial]) -> None:
        try:
            trial = done.result()
        except CancelledError:
            job.result.cancel()
        except (pebble.ProcessExpired, TimeoutError, MemoryError, EOFError, OSError) as error:
            self._infrastructure(job, error)
        except MinasError as error:
            job.result.set_exception(error)
        except BaseException as error:
            job.result.set_exception(error)
        else:
            job.result.set_result(dataclasses.replace(trial, attempts=job.attempts))

    def _infrastructure(self, job: _Job, error: BaseException) -> None:
        if self._closed:
            job.result.cancel()
        elif job.attempts < 2:
            with self._lock:
                self._retries.append(job)
        else:
            with self._lock:
                self.broken += 1
            reason = f"{_words(error, job.timeout)}, twice"
            job.result.set_result(Trial(candidate=job.candidate, status=Status.FAILED, reason=reason, attempts=job.attempts))


def _words(error: BaseException, timeout: float) -> str:
    if isinstance(error, pebble.ProcessExpired):
        return f"the worker died (exit code {error.exitcode})"
    if isinstance(error, TimeoutError):
        return f"the worker hung for {timeout:.0f} seconds"
    if isinstance(error, MemoryError):
        return "no memory was left"
    return f"the worker broke ({type(error).__name__}: {error})"


ENGINE = EngineKind(description="worker processes on this machine, one thread each", start=LocalEngine)
