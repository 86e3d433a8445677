"""From a design to its cells: every combination of levels once, each a candidate with a seed of its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from minas import seeds
from minas.factorial.design import StrategyDesign, StudyDesign, TaskDesign
from minas.training.settings import TrainingSettings
from minas.trial import Candidate


@dataclass(frozen=True, kw_only=True)
class Instance:
    """One architecture of a family.

    Attributes:
        family: the family's name.
        name: its name in the family.
        key: canonical key, or `baseline:NAME`.
        architecture: as its space dumps it, or None for a baseline that its space can't say.
        baseline: the name of a baseline, or None.
    """

    family: str
    name: str
    key: str
    architecture: Mapping[str, Any] | None = None
    baseline: str | None = None


@dataclass(frozen=True, kw_only=True)
class PlannedTask:
    """A task with what its cells need of it.

    Attributes:
        design: what the design says.
        training: the search space's own settings.
        instances: its architectures, family after family.
    """

    design: TaskDesign
    training: TrainingSettings
    instances: tuple[Instance, ...]


def plan(design: StudyDesign, tasks: Sequence[PlannedTask]) -> list[Candidate]:
    """Return a study's cells, numbered from 0.

    Seed after seed, and task after task for each, so that whatever is finished when a study is stopped is as balanced as can
    be. All cells of an architecture and seed start from the same weights and see the samples in the same order: they pair.
    With lambda 0 there is no functional, so that cell is there once, under the first functional's name.
    """
    out: list[Candidate] = []
    for repeat, task in itertools.product(range(design.seeds), tasks):
        for place, instance in enumerate(task.instances):
            without: set[str] = set()
            for functional, strategy in _kept(design, place, repeat):
                for lambda_ in design.lambdas:
                    if lambda_ > 0 or strategy.name not in without:
                        out.append(_cell(len(out), design, task, instance, functional, strategy, lambda_, repeat))
                without.add(strategy.name)
    return out


def _kept(design: StudyDesign, place: int, repeat: int) -> Iterator[tuple[str, StrategyDesign]]:
    """Yield the combinations of functional and strategy that the fraction keeps for an architecture and a seed.

    Of each combination, every architecture gets as many even seeds as odd ones, as far as there are enough: what is chosen on
    one half of the seeds can be read on the other.
    """
    for number, (functional, strategy) in enumerate(itertools.product(design.functionals, design.strategies)):
        if (place + number + (repeat + 1) // 2) % design.fraction == 0:
            yield functional, strategy


def _cell(
    number: int,
    design: StudyDesign,
    task: PlannedTask,
    instance: Instance,
    functional: str,
    strategy: StrategyDesign,
    lambda_: float,
    repeat: int,
) -> Candidate:
    usual = task.training
    return Candidate(
        role="study",
        number=number,
        key=instance.key,
        architecture=instance.architecture,
        baseline=instance.baseline,
        seed=seeds.derive(design.seed, "study", task.design.level, instance.key, repeat),
        epochs=max(1, round((task.design.epochs or usual.epochs) * strategy.epochs_times)),
        part="test",
        training={
            "lambda": lambda_,
            "lambda_scale": design.lambda_scale,
            "functional": functional,
            "optimizer": strategy.optimizer,
            "learning_rate": strategy.learning_rate or usual.learning_rate * strategy.learning_rate_times,
            "weight_decay": usual.weight_decay if strategy.weight_decay is None else strategy.weight_decay,
            "target_error": task.design.target_error,
        },
        levels={
            "domain": task.design.level,
            "family": instance.family,
            "instance": instance.name,
            "lambda": lambda_,
            "functional": functional,
            "strategy": strategy.name,
            "seed": repeat,
        },
    )


def blocks(candidates: Sequence[Candidate]) -> Iterator[tuple[str, list[Candidate]]]:
    """Yield runs of cells of the same task, in order: its name and its cells."""
    for name, group in itertools.groupby(candidates, key=lambda candidate: str(candidate.levels["domain"])):
        yield name, list(group)
