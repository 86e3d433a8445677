"""A start for the rows of words: vectors that were trained on far more text than the task has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

from minas.data import glove
from minas.errors import ArchitectureError, UsageError

if TYPE_CHECKING:
    from minas.data.task import Task


@dataclass(frozen=True, eq=False)
class Start:
    """What the rows of words start from.

    Attributes:
        numbers: which whole numbers of samples there are vectors for, (words,), int64.
        vectors: the vectors, (words, features), float32: about their mean, the feature that varies most first.
        ids: how many whole numbers there are; a table of words has at least as many rows.
    """

    numbers: torch.Tensor
    vectors: torch.Tensor
    ids: int


def available(task: Task) -> None:
    """See that a task's words can start from GloVe's vectors, which are fetched if need be.

    Raises:
        UsageError: the task's samples are not texts.
        MissingExtraError: pyarrow is not installed.
        MinasError: the vectors can't be had.
    """
    if task.preprocessing.get("kind") != "text":
        raise UsageError(
            f"vectors of words were asked for, and the samples of {task.name} are no texts; leave out --vectors, or vectors "
            "in the search space's [training]"
        )
    glove.read()


def read(task: Task) -> Start:
    """Return what the words of a task start from: GloVe's vectors of those that have one.

    Raises:
        MinasError: as `available`.
    """
    known, vectors = glove.read()
    rows, found = glove.rows(task.preprocessing, known, vectors)
    numbers = torch.from_numpy(found).nonzero().squeeze(1)
    return Start(numbers, torch.from_numpy(glove.principal(rows[found])), len(rows))


def apply(start: Start, network: nn.Module) -> None:
    """Start a network's rows of known words from vectors; all other rows, and all else, stay as drawn.

    The first features are taken where a row is narrower than a vector; what is wider keeps its draw there. Vectors are
    scaled to the standard deviation with which the rows were drawn, so that it is what they mean that differs, not how long
    they are.

    Args:
        start: what `read` returned.
        network: an untrained network for texts; changed in place.

    Raises:
        ArchitectureError: it has no table of words.
    """
    tables = [
        module
        for module in network.modules()
        if isinstance(module, nn.Embedding | nn.EmbeddingBag)
        and module.padding_idx == 0
        and module.num_embeddings >= start.ids
    ]
    if not tables:
        raise ArchitectureError("the network has no table of words that could start from vectors")
    if len(start.numbers) < 2:
        return
    with torch.no_grad():
        for table in tables:
            drawn = table.weight[start.numbers]
            width = min(drawn.shape[1], start.vectors.shape[1])
            taken = start.vectors[:, :width]
            drawn[:, :width] = taken * (drawn[:, :width].std() / taken.std().clamp(min=1e-12))
            table.weight[start.numbers] = drawn
