"""Stands for an NNI experiment in fast tests: takes candidates as its tuner does, and does what their keys say.

`ok` gives a trial, `silent` a job that ends without a result, `late` a result after the job's end, `lost` a job that never took
its candidate, `break` the end of the experiment each time, `break-once` only the first time, `damaged` an answer that is none.
The folder of the run's work gets a line for each candidate, and each experiment's process number.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

from minas.engines._nni_messages import candidate_from_text, metric
from minas.trial import Status, Trial


def main() -> None:
    settings = json.loads(sys.stdin.readline())
    threading.Thread(target=leave_with_parent, daemon=True).start()
    if settings["config"] is not None:
        print(json.dumps({"wrong": f"{settings['config']}: NNI does not take it: no such field"}), flush=True)
        return
    print(json.dumps({"checked": True}), flush=True)
    place = json.loads(Path(settings["place"]).read_text())
    work = json.loads(json.loads(Path(settings["code"], "work.json").read_text())["work"])
    with Path(work["folder"], "log").open("a", buffering=1) as log:
        log.write(f"experiment {os.getpid()}\n")
        relay(place, work, log)


def relay(place: dict[str, Any], work: dict[str, Any], log: Any) -> None:
    if work["mute"]:
        time.sleep(1000)
    lines = socket.create_connection(("127.0.0.1", place["port"])).makefile("rwb")
    tell(lines, {"token": place["token"]})
    for line in lines:
        given = json.loads(line)
        candidate = candidate_from_text(given["parameters"]["candidate"])
        log.write(f"candidate {candidate.number}\n")
        marker = Path(work["folder"], f"seen-{candidate.number}")
        if candidate.key == "break" or (candidate.key == "break-once" and not marker.exists()):
            marker.touch()
            print(json.dumps({"gone": "NNI's manager ended (exit code -9)"}), flush=True)
            os._exit(0)
        work_on(lines, given["id"], candidate)


def work_on(lines: Any, number: int, candidate: Any) -> None:
    job, ended = {"job": f"job{number}"}, {"job": f"job{number}", "ended": "SUCCEEDED"}
    measures = {"error": 0.1 + 0.2, "flops": 2.0**60 + 1}
    trial = Trial(candidate=candidate, status=Status.COMPLETE, measures=measures)
    outcome = {**job, "candidate": number, "outcome": metric(trial)["outcome"]}
    begun = {**outcome, "outcome": None}
    told = {
        "silent": [begun, ended],
        "late": [begun, ended, outcome],
        "lost": [ended],
        "damaged": [begun, {**outcome, "outcome": "[]"}, ended],
    }
    for message in told.get(candidate.key, [begun, outcome, ended]):
        tell(lines, message)


def leave_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


def tell(lines: Any, message: dict[str, Any]) -> None:
    lines.write(json.dumps(message).encode() + b"\n")
    lines.flush()


if __name__ == "__main__":
    main()
