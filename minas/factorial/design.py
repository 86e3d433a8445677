"""A study's design: the factors and their levels, as its TOML file says them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from minas.errors import nearest
from minas.training.settings import LambdaScale, Optimizer

Source = Literal["baselines", "random", "front"]
REFERENCE = "reference"
"""The front that a family takes where no run is named: the shipped reference run of the domain."""


@dataclass(frozen=True, kw_only=True)
class FamilyDesign:
    """Where the architectures of a family come from.

    Attributes:
        source: hand-designed `baselines`, `random` draws from the task's search space, or members of a `front`.
        kind: of baselines, `conventional` or `energy-first`, where they aren't named.
        names: of baselines, these; of a front, the members of these ids or labels.
        front: a run's folder, or `reference` for the shipped run of the domain.
        instances: how many architectures.
    """

    source: Source = "baselines"
    kind: Literal["conventional", "energy-first"] = "conventional"
    names: tuple[str, ...] = ()
    front: str = REFERENCE
    instances: int = field(default=5, metadata={"minimum": 1})


FAMILIES = {
    "conventional": FamilyDesign(kind="conventional"),
    "energy-first": FamilyDesign(kind="energy-first"),
    "random": FamilyDesign(source="random"),
    "front": FamilyDesign(source="front"),
}
"""The families of a study that names none."""


@dataclass(frozen=True, kw_only=True)
class StrategyDesign:
    """One way to train, for all architectures alike; what is left out is what the task's search space says.

    Attributes:
        name: the level's name.
        optimizer: `adamw` or `sgd`.
        learning_rate: the schedule's peak.
        learning_rate_times: what the space's peak is multiplied by, where none is given.
        weight_decay: see the optimiser.
        epochs_times: what the task's epochs are multiplied by.
    """

    name: str
    optimizer: Optimizer = "adamw"
    learning_rate: float | None = field(default=None, metadata={"exclusive_minimum": 0})
    learning_rate_times: float = field(default=1.0, metadata={"exclusive_minimum": 0})
    weight_decay: float | None = field(default=None, metadata={"minimum": 0})
    epochs_times: float = field(default=1.0, metadata={"exclusive_minimum": 0})


@dataclass(frozen=True, kw_only=True)
class TaskDesign:
    """One task of a study.

    Attributes:
        domain: name of the domain.
        name: the level's name; the domain's by default, and needed where a domain has several tasks.
        data: a path, or None for the domain's default data.
        image_size: side in pixels to which images are resized.
        preprocessing: what is done to signals.
        space: the search space, for its training and for random draws; the domain's own by default.
        epochs: passes over the training samples; the space's own by default.
        target_error: the fixed validation error, to which epochs and multiply-accumulates of training are counted.
        families: of this task alone, in place of the study's.
    """

    domain: str
    name: str = ""
    data: str | None = None
    image_size: int | None = None
    preprocessing: str | None = None
    space: str | None = None
    epochs: int | None = field(default=None, metadata={"minimum": 1})
    target_error: float = field(default=0.0, metadata={"minimum": 0, "maximum": 1})
    families: Mapping[str, FamilyDesign] = field(default_factory=dict)

    @property
    def level(self) -> str:
        """The level's name."""
        return self.name or self.domain


@dataclass(frozen=True, kw_only=True)
class StudyDesign:
    """All factors of a study.

    Attributes:
        description: one sentence.
        seed: of the whole study.
        seeds: how often each cell is trained.
        lambdas: weights of the functional in the loss, 0 among them.
        lambda_scale: `relative` weights are in units of the cross-entropy over the functional, both at initialisation.
        functionals: what the loss holds beside the cross-entropy.
        fraction: train one in so many of the combinations of architecture, functional, strategy and seed, each with all its
            lambdas; 1 trains all.
        tasks: the domains, or several tasks of a domain.
        strategies: the ways to train.
        families: the families of architectures, by name.
    """

    description: str = ""
    seed: int = 0
    seeds: int = field(default=4, metadata={"minimum": 1})
    lambdas: tuple[float, ...] = (0.0, 0.01, 0.1, 1.0)
    lambda_scale: LambdaScale = "relative"
    functionals: tuple[str, ...] = ("action",)
    fraction: int = field(default=1, metadata={"minimum": 1})
    tasks: tuple[TaskDesign, ...]
    strategies: tuple[StrategyDesign, ...] = (StrategyDesign(name="usual"),)
    families: Mapping[str, FamilyDesign] = field(default_factory=lambda: dict(FAMILIES))

    def __post_init__(self) -> None:
        """Refuse what no study can be made of."""
        from minas.action.loss import FUNCTIONALS

        for name, values in (
            ("tasks", [task.level for task in self.tasks]),
            ("strategies", [strategy.name for strategy in self.strategies]),
            ("lambdas", self.lambdas),
            ("functionals", self.functionals),
        ):
            if not values:
                raise ValueError(f"a study needs {name}, at least one")
            _refuse_twice(name, values)
        if min(self.lambdas) < 0 or not math.isfinite(max(self.lambdas)):
            raise ValueError(f"a lambda of {min(self.lambdas):g}: expected numbers of 0 or more")
        if 0.0 not in self.lambdas:
            raise ValueError("0 is not among the lambdas: what the functional does is told by what happens without it")
        for name in self.functionals:
            if name not in FUNCTIONALS:
                raise ValueError(f"no functional named '{name}'{nearest(name, FUNCTIONALS)}")
        if self.fraction > 1 and self.seeds % (2 * self.fraction):
            raise ValueError(
                f"a fraction of {self.fraction} needs {2 * self.fraction} seeds or a multiple, not {self.seeds}: "
                "energy floors are chosen on one half of an architecture's seeds and read on the other"
            )
        if not self.families and not all(task.families for task in self.tasks):
            raise ValueError("a study needs families, at least one")

    def families_of(self, task: TaskDesign) -> Mapping[str, FamilyDesign]:
        """Return the families of a task."""
        return task.families or self.families


def _refuse_twice(name: str, values: Iterable[object]) -> None:
    twice = [value for value, count in Counter(values).items() if count > 1]
    if twice:
        raise ValueError(f"{twice[0]!r} stands twice in {name}; expected names that differ")
