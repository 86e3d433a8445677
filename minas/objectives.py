"""Objective sets: which measures a search minimises, on which scale, and between which bounds they are judged."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from minas import config, resources
from minas.errors import ConfigError, nearest

Scale = Literal["linear", "log"]

SCHEMA = 1


@dataclass(frozen=True, kw_only=True)
class Objective:
    """One measure that the search minimises.

    Attributes:
        measure: name of the measure.
        scale: `log` for measures that span orders of magnitude: their logarithm to base 10 is minimised.
        maximise: the measure is a score in [0, 1]: 1 - x is minimised.
    """

    measure: str
    scale: Scale = "linear"
    maximise: bool = False

    @property
    def name(self) -> str:
        """The name under which the objective's values are listed."""
        return f"1 - {self.measure}" if self.maximise else self.measure

    def value(self, measured: float) -> float:
        """Return the number that is minimised, on the objective's scale.

        A measure of zero has no logarithm: it is taken as the smallest positive float, and so stays comparable.
        """
        low = 1.0 - measured if self.maximise else measured
        return math.log10(max(low, 1e-300)) if self.scale == "log" else low


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Between what an objective is judged, in its measure's unit (a maximised one: 1 - x): ideal is 0, reference is 1.

    Raises:
        ValueError: they don't ascend.
    """

    ideal: float
    reference: float

    def __post_init__(self) -> None:
        if not -math.inf < self.ideal < self.reference < math.inf:
            raise ValueError(f"bounds must ascend, not ideal {self.ideal:g} and reference {self.reference:g}")


@dataclass(frozen=True, kw_only=True)
class ObjectiveSet:
    """What a search minimises.

    Attributes:
        schema: version of the file's form.
        name: how users name the set.
        description: one sentence for `--help` and reports.
        objectives: the measures, in order.
        bounds: task name to measure name to bounds, for the default tasks; a run on other data works out its own.

    Raises:
        ValueError: there is no objective, one is listed twice, or a task's bounds are not those of the objectives.
    """

    schema: int = SCHEMA
    name: str
    description: str = ""
    objectives: tuple[Objective, ...]
    bounds: Mapping[str, Mapping[str, Bounds]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.schema != SCHEMA:
            raise ValueError(f"an objective set of schema {self.schema}; this MINAS knows schema {SCHEMA}: update MINAS")
        if not self.objectives:
            raise ValueError("an objective set needs at least one [[objectives]] table")
        if len(set(self.measures)) < len(self.measures):
            raise ValueError("a measure is listed twice")
        for task, bounds in self.bounds.items():
            self._check_bounds(task, bounds)

    def _check_bounds(self, task: str, bounds: Mapping[str, Bounds]) -> None:
        for name in bounds:
            if name not in self.measures:
                raise ValueError(f"bounds for '{name}', which is no objective{nearest(name, self.measures)}")
        for objective in self.objectives:
            if objective.measure not in bounds:
                raise ValueError(f"the task '{task}' has bounds, and none for {objective.measure}")
            if objective.scale == "log" and bounds[objective.measure].ideal <= 0:
                raise ValueError(f"{objective.measure} is judged by its logarithm: its ideal bound must be above 0")

    @property
    def names(self) -> list[str]:
        """The objectives' names, in order."""
        return [objective.name for objective in self.objectives]

    @property
    def measures(self) -> list[str]:
        """The measures' names, in order."""
        return [objective.measure for objective in self.objectives]

    def values(self, measures: Mapping[str, float | None]) -> NDArray[np.float64] | None:
        """Return the objectives of one trial, shape (objectives,), or None where a measure is missing or not finite."""
        out = []
        for objective in self.objectives:
            measured = measures.get(objective.measure)
            if measured is None or not math.isfinite(measured):
                return None
            out.append(objective.value(measured))
        return np.array(out, dtype=np.float64)

    def normalise(self, values: NDArray[np.float64], bounds: Mapping[str, Bounds]) -> NDArray[np.float64]:
        """Scale objectives, shape (..., objectives), so that each one's ideal bound is 0 and its reference bound is 1."""
        plain = [Objective(measure=o.measure, scale=o.scale) for o in self.objectives]
        low = np.array([o.value(bounds[o.measure].ideal) for o in plain])
        high = np.array([o.value(bounds[o.measure].reference) for o in plain])
        scaled: NDArray[np.float64] = (values - low) / (high - low)
        return scaled


def load(name_or_path: str, known_measures: Sequence[str]) -> ObjectiveSet:
    """Read an objective set by its shipped name or from a TOML file.

    Args:
        name_or_path: `paper`, another shipped name, or a path.
        known_measures: names on the shelf of measures.

    Raises:
        UsageError: there is no such set.
        ConfigError: the file is not a valid objective set.
    """
    path: Path = resources.find("objectives", name_or_path)
    loaded = config.load(path, ObjectiveSet)
    for objective in loaded.objectives:
        if objective.measure not in known_measures:
            raise ConfigError(f"{path}: no measure named '{objective.measure}'{nearest(objective.measure, known_measures)}")
    return loaded
