"""Domains: one kind of task each, with its default data, its readers and its search space.

A domain's module exposes `DOMAIN = Domain(...)`. It is light to import: what needs torch imports it when called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
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


DOMAINS: Shelf[Domain] = Shelf("minas.domains", "DOMAIN", Domain, "domain")
