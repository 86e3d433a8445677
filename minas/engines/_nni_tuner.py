"""What NNI takes for a tuner: it hands candidates of the coordinating process to NNI, and tells it what becomes of them.

It decides nothing: the evolution stays in the coordinating process, on the other end of a connection on the loopback device.
Runs in a process that NNI's manager starts.
"""

from __future__ import annotations

import json
import os
import socket
import threading
from collections import deque
from pathlib import Path
from typing import Any

from nni.runtime.msg_dispatcher_base import MsgDispatcherBase
from nni.runtime.tuner_command_channel import CommandType


class Relay(MsgDispatcherBase):  # type: ignore[misc]  # NNI has no types that mypy could check
    """Relays candidates and results, by messages of one line of JSON.

    Args:
        place: a file that says on which port the coordinating process listens, and the token that it knows us by.
    """

    def __init__(self, place: str) -> None:
        super().__init__()
        found = json.loads(Path(place).read_text(encoding="utf-8"))
        connection = socket.create_connection(("127.0.0.1", found["port"]), timeout=60.0)
        connection.settimeout(None)
        self._lines = connection.makefile("rwb")
        self._lock = threading.Lock()
        self._wanted = 0
        self._waiting: deque[dict[str, Any]] = deque()
        self._tell({"token": found["token"]})
        threading.Thread(target=self._listen, daemon=True).start()

    def handle_initialize(self, data: Any) -> None:
        """Say that the search space, of which nothing is used, was taken up."""
        self.send(CommandType.Initialized, "")

    def handle_request_trial_jobs(self, data: int) -> None:
        """Take up that NNI has room for some more trials."""
        with self._lock:
            self._wanted += data
        self._hand_over()

    def handle_report_metric_data(self, data: dict[str, Any]) -> None:
        """Pass on what a trial reported: first that it is at work, then its outcome."""
        value = json.loads(data["value"])
        outcome = value.get("outcome") if data["type"] == "FINAL" else None
        self._tell({"job": data["trial_job_id"], "candidate": data["parameter_id"], "outcome": outcome})

    def handle_trial_end(self, data: dict[str, Any]) -> None:
        """Pass on that a trial has ended, however it did."""
        self._tell({"job": data["trial_job_id"], "ended": data["event"]})

    def handle_update_search_space(self, data: Any) -> None:
        """Do nothing: there is nothing to search here."""

    def handle_import_data(self, data: Any) -> None:
        """Do nothing: the store has it."""

    def handle_add_customized_trial(self, data: Any) -> None:
        """Do nothing: only the evolution adds trials."""

    def _listen(self) -> None:
        for line in self._lines:
            with self._lock:
                self._waiting.append(json.loads(line))
            self._hand_over()
        os._exit(1)  # the coordinating process is gone, or wants a new experiment

    def _hand_over(self) -> None:
        with self._lock:
            while self._wanted and self._waiting:
                self._wanted -= 1
                given = self._waiting.popleft()
                packed = {"parameter_id": given["id"], "parameter_source": "algorithm", "parameter_index": 0}
                self.send(CommandType.NewTrialJob, json.dumps({**packed, "parameters": given["parameters"]}))

    def _tell(self, message: dict[str, Any]) -> None:
        with self._lock:
            self._lines.write(json.dumps(message).encode() + b"\n")
            self._lines.flush()
