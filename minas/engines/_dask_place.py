"""One thread of a Dask worker seen from the coordinating process: it evaluates a candidate at a time."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import CancelledError
from typing import Any, cast

from distributed import Client
from distributed.scheduler import KilledWorker

from minas.engines import _dask_site
from minas.engines._pool import WorkerGoneError
from minas.trial import Candidate, Trial


class Place:
    """A worker for the pool. Used by one thread, `kill` excepted.

    Args:
        client: the cluster.
        site: the name under which the run's processes are found on Dask's workers.
        address: the Dask worker.
        identity: which of those that this address may have one after the other.
        number: which of its processes.

    Attributes:
        gone: whether the Dask worker went, as far as this thread of it has noticed.
    """

    def __init__(self, client: Client, site: str, address: str, identity: str, number: int) -> None:
        self.gone = False
        self._client = client
        self._where = (site, identity)
        self._address = address
        self._number = number
        self._change = threading.Lock()
        self._closed = False
        self._task: Any = None

    def start(self) -> None:
        """Do nothing: its process was started when the Dask worker was found."""

    def evaluate(self, candidate: Candidate, timeout: float) -> Trial:
        """Return a candidate's trial.

        Raises:
            BrokenWorkerError: its process died or hung.
            WorkerGoneError: the Dask worker was lost, or the whole cluster.
            MemoryError: it had no memory.
            MinasError: something that ends the run.
        """
        key = f"{candidate.role}-{candidate.number}-{uuid.uuid4().hex}"  # Dask would give an equal key an earlier answer
        with self._change:
            if self._closed or self._client.status != "running":
                raise self._lost(begun=False)
            self._task = self._client.submit(
                _dask_site.evaluate,
                *(*self._where, key, self._number, candidate, timeout),
                key=key,
                workers=[self._address],  # so that it is known which worker has which candidate, and which are lost with one
                allow_other_workers=False,
                pure=False,
            )
        try:
            answer = self._task.result()
        except (KilledWorker, CancelledError, OSError) as error:
            raise self._lost(begun=True) from error
        finally:
            self._task.release()
        if answer is None:
            raise self._lost(begun=True)
        if isinstance(answer, Exception):
            raise answer
        return cast(Trial, answer)

    def _lost(self, *, begun: bool) -> WorkerGoneError:
        self.gone = True
        return WorkerGoneError("the worker was lost", begun=begun)

    def kill(self, *, for_good: bool = False) -> None:
        """Cancel what it is doing, which ends the process that does it."""
        with self._change:
            self._closed = self._closed or for_good
            if self._task is not None:
                self._task.cancel()
