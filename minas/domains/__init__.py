"""Domains: one kind of task each, with its default data, its readers and its search space.

A domain's module exposes `DOMAIN = Domain(...)`. It is light to import: what needs torch imports it when called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from minas.shelf import Shelf

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from minas.data.resource import Resource, Shipped
    from minas.data.task import DataSource, Task
    from minas.data.unequal import Behind


class Augment(Protocol):
    """Changes a whole epoch's training samples; one is made for each training, and called once an epoch."""

    def __call__(self, inputs: Tensor, generator: Generator) -> Tensor:
        """Return new samples of the same shape (samples, *shape); `generator` is the only source of chance."""


class Distort(Protocol):
    """Changes test samples in a way that no training has seen."""

    def __call__(self, task: Task, inputs: Tensor, generator: Generator) -> Tensor:
        """Return new samples of the same shape and dtype; `inputs` stay as they are.

        Args:
            task: what the samples belong to; what depends on data is taken from its training part and preprocessing alone.
            inputs: preprocessed samples, (samples, *task.shape). The same samples, all at once, are changed alike each time.
            generator: the only source of chance.
        """


@dataclass(frozen=True)
class Distortion:
    """A distortion whose module is imported when it is called, since it needs torch.

    Attributes:
        module: below `minas.data`.
        function: its name there, a `Distort`.
    """

    module: str
    function: str

    def __call__(self, task: Task, inputs: Tensor, generator: Generator) -> Tensor:
        """Return distorted samples, as `Distort` says."""
        distort: Distort = getattr(import_module(f"minas.data.{self.module}"), self.function)
        return distort(task, inputs, generator)


def distortions(module: str, *names: str) -> Mapping[str, Distort]:
    """Return the distortions of a module below `minas.data`, each named as its function."""
    return {name: Distortion(module, name) for name in names}


@dataclass(frozen=True, kw_only=True)
class Domain:
    """One kind of task.

    Attributes:
        name: how users name it.
        description: one sentence for help texts and reports.
        space: name of its search space's TOML file.
        objectives: name of its default objective set.
        default_task: name of the task that is loaded when the user gives no data.
        data: where the default data comes from.
        load: the task of a source, the same to the bit each time. Raises DataError for data that can't be used.
        augment: from a task and the options of the search space's augmentation, what to do to the samples of one training;
            None for nothing. Raises ConfigError for options that the domain doesn't know.
        seconds: how long a search takes when neither trials nor a time are given.
        preprocessing: whether `load` takes what a user asks to be done to the samples.
        behind: what stands behind the end of samples shorter than others, where they are given as arrays of unequal lengths;
            None where such samples are refused.
        image_size: whether samples have sides in pixels, to which `load` may be asked to resize them.
        distortions: by name, what a study does to test samples to see how networks do out of distribution.
    """

    name: str
    description: str
    space: str
    objectives: str
    default_task: str
    data: Shipped | Resource
    load: Callable[[DataSource], Task]
    augment: Callable[[Task, Mapping[str, Any]], Augment | None]
    seconds: float = 300.0
    preprocessing: bool = False
    behind: Behind | None = None
    image_size: bool = False
    distortions: Mapping[str, Distort] = field(default_factory=dict)


DOMAINS: Shelf[Domain] = Shelf("minas.domains", "DOMAIN", Domain, "domain")
