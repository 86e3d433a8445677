"""From a study's file to its whole plan: tasks loaded, architectures found, every cell with its seed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from minas import config, resources
from minas.api.request import Request, configuration_of, load_task
from minas.api.work import work_of
from minas.errors import UsageError
from minas.factorial.design import StudyDesign, TaskDesign
from minas.factorial.instances import instances
from minas.factorial.plan import PlannedTask, plan
from minas.run.configuration import machine, versions
from minas.trial import Candidate

if TYPE_CHECKING:
    from minas.factorial.costs import InstanceCost

SCHEMA = 1
MEASURES = (
    "error",
    "cross_entropy",
    "action",
    "kinetic",
    "potential",
    "activation_energy",
    "zero_fraction",
    "participation_ratio",
    "rescale_gap",
    "flops",
    "activations",
    "params",
)
"""What is measured of each cell on validation samples."""


@dataclass(frozen=True, kw_only=True)
class StudyPlan:
    """A study that can start.

    Attributes:
        design: its factors.
        facts: what its store keeps: `schema`, `design`, `tasks`, `versions`, `machine`. Of each of the tasks, by its level:
            `work` (JSON, as engines take it), `domain`, `task`, `digest`, `samples`, `classes`, `source`, `own_data`.
        cells: every cell.
    """

    design: StudyDesign
    facts: Mapping[str, Any]
    cells: tuple[Candidate, ...]

    def costs(self) -> list[InstanceCost]:
        """Return what each architecture's cells cost, by a few training steps of each on this machine."""
        from minas.factorial.costs import costs

        found: list[InstanceCost] = []
        for level, facts in self.facts["tasks"].items():
            found += costs(facts["work"], [cell for cell in self.cells if cell.levels["domain"] == level])
        return found


def read_design(name: str) -> StudyDesign:
    """Return a shipped study's design, by its name, or that of a TOML file.

    Raises:
        UsageError: there is neither.
        ConfigError: the file is wrong.
    """
    return config.load(resources.find("studies", name), StudyDesign)


def make_plan(design: StudyDesign) -> StudyPlan:
    """Load a study's tasks, find its architectures, and plan its cells.

    Raises:
        UsageError: a task, a front, a baseline or a space is not there, or has too few architectures.
        DataError: a task's data can't be used.
    """
    planned: list[PlannedTask] = []
    facts: dict[str, Any] = {}
    for task in design.tasks:
        one, fact = _planned(design, task)
        planned.append(one)
        facts[task.level] = fact
    return StudyPlan(
        design=design,
        facts={
            "schema": SCHEMA,
            "design": config.plain(design),
            "tasks": facts,
            "versions": versions(),
            "machine": machine(),
        },
        cells=tuple(plan(design, planned)),
    )


def _planned(design: StudyDesign, task: TaskDesign) -> tuple[PlannedTask, dict[str, Any]]:
    from minas.evaluation.work import training_settings

    families = design.families_of(task)
    if not families:
        raise UsageError(f"{task.level}: no families of architectures; expected a table families, of the study or of the task")
    request = Request(
        domain=task.domain,
        data=task.data,
        image_size=task.image_size,
        preprocessing=task.preprocessing,
        space=task.space,
        trials=1,
    )
    domain, loaded, source = load_task(request)
    configuration, space = configuration_of(request, domain, loaded, source)
    work = dataclasses.replace(work_of(configuration, None), measures=MEASURES, limits={})
    found = instances(task, families, space, seed=design.seed, shape=loaded.shape, classes=len(loaded.classes))
    one = PlannedTask(design=task, training=training_settings(work.training), instances=found)
    return one, {
        "work": work.to_json(),
        "domain": task.domain,
        "task": loaded.name,
        "digest": loaded.digest,
        "samples": [len(loaded.train), len(loaded.validation), len(loaded.test)],
        "classes": len(loaded.classes),
        "source": loaded.source,
        "own_data": source.path is not None,
    }
