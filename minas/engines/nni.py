"""Trials by NNI's training services: on this machine, or wherever NNI's own configuration says.

NNI is no longer developed (3.0 of 2023 is the last release), so this adapter is thin: NNI gets a tuner that only relays, and a
trial command. The evolution, retries and the store stay where they are for every engine.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping

from minas.engines import EVALUATOR, EngineKind, EngineOption
from minas.engines._nni_relay import Relay
from minas.engines._pool import Pool, checked_workers
from minas.errors import MissingExtraError
from minas.trial import Candidate, Trial


class _Place:
    """One of the trials that NNI runs at a time."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    def start(self) -> None:
        """Do nothing: each of NNI's trials is a process of its own."""

    def evaluate(self, candidate: Candidate, timeout: float) -> Trial:
        """Return a candidate's trial; see `Relay.evaluate`."""
        return self._relay.evaluate(candidate, timeout)

    def kill(self, *, for_good: bool = False) -> None:
        """End NNI's experiment, and with it all of its trials."""
        self._relay.close()


class NniEngine(Pool):
    """An NNI experiment whose trials are this engine's workers."""

    def __init__(
        self, work: str, workers: int, *, evaluator: str = EVALUATOR, options: Mapping[str, str] | None = None
    ) -> None:
        checked_workers(workers)
        if importlib.util.find_spec("nni") is None:
            raise MissingExtraError("nni", "nni", "the engine 'nni'")
        relay = Relay(work, evaluator, workers, (options or {}).get("config"))
        self.note = f"NNI's web portal: {relay.portal}"
        super().__init__([_Place(relay) for _ in range(workers)])


ENGINE = EngineKind(
    description="NNI's training services: this machine, others over SSH, Kubernetes (pip install 'minas[nni]')",
    start=NniEngine,
    options={
        "config": EngineOption(
            help="NNI's own experiment file, whose trainingService says where trials run", metavar="FILE", file=True
        )
    },
)
