"""What engines with workers of their own share: the queue, retries, and how each worker is looked after by a thread."""

from __future__ import annotations

import contextlib
import dataclasses
import signal
import threading
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from minas.engines._process import BrokenWorkerError
from minas.errors import MinasError, UsageError
from minas.trial import Candidate, Status, Trial


class WorkerGoneError(BrokenWorkerError):
    """A worker went, and won't come back; another one may take its place.

    Args:
        reason: what users read.
        begun: whether it may have been at work on the candidate.
    """

    def __init__(self, reason: str, *, begun: bool) -> None:
        super().__init__(reason)
        self.begun = begun


class Worker(Protocol):
    """Evaluates one candidate at a time. Used by one thread, `kill` excepted."""

    def start(self) -> None:
        """Make ready for a first candidate; what keeps it from that, `evaluate` will tell again."""

    def evaluate(self, candidate: Candidate, timeout: float) -> Trial:
        """Return a candidate's trial.

        Raises:
            BrokenWorkerError: the worker died or hung, or the machine failed it.
            WorkerGoneError: it went, so that it takes no more candidates.
            MemoryError: it had no memory.
            MinasError: something that ends the run.
        """

    def kill(self, *, for_good: bool = False) -> None:
        """End at once whatever it is doing; `for_good` keeps it from starting again."""


@dataclass(eq=False)
class _Job:
    candidate: Candidate
    timeout: float
    result: Future[Trial]
    attempts: int = 0


class Pool:
    """An engine of some workers, each looked after by a thread of this process.

    What broke is retried alone: everything else waits until the retry has ended, so that a lack of memory caused by its
    neighbours cannot fail it twice.

    Args:
        workers: those to begin with; more may come, and some may go.
    """

    note: str | None = None

    def __init__(self, workers: Iterable[Worker] = ()) -> None:
        self._change = threading.Condition()
        self._waiting: deque[_Job] = deque()
        self._retries: deque[_Job] = deque()
        self._running = 0
        self._alone = False
        self._closed = False
        self._fatal: MinasError | None = None
        self._workers: dict[Worker, threading.Thread] = {}
        for worker in workers:
            self.add(worker)

    @property
    def capacity(self) -> int:
        """How many candidates are worked on at a time: one for each worker."""
        return len(self._workers)

    def add(self, worker: Worker) -> None:
        """Take one worker more; a closed engine takes none."""
        thread = threading.Thread(target=self._look_after, args=(worker,), daemon=True)
        with self._change:
            if self._closed:
                return
            self._workers[worker] = thread
        thread.start()

    def remove(self, worker: Worker) -> None:
        """Give a worker no more to do, and end what it is doing; the candidate counts as broken."""
        with self._change:
            thread = self._workers.pop(worker, None)
            self._change.notify_all()
        if thread is not None:
            worker.kill(for_good=True)
            thread.join()

    def fail(self, error: MinasError) -> None:
        """End the run by an error: candidates that wait, and all that are still to come, give it."""
        with self._change:
            self._fatal = error
            failed = self._taken()
        for job in failed:
            job.result.set_exception(error)

    def submit(self, candidate: Candidate, *, timeout: float) -> Future[Trial]:
        """Queue a candidate; see `Engine.submit`."""
        job = _Job(candidate, timeout, Future())
        with self._change:
            if self._closed:
                _cancel(job)
            elif self._fatal is not None:
                job.result.set_exception(self._fatal)
            else:
                self._waiting.append(job)
                self._change.notify_all()
        return job.result

    def drop_waiting(self) -> None:
        """Cancel every candidate that no worker is at work on."""
        with self._change:
            dropped = self._taken()
        for job in dropped:
            _cancel(job)

    def close(self) -> None:
        """Stop all workers at once; what they had not finished is cancelled."""
        with self._change:
            self._closed = True
            workers = dict(self._workers)
            self._change.notify_all()
        self.drop_waiting()
        for worker in workers:
            worker.kill(for_good=True)
        for thread in workers.values():
            thread.join()

    def _taken(self) -> list[_Job]:
        """Take all jobs that no worker is at work on, and return them."""
        taken = [*self._retries, *self._waiting]
        self._retries.clear()
        self._waiting.clear()
        return taken

    def _look_after(self, worker: Worker) -> None:
        if hasattr(signal, "pthread_sigmask"):  # inherited: a Ctrl-C while Python starts up would end the worker
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        with contextlib.suppress(BrokenWorkerError, OSError):  # what keeps it from starting, its first candidate will tell
            worker.start()
        while (job := self._next(worker)) is not None:
            self._try(worker, job)

    def _next(self, worker: Worker) -> _Job | None:
        """Return a worker's next job once it may begin, or None when it is to go."""
        with self._change:
            while not self._closed and worker in self._workers:
                if self._retries:
                    queue = self._retries if not self._running else None
                else:
                    queue = self._waiting if self._waiting and not self._alone else None
                if queue is not None:
                    self._alone = queue is self._retries
                    self._running += 1
                    return queue.popleft()
                self._change.wait()
        return None

    def _try(self, worker: Worker, job: _Job) -> None:
        job.attempts += 1
        outcome: Trial | BaseException | None
        try:
            outcome = dataclasses.replace(worker.evaluate(job.candidate, job.timeout), attempts=job.attempts)
        except WorkerGoneError as error:
            outcome = self._after_going(worker, job, error)
        except (BrokenWorkerError, MemoryError, OSError) as error:
            outcome = self._after_break(job, error)
        except BaseException as error:
            outcome = error
        with self._change:
            self._running -= 1
            self._alone = False
            self._change.notify_all()
        if isinstance(outcome, Trial):
            job.result.set_result(outcome)
        elif outcome is not None:
            job.result.set_exception(outcome)

    def _after_going(self, worker: Worker, job: _Job, error: WorkerGoneError) -> Trial | None:
        """Let a worker go that is gone; a job that it had not begun is as good as new."""
        with self._change:
            self._workers.pop(worker, None)
            if error.begun or self._closed or self._fatal is not None:
                return self._after_break(job, error)
            job.attempts -= 1
            (self._retries if job.attempts else self._waiting).appendleft(job)
        return None

    def _after_break(self, job: _Job, error: Exception) -> Trial | None:
        """Queue a broken job anew, or return its failed trial if it is the second time; cancel it in a closed engine."""
        with self._change:
            if self._closed:
                _cancel(job)
                return None
            if self._fatal is not None:
                job.result.set_exception(self._fatal)
                return None
            if job.attempts == 1:
                self._retries.append(job)
                return None
        reason = f"{_words(error)}, twice"
        return Trial(candidate=job.candidate, status=Status.FAILED, reason=reason, attempts=job.attempts)


def _cancel(job: _Job) -> None:
    job.result.cancel()
    job.result.set_running_or_notify_cancel()


def _words(error: Exception) -> str:
    if isinstance(error, BrokenWorkerError):
        return str(error)
    if isinstance(error, MemoryError):
        return "no memory was left"
    return f"the worker broke ({type(error).__name__}: {error})"


def checked_workers(workers: int) -> int:
    """Return how many workers there are to be.

    Raises:
        UsageError: none.
    """
    if workers < 1:
        raise UsageError(f"trials need at least one worker, not {workers}")
    return workers
