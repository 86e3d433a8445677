"""The engine on a Dask cluster: who its workers are, as they come and go."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
import uuid
from collections.abc import Iterable

from distributed import Client

from minas.engines import _dask_site
from minas.engines._dask_open import connected, quiet, started
from minas.engines._dask_place import Place
from minas.engines._pool import Pool
from minas.errors import MinasError, UsageError

LOOK = 0.5
"""Seconds between two looks at which workers there are."""

PATIENCE = 600.0
"""Seconds without a single worker after which the run ends; a cluster may be slow to replace what it lost."""

KEPT = "what was finished is kept. Go on with minas search --resume once it has some"

log = logging.getLogger("minas")


class DaskEngine(Pool):
    """As many workers as the cluster has threads, now and later.

    Args:
        work: the run's work, JSON.
        workers: how many Dask workers to start where no cluster runs.
        evaluator: dotted name of the module that does the work.
        address: the scheduler of a running cluster, which is left running; None starts one on this machine.

    Raises:
        UsageError: no scheduler answers, or a worker has other versions than this process.
    """

    def __init__(self, work: str, workers: int, *, evaluator: str, address: str | None) -> None:
        super().__init__()
        self._local = address is None
        self._name = "on this machine" if address is None else f"at {address}"
        self._site = f"minas-{uuid.uuid4().hex}"
        self._job = {"work": work, "evaluator": evaluator}
        self._places: dict[str, list[Place]] = {}
        self._refused: set[str] = set()
        self._leaving = threading.Event()
        self._watcher: threading.Thread | None = None
        self._client: Client = started(workers) if address is None else connected(address)
        try:
            for reason in self._welcome(self._client.nthreads()):
                raise UsageError(f"{reason}: a cluster needs what this machine has, so that figures are the same")
        except BaseException:
            self.close()
            raise
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def close(self) -> None:
        """End what this run does on the cluster; one that ran before goes on running."""
        if self._leaving.is_set():
            return
        self._leaving.set()
        super().close()
        if self._watcher is not None:
            self._watcher.join()
        with quiet(), contextlib.suppress(Exception):  # a cluster that is gone has nothing to be tidied
            if self._client.status == "running" and self._places:
                self._client.run(_dask_site.leave, site=self._site, workers=list(self._places), on_error="ignore")
        with quiet(), contextlib.suppress(Exception):
            self._client.close()
        if self._local:
            with quiet():
                self._client.cluster.close()

    def _watch(self) -> None:
        """Take workers that come, let those go that are lost, and end the run when there are none for long."""
        seen, told = time.monotonic(), False
        while not self._leaving.wait(LOOK):
            with contextlib.suppress(Exception):  # how the loss of a scheduler shows depends on what was just asked of it
                there = self._client.nthreads()
                self._let_go(there)
                for reason in self._welcome(there):
                    log.warning("%s; it gets no trials", reason)
            if any(not place.gone for places in self._places.values() for place in places):
                seen, told = time.monotonic(), False
            elif self._client.status == "closed":
                self.fail(MinasError(f"the Dask scheduler {self._name} is gone; {KEPT}"))
            elif time.monotonic() - seen > PATIENCE:
                self.fail(MinasError(f"the Dask cluster {self._name} has had no worker for {PATIENCE:g} seconds; {KEPT}"))
            elif not told:
                log.warning("the Dask cluster %s has no worker; waiting %g seconds for one", self._name, PATIENCE)
                told = True

    def _let_go(self, there: Iterable[str]) -> None:
        """Forget workers that are not there any more."""
        self._refused &= set(there)
        for address, places in list(self._places.items()):
            if address not in there or any(place.gone for place in places):
                del self._places[address]
                for place in places:
                    self.remove(place)

    def _welcome(self, there: Iterable[str]) -> list[str]:
        """Start this run's processes on new Dask workers, and return why some can't be used."""
        new = [address for address in there if address not in self._places and address not in self._refused]
        found = self._client.run(_dask_site.facts, workers=new, on_error="return") if new else {}
        reasons = {address: reason for address, facts in found.items() if (reason := _obstacle(address, facts))}
        good = {address: facts for address, facts in found.items() if address not in reasons and isinstance(facts, dict)}
        if good:
            self._client.run(_dask_site.settle, site=self._site, workers=list(good), **self._job)
        for address, facts in good.items():
            numbers = range(facts["threads"])
            self._places[address] = [Place(self._client, self._site, address, facts["identity"], n) for n in numbers]
            for place in self._places[address]:
                self.add(place)
        self._refused |= reasons.keys()
        return list(reasons.values())


def _obstacle(address: str, facts: _dask_site.Facts | Exception) -> str | None:
    """Return why a Dask worker can't be used; None where it can, or where it went before it had answered."""
    if isinstance(facts, OSError):
        return None
    if isinstance(facts, Exception):
        return f"the Dask worker {address} cannot load MINAS ({facts})"
    here = _dask_site.known_versions()
    for name, version in facts["versions"].items():
        if version != here[name]:
            return f"the Dask worker {address} has {name} {version}, and here is {here[name]}"
    return None
