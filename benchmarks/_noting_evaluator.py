"""MINAS's evaluator, which also notes down when each trial began and ended, by a clock that all processes share."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from minas.evaluation import evaluate as usual
from minas.trial import Candidate, Trial

NOTES = "notes"
"""The folder, inside the run's, where each worker has a file of its own."""


def prepare(work: str) -> None:
    """Make a fresh worker process ready."""
    usual.prepare(work)


def evaluate(work: str, candidate: Candidate) -> Trial:
    """Evaluate one candidate and note it down."""
    began = time.monotonic()
    trial = usual.evaluate(work, candidate)
    ended = time.monotonic()
    folder = Path(json.loads(work)["folder"]) / NOTES
    folder.mkdir(exist_ok=True)
    with (folder / f"{os.getpid()}.jsonl").open("a") as file:
        file.write(json.dumps([candidate.number, began, ended]) + "\n")
    return trial
