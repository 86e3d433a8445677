"""A run's whole resolved configuration: what `run.toml` holds, and all that its trials depend on."""

from __future__ import annotations

import importlib.metadata
import math
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from minas import config
from minas.errors import ConfigError
from minas.objectives import Bounds, ObjectiveSet
from minas.run.folder import CONFIGURATION, write_atomically

SCHEMA = 1
LARGEST_SAMPLE = 1 << 26
"""Values of one sample; an image of 4096 x 4096 pixels in colour has 50 million."""

PACKAGES = ("minas", "torch", "pymoo", "numpy", "networkx", "fvcore")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a run searches, in plain values.

    Attributes:
        seed: the run's seed, of which all others are made.
        trials: how many trials to run, or None for as many as the clock allows.
        seconds: the user's clock, or None.
        population: size of NSGA-II's population, and number of sampled architectures at the start.
        window: trials in flight.
        workers: worker processes; the trials don't depend on it.
        engine: name of the engine.
        engine_options: what the user said of it; the trials don't depend on it.
        control: whether random architectures are evaluated beside the search.
        members: how many members of the front are confirmed at most; 0 for none.
        confirmation_epochs: passes over the training samples in confirmation.
        confirmation_seeds: how often each member is trained in confirmation.
        limits: measure to the largest value that is worth training.
    """

    seed: int = 0
    trials: int | None = field(default=None, metadata={"minimum": 1})
    seconds: float | None = field(default=None, metadata={"exclusive_minimum": 0})
    population: int = field(default=20, metadata={"minimum": 2})
    window: int = field(default=8, metadata={"minimum": 1})
    workers: int = field(default=1, metadata={"minimum": 1})
    engine: str = "local"
    engine_options: Mapping[str, str] = field(default_factory=dict)
    control: bool = False
    members: int = field(default=6, metadata={"minimum": 0})
    confirmation_epochs: int = field(default=25, metadata={"minimum": 1})
    confirmation_seeds: int = field(default=3, metadata={"minimum": 1})
    limits: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class DataFacts:
    """Where a run's data come from: what `minas.data.task.DataSource` takes.

    Attributes:
        path: a file or folder; a relative one lies in the run's folder, and moves with it. None for the domain's default data.
        seed: seeds the split.
        image_size: side in pixels to which images are resized; None keeps them.
        preprocessing: what is done to signals, as the option says it; None is what is usual for the data.
        left_out: the group whose samples are the test part; None for a split that keeps to no group.
    """

    path: str | None = None
    seed: int = 0
    image_size: int | None = None
    preprocessing: str | None = None
    left_out: str | None = None


@dataclass(frozen=True, kw_only=True)
class TaskFacts:
    """What a reader of the run needs to know of its task, without loading it.

    Attributes:
        name: the task's name.
        digest: digest of its raw samples, targets and class names.
        shape: shape of one sample.
        classes: names of the classes.
        samples: number of training, validation and test samples.
        source: where the data comes from.
        majority_error: error of always answering with the most frequent class of the validation samples.
    """

    name: str
    digest: str
    shape: tuple[int, ...] = field(metadata={"minimum": 1})
    classes: tuple[str, ...]
    samples: tuple[int, int, int] = field(metadata={"minimum": 0})
    source: str = ""
    majority_error: float = field(default=1.0, metadata={"minimum": 0, "maximum": 1})

    def __post_init__(self) -> None:
        """Refuse samples of a size that no data has: whoever opens a stranger's run makes one."""
        if math.prod(self.shape) > LARGEST_SAMPLE:
            raise ValueError(f"a sample of shape {self.shape} has more than {LARGEST_SAMPLE:,} values")


@dataclass(frozen=True, kw_only=True)
class RunConfiguration:
    """What `run.toml` holds.

    Attributes:
        schema: version of the file's form.
        domain: name of the domain.
        task: what the task is.
        data: where it comes from.
        settings: how the run searches.
        objectives: what it minimises.
        measures: the names of the measures that are taken of each trial.
        search_space: the space's whole file, with what the command line changed in it.
        bounds: measure to bounds of the hypervolume; empty until they are worked out.
        versions: package to version.
        machine: what it ran on.
    """

    schema: int = SCHEMA
    domain: str
    task: TaskFacts
    data: DataFacts
    settings: Settings
    objectives: ObjectiveSet
    measures: tuple[str, ...]
    search_space: Mapping[str, Any]
    bounds: Mapping[str, Bounds] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    machine: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse bounds that leave an objective without any."""
        for name in self.objectives.measures:
            if self.bounds and name not in self.bounds:
                raise ValueError(f"there are bounds, and none for the objective '{name}'")

    def write(self, folder: Path) -> None:
        """Write `run.toml`."""
        write_atomically(folder / CONFIGURATION, config.dumps(self))


def read(folder: Path) -> RunConfiguration:
    """Read a run folder's configuration.

    Raises:
        ConfigError: the file is damaged, or was written by a newer MINAS.
    """
    document = config.read(folder / CONFIGURATION)
    schema = document.values.get("schema")
    if isinstance(schema, int) and schema > SCHEMA:
        raise ConfigError(f"{folder / CONFIGURATION} was written by a newer MINAS (schema {schema}): update MINAS")
    return config.load(folder / CONFIGURATION, RunConfiguration)


def versions() -> dict[str, str]:
    """Return the versions of the packages that a trial's figures depend on; of Python too."""
    out = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            out[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            out[name] = "not installed"
    return out


def machine() -> dict[str, str]:
    """Return what the run runs on: figures to the bit hold for one kind of machine only."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": str(os.cpu_count() or 1),
    }


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"
