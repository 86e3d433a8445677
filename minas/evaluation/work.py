"""What every candidate of a run shares, as plain values that any engine can hand to its workers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import torch

from minas import config, spaces
from minas.domains import DOMAINS, Domain
from minas.evaluation import vectors
from minas.spaces import Space
from minas.training.settings import TrainingSettings

if TYPE_CHECKING:
    from minas.data.task import Task


@dataclass(frozen=True, kw_only=True)
class Work:
    """The part of a run's configuration that decides what a trial gives.

    Attributes:
        domain: name of the domain.
        source: where the task's data come from, as `DataSource` fields.
        space: the search space's document, as text.
        space_source: how errors name it.
        training: how candidates are trained.
        measures: names of the measures to take.
        limits: measure name to the largest value that is worth training.
        folder: the run's folder, where weights go; None keeps none.
    """

    domain: str
    source: Mapping[str, Any]
    space: str
    space_source: str
    training: Mapping[str, Any]
    measures: tuple[str, ...]
    limits: Mapping[str, float]
    folder: str | None = None

    def to_json(self) -> str:
        """Return the work as JSON, the form in which engines hand it on."""
        return json.dumps({name: getattr(self, name) for name in self.__dataclass_fields__}, sort_keys=True)


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """What a worker makes once of a run's work and then uses for each candidate."""

    domain: Domain
    task: Task
    space: Space
    training: TrainingSettings
    measures: tuple[str, ...]
    limits: Mapping[str, float]
    folder: str | None
    parts: Mapping[str, tuple[torch.Tensor, torch.Tensor]]
    start: vectors.Start | None = None


def open_space(text: str, source: str) -> Space:
    """Return the space of a document that a run's configuration keeps, from its text; `source` is what errors name."""
    return spaces.open_space(config.parse(text, source=source))


def training_settings(values: Mapping[str, Any]) -> TrainingSettings:
    """Return training settings from plain values, as a run's configuration holds them."""
    document = config.Document(source="training", text="", values={"training": dict(values)})
    return document.section("training", TrainingSettings)


@lru_cache(maxsize=1)
def prepared(work: str) -> Prepared:
    """Return what a worker needs, loaded once: the same JSON gives the same object."""
    from minas.data.task import DataSource

    values = json.loads(work)
    domain = DOMAINS.get(values["domain"])
    task = domain.load(DataSource(**values["source"]))
    parts = {
        name: (torch.from_numpy(part.inputs), torch.from_numpy(part.targets))
        for name, part in (("train", task.train), ("validation", task.validation), ("test", task.test))
    }
    training = training_settings(values["training"])
    return Prepared(
        domain=domain,
        task=task,
        space=open_space(values["space"], values["space_source"]),
        training=training,
        measures=tuple(values["measures"]),
        limits=values["limits"],
        folder=values["folder"],
        parts=parts,
        start=vectors.read(task) if training.vectors == "glove" else None,
    )
