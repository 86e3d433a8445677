"""The shelf of engines: where trials are evaluated. Each module exposes `ENGINE = EngineKind(...)`.

An engine is `concurrent.futures` with three words more: how many candidates it works on at a time, a time-out for each, and
dropping what has not started. It decides nothing that a trial's figures could depend on.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from minas.errors import UsageError, nearest
from minas.shelf import Shelf
from minas.trial import Candidate, Trial

EVALUATOR = "minas.evaluation.evaluate"
"""The module whose functions do the work: `prepare(work)`, once in each worker, and `evaluate(work, candidate) -> Trial`."""


class Engine(Protocol):
    """Evaluates candidates, each in a process of its own choosing."""

    @property
    def note(self) -> str | None:
        """What its user should know of it, in one sentence, or None."""

    @property
    def capacity(self) -> int:
        """How many candidates are worked on at a time."""

    def submit(self, candidate: Candidate, *, timeout: float) -> Future[Trial]:
        """Queue a candidate.

        Args:
            candidate: what to evaluate.
            timeout: seconds after which its worker counts as hung; a guard, never a budget.

        Returns:
            Its trial to come. What the infrastructure broke (a killed or hung worker, no memory) is retried once, alone; a
            second failure gives a trial with the status `failed`. A MinasError in it ends the run (a full disk, say).
        """

    def drop_waiting(self) -> None:
        """Cancel every candidate that no worker is at work on."""

    def close(self) -> None:
        """Stop all workers at once; what they had not finished is cancelled."""


class Start(Protocol):
    """Makes a running engine."""

    def __call__(
        self, work: str, workers: int, *, evaluator: str = EVALUATOR, options: Mapping[str, str] | None = None
    ) -> Engine:
        """Return an engine.

        Args:
            work: a run's work, JSON; it is handed to the evaluator as it is.
            workers: how many candidates to work on at a time.
            evaluator: dotted name of the module that does the work.
            options: what the user said of the engine, by the names of its kind's options.

        Raises:
            UsageError: there is to be no worker, or an option's value is wrong.
            MissingExtraError: a package that it needs is not installed.
        """


@dataclass(frozen=True, kw_only=True)
class EngineOption:
    """What a user may say of an engine: `--ENGINE-NAME VALUE` on the command line.

    Attributes:
        help: one sentence for help texts.
        metavar: what stands for its value there.
        file: whether it names a file, which must exist; its absolute path is kept.
    """

    help: str
    metavar: str = "TEXT"
    file: bool = False


@dataclass(frozen=True, kw_only=True)
class EngineKind:
    """One kind of engine.

    Attributes:
        description: one sentence for help texts.
        start: makes a running engine.
        options: what a user may say of it, by name.
    """

    description: str
    start: Start
    options: Mapping[str, EngineOption] = field(default_factory=dict)


ENGINES: Shelf[EngineKind] = Shelf("minas.engines", "ENGINE", EngineKind, "engine")


def checked_options(engine: str, options: Mapping[str, str]) -> dict[str, str]:
    """Return what a user said of an engine, files by their absolute paths.

    Raises:
        UsageError: there is no such engine, it has no such option, or a file is not there.
    """
    known = ENGINES.get(engine).options
    found = {}
    for name, value in options.items():
        if name not in known:
            raise UsageError(f"the engine '{engine}' has no option '{name}'{nearest(name, known)}")
        if known[name].file:
            path = Path(value).expanduser().resolve()
            if not path.is_file():
                raise UsageError(f"{value}: no such file; expected {known[name].help}")
            value = str(path)
        found[name] = value
    return found
