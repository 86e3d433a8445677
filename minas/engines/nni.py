"""Trials by NNI's training services: on this machine, or wherever NNI's own configuration says.

NNI is no longer developed (3.0 of 2023 is the last release), so this adapter is thin: NNI gets a tuner that only relays, and a
trial command. The evolution, retries and the store stay where they are for every engine.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping

from minas.engines import EVALUATOR, Engine, EngineKind, EngineOption
from minas.engines._pool import checked_workers
from minas.errors import MissingExtraError


def start(work: str, workers: int, *, evaluator: str = EVALUATOR, options: Mapping[str, str] | None = None) -> Engine:
    """Return an engine by NNI; see `Start`.

    Args:
        work: a run's work, JSON.
        workers: trials at a time.
        evaluator: dotted name of the module that does the work.
        options: `config`, NNI's own experiment file.

    Raises:
        UsageError: no worker is wanted, or NNI's file can't be used.
        MissingExtraError: NNI is not installed.
    """
    checked_workers(workers)
    if importlib.util.find_spec("nni") is None:
        raise MissingExtraError("nni", "nni", "the engine 'nni'")
    from minas.engines._nni_engine import NniEngine

    return NniEngine(work, workers, evaluator=evaluator, config=(options or {}).get("config"))


ENGINE = EngineKind(
    description="NNI's training services: this machine, others over SSH, Kubernetes (pip install 'minas[nni]')",
    start=start,
    options={
        "config": EngineOption(
            help="NNI's own experiment file, whose trainingService says where trials run", metavar="FILE", file=True
        )
    },
)
