"""The coordinating process's end of NNI: candidates go to an experiment's tuner, outcomes come back.

An experiment that breaks (its manager was killed, say) is replaced by a new one, which gets whatever was not finished.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import secrets
import shutil
import socket
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from minas.engines._nni_experiment import Settings
from minas.engines._nni_keeper import Experiment
from minas.engines._nni_messages import candidate_to_text, outcome_from_text
from minas.engines._nni_trial import WORK
from minas.engines._process import BrokenWorkerError
from minas.errors import MinasError, UsageError
from minas.run.configuration import versions
from minas.trial import Candidate, Trial

FIGURES = ("torch", "numpy", "minas")
"""Packages whose versions must be the same wherever trials run."""

BREAKS = 3
"""How many experiments in a row may break without an outcome."""

GRACE = 5.0
"""Seconds within which what a trial reported arrives after NNI said that it has ended."""

LONGEST_MESSAGE = 1 << 24
"""Bytes of one message of the tuner's."""


@dataclass(eq=False)
class _Asked:
    candidate: Candidate
    timeout: float
    done: threading.Event = field(default_factory=threading.Event)
    outcome: str | BaseException | None = None

    def answer(self, outcome: str | BaseException) -> None:
        if self.outcome is None:
            self.outcome = outcome
            self.done.set()


class Relay:
    """Has candidates evaluated by NNI.

    Args:
        work: the run's work, JSON.
        evaluator: dotted name of the module that does the work.
        workers: how many trials NNI runs at a time.
        config: NNI's own file of the user, or None for this machine.

    Raises:
        UsageError: NNI does not take the file.
    """

    def __init__(self, work: str, evaluator: str, workers: int, config: str | None) -> None:
        self._lock = threading.RLock()
        self._asked: dict[int, _Asked] = {}
        self._jobs: dict[str, int] = {}
        self._next = 0
        self._outcomes = 0
        self._closed = False
        self._obstacle: BaseException | None = None
        self._connection: socket.socket | None = None
        self._experiment: Experiment | None = None
        self._timers: set[threading.Timer] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._folder = Path(tempfile.mkdtemp(prefix="minas-nni-"))
        self._settings = Settings(
            folder=str(self._folder / "nni"),
            code=str(self._folder / "code"),
            place=str(self._folder / "place.json"),
            config=config,
            workers=workers,
            port=_free_port(),
            prefix=secrets.token_hex(8),
        )
        for folder in (self._settings.folder, self._settings.code):
            Path(folder).mkdir()
        here = versions()
        shared = {"work": work, "evaluator": evaluator, "versions": {name: here[name] for name in FIGURES}}
        Path(self._settings.code, WORK).write_text(json.dumps(shared), encoding="utf-8")
        self._checked = threading.Event()
        self._threads = [threading.Thread(target=one, daemon=True) for one in (self._keep_experiment, self._listen)]
        for thread in self._threads:
            thread.start()
        if config is not None:
            self._checked.wait()
            if isinstance(self._obstacle, UsageError):
                self.close()
                raise self._obstacle

    @property
    def portal(self) -> str:
        """The address of NNI's web portal."""
        return f"http://127.0.0.1:{self._settings.port}/{self._settings.prefix}"

    def evaluate(self, candidate: Candidate, timeout: float) -> Trial:
        """Return a candidate's trial, once NNI has it.

        Raises:
            BrokenWorkerError: the worker died or hung, or this relay was closed.
            MemoryError: the worker had no memory.
            MinasError: something that ends the run.
        """
        asked = _Asked(candidate, timeout)
        with self._lock:
            if self._obstacle is not None:
                raise self._obstacle
            number, self._next = self._next, self._next + 1
            self._asked[number] = asked
            self._give(number)
        asked.done.wait()
        with self._lock:
            del self._asked[number]
        if isinstance(asked.outcome, str):
            return outcome_from_text(asked.outcome, candidate)
        assert asked.outcome is not None
        raise asked.outcome

    def close(self) -> None:
        """End the experiment and everything that belongs to it."""
        with self._lock:
            again, self._closed = self._closed, True
        if again:
            return
        self._answer_all(BrokenWorkerError("the engine was closed"))
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        if self._experiment is not None:
            self._experiment.end()
        for timer in self._timers:
            timer.cancel()
        for thread in [*self._threads, *self._timers]:
            thread.join()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _keep_experiment(self) -> None:
        breaks = 0
        while True:
            with self._lock:
                if self._closed or self._obstacle is not None:
                    return
                before, self._jobs = self._outcomes, {}
                port = self._listener.getsockname()[1]
                self._experiment = experiment = Experiment(self._settings, port=port, log=self._folder / "log")
            why = experiment.hold(self._heard)
            self._checked.set()
            breaks = 1 if self._outcomes > before else breaks + 1
            if breaks == BREAKS:
                self._answer_all(MinasError(f"NNI broke {BREAKS} times in a row: {why}"))

    def _heard(self, message: Mapping[str, Any]) -> None:
        if "wrong" in message:
            self._answer_all(UsageError(message["wrong"]))
        self._checked.set()

    def _listen(self) -> None:
        while not self._closed:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            heard = contextlib.suppress(OSError, ValueError, KeyError, TypeError)
            with connection, connection.makefile("rb") as lines, heard:
                connection.settimeout(10.0)
                said, experiment = str(_message(lines)["token"]), self._experiment
                if experiment is not None and hmac.compare_digest(said, experiment.token):
                    connection.settimeout(None)
                    self._serve(experiment, connection, lines)

    def _serve(self, experiment: Experiment, connection: socket.socket, lines: IO[bytes]) -> None:
        with self._lock:
            self._connection = connection
            for number, asked in self._asked.items():
                if asked.outcome is None:
                    self._give(number)
        try:
            while True:
                self._take(experiment, _message(lines))
        finally:
            with self._lock:
                self._connection = None
            threading.Thread(target=experiment.end, daemon=True).start()  # of no use without a tuner

    def _give(self, number: int) -> None:
        """Hand a candidate to the tuner, if one is there; the next one gets it otherwise."""
        if self._connection is None:
            return
        candidate = self._asked[number].candidate
        parameters = {
            "role": candidate.role,
            "number": candidate.number,
            "architecture": candidate.id,
            "epochs": candidate.epochs,
            "timeout": self._asked[number].timeout,
            "candidate": candidate_to_text(candidate),
        }
        with contextlib.suppress(OSError):
            self._connection.sendall(json.dumps({"id": number, "parameters": parameters}).encode() + b"\n")

    def _take(self, experiment: Experiment, message: Mapping[str, Any]) -> None:
        """Take a message of the tuner's: what a trial reported, or that it has ended."""
        job = str(message["job"])
        with self._lock:
            if self._closed:
                return
            if "ended" in message:  # what it reported may still be on its way
                self._timers = {timer for timer in self._timers if timer.is_alive()}
                timer = threading.Timer(GRACE, self._after_end, [experiment, job])
                self._timers.add(timer)
                timer.daemon = True
                timer.start()
                return
            number, outcome = message["candidate"], message["outcome"]
            self._jobs[job] = number
            asked = self._asked.get(number)
            if outcome is not None and asked is not None:
                self._outcomes += 1
                asked.answer(str(outcome))

    def _after_end(self, experiment: Experiment, job: str) -> None:
        with self._lock:
            if self._closed or experiment is not self._experiment:
                return
            number = self._jobs.pop(job, None)
            asked = None if number is None else self._asked.get(number)
            if asked is not None:
                asked.answer(BrokenWorkerError("NNI's trial ended without a result"))
        if number is None:
            experiment.end()  # it never took up the candidate meant for it, which NNI would now give to the next one

    def _answer_all(self, obstacle: BaseException) -> None:
        with self._lock:
            self._obstacle = self._obstacle or obstacle
            for asked in self._asked.values():
                asked.answer(obstacle)


def _message(lines: IO[bytes]) -> dict[str, Any]:
    """Return the next message.

    Raises:
        OSError: the connection has ended.
        ValueError: it is no message.
    """
    line = lines.readline(LONGEST_MESSAGE)
    if not line.endswith(b"\n"):
        raise OSError("the connection has ended")
    found = json.loads(line)
    if not isinstance(found, dict):
        raise ValueError("no message")
    return found


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
