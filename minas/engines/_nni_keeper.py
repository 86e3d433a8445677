"""An NNI experiment as the coordinating process sees it: the process that holds it, started, heard, ended."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from minas.engines._nni_experiment import Settings

EXPERIMENT = "minas.engines._nni_experiment"
"""The module that holds an experiment, in a process of its own."""

LEAVE = 30.0
"""Seconds that an experiment is given to stop what it has on other machines."""


class Experiment:
    """An experiment's process.

    Attributes:
        token: what its tuner must say to be heard.

    Args:
        settings: what is to be started.
        port: where the coordinating process listens for the tuner.
        log: a file for all that is printed.
    """

    def __init__(self, settings: Settings, *, port: int, log: Path) -> None:
        self.token = secrets.token_hex(16)
        self._log = log
        self._manager: int | None = None
        place = Path(settings.place)
        place.touch(mode=0o600)
        place.write_text(json.dumps({"port": port, "token": self.token}), encoding="utf-8")
        path = os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path)
        with log.open("ab") as printed:
            self._process = subprocess.Popen(
                [sys.executable, "-m", EXPERIMENT],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=printed,
                text=True,
                start_new_session=True,  # a Ctrl-C is the coordinating process's to handle
                env={**os.environ, "PYTHONPATH": path},
            )
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.write(json.dumps(dataclasses.asdict(settings)) + "\n")
            self._process.stdin.flush()

    def hold(self, heard: Callable[[Mapping[str, Any]], None]) -> str:
        """Wait until the experiment ends, hand on what its process says meanwhile, and return why it ended."""
        assert self._process.stdout is not None
        why = "it ended without a word"
        for line in self._process.stdout:
            message = json.loads(line)
            self._manager = message.get("manager", self._manager)
            why = message.get("gone", why)
            heard(message)
        self.end()
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines() if self._log.exists() else []
        return "\n".join([why, *lines[-8:]])

    def end(self) -> None:
        """End the experiment with all its processes; it is waited for where NNI has trials elsewhere to stop."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError, ValueError):  # ended already
            self._process.stdin.write("goodbye\n")
            self._process.stdin.close()
        try:
            self._process.wait(LEAVE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._manager is not None and self._process.returncode != 0:  # its keeper was killed, and ended nothing itself
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._manager, signal.SIGKILL)
