"""What workers run in the tests of engines: no torch, and every way to go wrong on request.

A candidate's key says what to do: `ok`, `scored`, `sleep:SECONDS`, `raise`, `minas`, `odd`, `memory`, `hang`, `die`, `die-once`,
`hang-once:SECONDS` (the second time it takes so long). The work is a folder's path: each start of an evaluation leaves a line in its file `log`.
"""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

from minas.errors import DataError, MinasError, MissingExtraError
from minas.trial import Candidate, Status, Trial


def prepare(work: str) -> None:
    settings = json.loads(work)
    if settings.get("prepare") == "fail":
        raise DataError("digits.csv: not there")
    if settings.get("prepare") == "die":
        os._exit(3)


def evaluate(work: str, candidate: Candidate) -> Trial:
    folder = Path(json.loads(work)["folder"])
    what, _, argument = candidate.key.partition(":")
    with (folder / "log").open("a") as log:
        log.write(f"{candidate.number} {os.getpid()} begins {time.time()}\n")
    if what.endswith("-once"):
        marker = folder / f"seen-{candidate.number}"
        what = "sleep" if marker.exists() else what.removesuffix("-once")
        marker.touch()
    _do(what, argument)
    with (folder / "log").open("a") as log:
        log.write(f"{candidate.number} {os.getpid()} ends {time.time()}\n")
    measures = {"number": float(candidate.number), "process": float(os.getpid())}
    if what == "scored":
        measures |= {"error": 0.1 + 0.2, "flops": 5.0}
    return Trial(candidate=candidate, status=Status.COMPLETE, measures=measures)


def _do(what: str, argument: str) -> None:
    match what:
        case "sleep":
            time.sleep(float(argument or 0))
        case "raise":
            raise ValueError("a mistake in MINAS")
        case "minas":
            raise MinasError("the disk is full")
        case "odd":
            raise MissingExtraError("nni", "nni", "this engine")
        case "memory":
            raise MemoryError("12 GB")
        case "hang":
            time.sleep(1000)
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
