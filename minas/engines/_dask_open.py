"""A connection to a Dask cluster: one that runs already, or one that is started on this machine."""

from __future__ import annotations

import contextlib
import logging
import signal
from collections.abc import Iterator
from multiprocessing import resource_tracker

from distributed import Client, LocalCluster

from minas.errors import UsageError

ANSWER = 10.0
"""Seconds in which the scheduler of a running cluster must answer."""


def connected(address: str) -> Client:
    """Return a client of a running cluster.

    Args:
        address: its scheduler, such as `tcp://10.0.0.5:8786`.

    Raises:
        UsageError: no scheduler answers there.
    """
    try:
        with quiet():
            return Client(address, timeout=ANSWER, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"no Dask scheduler answers at {address} ({error}); expected the address that it printed when it was started, "
            "such as tcp://10.0.0.5:8786"
        ) from error


def started(workers: int) -> Client:
    """Return a client of a new cluster on this machine, its `cluster`: workers of one thread, which nobody else can reach."""
    with quiet(), _deaf():
        cluster = LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            memory_limit=None,  # Dask's guard sees its own process only, not those in which trials run
            silence_logs=logging.CRITICAL,
        )
        try:
            return Client(cluster, set_as_default=False)
        except BaseException:
            cluster.close()
            raise


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep Dask from reporting what MINAS says in its own words, or what is meant to happen."""
    logger = logging.getLogger("distributed")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    """Have processes that start here inherit that Ctrl-C is the coordinating process's to handle."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # it lets the signal through again when it starts
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
