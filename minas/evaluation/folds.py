"""Cross-validation inside the samples that a search may see: for tasks with so few that one validation part says little."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from minas.data.grouped import by_group
from minas.data.split import stratified
from minas.errors import UsageError

if TYPE_CHECKING:
    from minas.data.task import Task

Parts = Mapping[str, tuple[Tensor, Tensor]]


def folded(task: Task, folds: int) -> Iterator[Parts]:
    """Yield `train` and `validation` for each fold: every sample of the two parts of the task is in one validation part.

    The folds belong to the task: they are the same for every candidate and every run. Classes are spread evenly, and no group
    is divided. The preprocessing stays that of the task, whose statistics are taken from its own training part.

    Args:
        task: the task; its test samples are not touched.
        folds: how many, 2 or more.

    Raises:
        UsageError: a class has fewer samples, or there are fewer groups, than folds.
    """
    try:
        chosen = _cut(task, folds)
    except ValueError as error:
        raise UsageError(f"the task {task.name} can't be cut into {folds} folds: {error}; ask for fewer") from error
    parts = (task.train, task.validation)
    inputs = torch.from_numpy(np.concatenate([part.inputs for part in parts]))
    labels = torch.from_numpy(np.concatenate([part.targets for part in parts]))
    for fold, held in enumerate(chosen):
        others = np.concatenate([indices for number, indices in enumerate(chosen) if number != fold])
        yield {"train": (inputs[others], labels[others]), "validation": (inputs[held], labels[held])}


def possible(task: Task, folds: int) -> int:
    """Return into how many folds a task can be cut, at most `folds`: 1 where classes or groups don't suffice for two."""
    for number in range(folds, 1, -1):
        try:
            _cut(task, number)
        except ValueError:
            continue
        return number
    return 1


def _cut(task: Task, folds: int) -> list[NDArray[np.intp]]:
    """Return the places of each fold's samples among those of both parts.

    Raises:
        ValueError: a class has fewer samples, or there are fewer groups, than folds.
    """
    parts = (task.train, task.validation)
    targets = np.concatenate([part.targets for part in parts])
    groups = [part.groups for part in parts if part.groups is not None]
    shares = [1.0] * folds
    if len(groups) == len(parts):
        return by_group(targets, np.concatenate(groups), shares, seed=0)
    return stratified(targets, shares, seed=0)
