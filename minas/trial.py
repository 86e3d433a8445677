"""The values that pass between the search, the engines and the store."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Role = Literal["initial", "search", "control", "baseline", "confirmation", "study"]
"""Why a candidate is evaluated: each role numbers its trials from 0 in the order in which they were asked for.

Initial ones are measured untrained, to work out bounds for data that no objective set knows.
"""


class Status(enum.StrEnum):
    """How a trial ended."""

    COMPLETE = "complete"
    DIVERGED = "diverged"
    """Training gave NaN or an exploding loss."""
    INFEASIBLE = "infeasible"
    """A limit was exceeded, known before training."""
    FAILED = "failed"
    """An error in building, training or measuring, or a worker that broke twice."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """What is to be evaluated: an architecture with its seed and its training budget.

    Attributes:
        role: why it is evaluated.
        number: its place in the order in which its role's candidates were asked for, from 0.
        key: the canonical key of the architecture, or `baseline:NAME`.
        architecture: the architecture as its space dumps it (JSON values), or None for a baseline.
        baseline: the name of a baseline, or None.
        seed: seeds initialisation, order of samples and augmentation.
        epochs: passes over the training samples; 0 measures it untrained.
        part: the samples that it is measured on.
        parents: keys of the architectures that it comes from; empty for a sampled one.
        training: settings of the training that are its own, by the keys of a search space's `[training]` table.
        levels: of a study's cell, the factors' names and levels; see `minas.analysis.cells.Cell`.
    """

    role: Role
    number: int
    key: str
    architecture: Mapping[str, Any] | None
    baseline: str | None = None
    seed: int
    epochs: int
    part: Literal["validation", "test"] = "validation"
    parents: tuple[str, ...] = ()
    training: Mapping[str, Any] = field(default_factory=dict)
    levels: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The short name that users type: eight characters of the key."""
        return short_id(self.key)


def short_id(key: str) -> str:
    """Return the eight characters by which users name an architecture: the start of its canonical key."""
    return key if key.startswith("baseline:") else key[:8]


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a trial cost.

    Attributes:
        seconds: wall time in the worker, all in all.
        training_seconds: wall time inside the training loop.
        measuring_seconds: wall time inside the measures.
        cpu_seconds: processor time of the worker.
        training_macs: multiply-accumulates of all training steps, a backward pass counted as two forward passes.
        joules: energy by a counter, or None where none could be read.
    """

    seconds: float = 0.0
    training_seconds: float = 0.0
    measuring_seconds: float = 0.0
    cpu_seconds: float = 0.0
    training_macs: float = 0.0
    joules: float | None = None


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One evaluation: a candidate, how it ended, its measures and its cost.

    Attributes:
        measures: name to value; None where a measure was unavailable. Both parts' figures of a confirmation are kept: those
            on the test samples carry the prefix `test_`.
        reasons: name to the reason why a measure is unavailable.
        late: finished after the search's share of the clock was over: kept, and not part of the front.
        attempts: how often it was tried; more than 1 after a worker broke.
    """

    candidate: Candidate
    status: Status
    reason: str | None = None
    measures: Mapping[str, float | None] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    cost: Cost = field(default_factory=Cost)
    late: bool = False
    attempts: int = 1

    @property
    def id(self) -> str:
        """The short name of the candidate's architecture."""
        return self.candidate.id

    @property
    def number(self) -> int:
        """The place in the order in which the role's trials were asked for."""
        return self.candidate.number
