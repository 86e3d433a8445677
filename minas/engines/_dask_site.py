"""What runs inside a Dask worker: processes of MINAS, one for each of its threads, where trials are evaluated.

A trial has a process of its own because a thread cannot be stopped when it hangs, and because settings of torch that make
trials repeatable are nothing to impose on whatever else a cluster does. It is the process that the engine `local` uses.
"""

from __future__ import annotations

import contextlib
import multiprocessing
from typing import Any

from distributed import WorkerPlugin, get_worker

from minas.engines._process import BrokenWorkerError, WorkerProcess
from minas.errors import MinasError
from minas.run.configuration import versions
from minas.trial import Candidate, Trial

IDLE = 600.0
"""Seconds without a candidate after which a process ends: its coordinating process may have been killed."""

Facts = dict[str, Any]
Answer = Trial | BrokenWorkerError | MemoryError | MinasError | RuntimeError


class Site(WorkerPlugin):  # type: ignore[misc]  # distributed's types are not looked at
    """The processes of one run on one Dask worker.

    Args:
        work: the run's work, JSON.
        evaluator: dotted name of the module that does the work.
        threads: how many processes.
    """

    def __init__(self, work: str, evaluator: str, threads: int) -> None:
        self._processes = [WorkerProcess(work, evaluator, idle=IDLE) for _ in range(threads)]
        self._busy: dict[str, WorkerProcess] = {}

    def setup(self, worker: Any) -> None:
        """Start the processes, so that they are warm when the first candidate comes."""
        current = multiprocessing.current_process()
        if current.daemon:  # and so forbidden to have children, which could outlive it: these end with their parent
            current.daemon = False
        for process in self._processes:
            with contextlib.suppress(BrokenWorkerError, OSError):  # its first candidate will tell
                process.start()

    def teardown(self, worker: Any) -> None:
        """End the processes at once."""
        for process in self._processes:
            process.kill(for_good=True)

    def transition(self, key: Any, start: str, finish: str, **more: Any) -> None:
        """End a process whose task is not wanted any more: it was cancelled, or whoever wanted it is gone.

        Dask calls this for each change of a task's state; a task itself it cannot stop.
        """
        process = self._busy.get(str(key)) if finish == "released" else None
        if process is not None:
            process.kill()

    def evaluate(self, key: str, place: int, candidate: Candidate, timeout: float) -> Answer:
        """Return a candidate's trial, or what went wrong; nothing is raised, so that Dask has nothing to retry.

        Args:
            key: the task's name.
            place: which of the processes.
            candidate: what to evaluate.
            timeout: seconds after which the process counts as hung.
        """
        process = self._busy[key] = self._processes[place]
        try:
            return process.evaluate(candidate, timeout)
        except OSError as error:
            return BrokenWorkerError(f"the worker broke ({type(error).__name__}: {error})")
        except (BrokenWorkerError, MemoryError, MinasError, RuntimeError) as error:
            return error
        finally:
            del self._busy[key]


def facts(dask_worker: Any) -> Facts:
    """Return what the coordinating process must know of a Dask worker before it gives it work."""
    return {"identity": dask_worker.id, "threads": dask_worker.state.nthreads, "versions": known_versions()}


def known_versions() -> dict[str, str]:
    """Return the versions that must be the same on all machines of a cluster."""
    found = versions()
    return {name: found[name] for name in ("minas", "torch", "numpy")}


async def settle(dask_worker: Any, *, site: str, work: str, evaluator: str) -> None:
    """Start a run's processes on a Dask worker."""
    await dask_worker.plugin_add(Site(work, evaluator, dask_worker.state.nthreads), site, catch_errors=False)


async def leave(dask_worker: Any, *, site: str) -> None:
    """End a run's processes on a Dask worker."""
    if site in dask_worker.plugins:
        await dask_worker.plugin_remove(site)


def evaluate(site: str, identity: str, key: str, place: int, candidate: Candidate, timeout: float) -> Answer | None:
    """Return what `Site.evaluate` gives on the Dask worker that this task was meant for, or None on another one.

    Dask runs a lost task again without a word where a worker was started again under the same address.
    """
    worker = get_worker()
    if worker.id != identity:
        return None
    found: Site = worker.plugins[site]
    return found.evaluate(key, place, candidate, timeout)
