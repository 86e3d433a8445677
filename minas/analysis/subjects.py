"""What a plot is of, a run or one architecture, as plain records: all that a run offers, without what reads or trains it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from minas.analysis.front import Front
from minas.analysis.lines import Judged
from minas.analysis.pictures import title
from minas.analysis.topology import Place
from minas.graph.architecture import Architecture
from minas.run.configuration import RunConfiguration, TaskFacts
from minas.trial import Trial


@dataclass(frozen=True, kw_only=True)
class RunSubject:
    """A run.

    Attributes:
        name: name of its folder.
        configuration: its task, settings, objectives, bounds and search space.
        units: measure to unit.
        front: the non-dominated trials, with their labels.
        trials: the search's trials, in the order in which they were asked for; late ones are flagged.
        told: those that count, in the same order.
        control: trials of random architectures; empty where none were asked for.
        baselines: trials of hand-made networks, all repeats.
        confirmation: trials of the front's members, trained longer, all repeats.
        lines: what the field's methods without a network reach on the task.
        facts: what the run noted down beside its trials, such as `search_seconds`; None where it did not.
    """

    name: str
    configuration: RunConfiguration
    units: Mapping[str, str]
    front: Front
    trials: Sequence[Trial]
    told: Sequence[Trial]
    control: Sequence[Trial] = ()
    baselines: Sequence[Trial] = ()
    confirmation: Sequence[Trial] = ()
    lines: Sequence[Judged] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The words over its plots."""
        return title(run=self.name, task=self.configuration.task.name, trials=len(self.told), front=self.front)


@dataclass(frozen=True, kw_only=True)
class ArchitectureSubject:
    """One architecture of a run.

    Attributes:
        run: name of the run's folder.
        id: its short name.
        labels: those of knee, accurate and frugal that it bears.
        architecture: the graph.
        task: what it was trained for.
        measures: its measures on the validation samples, after brief training.
        action: each node's action on validation samples; None where no trained weights or no samples are at hand.
    """

    run: str
    id: str
    labels: Sequence[str]
    architecture: Architecture
    task: TaskFacts
    measures: Mapping[str, float | None]
    action: Mapping[Place, float] | None = None

    @property
    def title(self) -> str:
        """The words over its plots."""
        return f"{self.id} of {self.run}" + (f" ({', '.join(self.labels)})" if self.labels else "")
