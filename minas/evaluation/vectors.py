"""A start for the rows of words: what the training samples' classes say of each, or vectors trained on far more text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

from minas.data import glove
from minas.errors import ArchitectureError, UsageError
from minas.training.settings import Vectors

if TYPE_CHECKING:
    from minas.data.task import Task


@dataclass(frozen=True, eq=False)
class Start:
    """What the rows of words start from.

    Attributes:
        numbers: which whole numbers of samples there are vectors for, (words,), int64.
        vectors: the vectors, (words, features), float32, the feature that says most first.
        ids: how many whole numbers there are; a table of words has at least as many rows.
        scaled: whether the vectors take the standard deviation with which rows were drawn; else they stay as long as they are.
    """

    numbers: torch.Tensor
    vectors: torch.Tensor
    ids: int
    scaled: bool = True


_STRENGTH = 3.0


def available(task: Task, kind: Vectors) -> None:
    """See that a task's words can start from vectors; GloVe's are fetched if need be.

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
    if kind == "glove":
        glove.read()


def log_ratios(inputs: torch.Tensor, targets: torch.Tensor, *, classes: int, ids: int) -> Start:
    """Return what words start from by naive Bayes: how much likelier each is in one class than in the others.

    log p(word | class) - log p(word | other classes), each count one higher, times 3: a feature for each class, the
    first class last. With two of them each ratio is there with both signs, so that a rectifier behind it hides neither
    (five networks of width 2 stayed at chance in 4 of 46 trainings without, in 1 with it).

    Wang and Manning (2012) weigh words by these ratios before a linear classifier; here they are what training starts from.
    Movie reviews, four fifths of the training and validation samples, accuracy on the last fifth, mean of 2 to 3, drawn
    rows against these: a bag .790 and .797, a gated linear unit .791 and .796, attention .779 and .797, GRU .781 and .798;
    with the ratios times 1, .794, .797, .795 and .795.

    Args:
        inputs: the training part, (samples, tokens), int64; 0 is padding.
        targets: class indices, (samples,), int64.
        classes: number of classes.
        ids: how many whole numbers there are.
    """
    counts = torch.stack(
        [torch.bincount(inputs[targets == one].flatten(), minlength=ids) for one in range(classes)], 1
    ).double()
    counts[0] = 0
    others = counts.sum(1, keepdim=True) - counts
    ratios = (_share(counts) / _share(others)).log().roll(-1, 1)
    numbers = counts.sum(1).nonzero().squeeze(1)
    return Start(numbers, (_STRENGTH * ratios[numbers]).float(), ids, scaled=False)


def _share(counts: torch.Tensor) -> torch.Tensor:
    """Return each column's counts, one higher, as shares of their sum."""
    return (counts + 1) / (counts + 1).sum(0)


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

    The first features are taken where a row is narrower than a vector; what is wider keeps its draw there. GloVe's vectors
    are scaled to the standard deviation with which the rows were drawn, so that it is what they mean that differs, not how
    long they are.

    Args:
        start: what `read` or `log_ratios` returned.
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
            if start.scaled:
                taken = taken * (drawn[:, :width].std() / taken.std().clamp(min=1e-12))
            drawn[:, :width] = taken
            table.weight[start.numbers] = drawn
