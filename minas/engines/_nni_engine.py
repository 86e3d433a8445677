"""An NNI experiment whose trials are an engine's workers."""

from __future__ import annotations

from minas.engines._nni_relay import Relay
from minas.engines._pool import Pool
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
    """As many of NNI's trials at a time as there are to be workers.

    Args:
        work: a run's work, JSON.
        workers: trials at a time.
        evaluator: dotted name of the module that does the work.
        config: NNI's own experiment file, or None for this machine.
    """

    def __init__(self, work: str, workers: int, *, evaluator: str, config: str | None) -> None:
        relay = Relay(work, evaluator, workers, config)
        self.note = f"NNI's web portal: {relay.portal}"
        super().__init__([_Place(relay) for _ in range(workers)])
