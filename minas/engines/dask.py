"""Trials on a Dask cluster: one that runs already, such as Slurm's or Kubernetes', or one of this machine alone."""

from __future__ import annotations

from collections.abc import Mapping

from minas.engines import EVALUATOR, Engine, EngineKind, EngineOption
from minas.engines._pool import checked_workers
from minas.errors import MissingExtraError


def start(work: str, workers: int, *, evaluator: str = EVALUATOR, options: Mapping[str, str] | None = None) -> Engine:
    """Return an engine on a cluster; see `Start`.

    Args:
        work: a run's work, JSON.
        workers: how many Dask workers to start on this machine; a cluster that runs already has its own.
        evaluator: dotted name of the module that does the work.
        options: `address`, that of a running cluster's scheduler.

    Raises:
        UsageError: no worker is wanted, no scheduler answers, or a Dask worker has other versions than this process.
        MissingExtraError: Dask is not installed.
    """
    checked_workers(workers)
    try:
        from minas.engines._dask_cluster import DaskEngine
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("dask", "distributed"):
            raise
        raise MissingExtraError("dask", "dask", "the engine 'dask'") from None
    return DaskEngine(work, workers, evaluator=evaluator, address=(options or {}).get("address"))


ENGINE = EngineKind(
    description="a Dask cluster: one that runs already, on Slurm or Kubernetes for instance, or one on this machine",
    start=start,
    options={
        "address": EngineOption(
            help="the scheduler of a Dask cluster that runs already, such as tcp://10.0.0.5:8786", metavar="ADDRESS"
        )
    },
)
