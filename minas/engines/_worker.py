"""What runs in a local worker process."""

from __future__ import annotations

import os
import signal
import threading
import time

from minas.trial import Candidate, Trial


def begin(parent: int, work: str) -> None:
    """Make a fresh worker ready: quiet, one thread, repeatable, and gone when its parent is; load torch and the task now.

    Args:
        parent: process number of the coordinating process.
        work: the run's work, JSON.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the coordinating process's to handle
    threading.Thread(target=_leave_with, args=(parent,), daemon=True).start()
    import torch

    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    from minas.evaluation.work import prepared

    prepared(work)


def run(work: str, candidate: Candidate) -> Trial:
    """Evaluate one candidate."""
    from minas.evaluation.evaluate import evaluate

    return evaluate(work, candidate)


def _leave_with(parent: int) -> None:
    """End this process when the coordinating one was killed, so that no orphan goes on writing to the run's folder."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
