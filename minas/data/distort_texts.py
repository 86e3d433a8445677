"""Texts as a network meets them after its training: with words that it never saw, and with words missing."""

from __future__ import annotations

import torch
from torch import Tensor

from minas.data.task import Task
from minas.data.text_augment import without_words
from minas.data.texts import PADDING

UNKNOWN = 0.3
"""Chance of a word to be unknown: texts of another field or of careless typists, whose gist a reader still gets."""
DROPPED = 0.3
"""Chance of a word to be missing: above the share that training leaves out."""


def unknown_words(task: Task, inputs: Tensor, generator: torch.Generator) -> Tensor:
    """Put a word from outside of the vocabulary in the place of each word by chance `UNKNOWN`.

    Such words are known to a network by the bucket of their hash, which is as likely to be any.
    """
    chosen = torch.rand(inputs.shape, generator=generator) < UNKNOWN
    buckets = torch.randint(1, 1 + task.preprocessing["buckets"], inputs.shape, generator=generator, dtype=inputs.dtype)
    return torch.where(chosen & (inputs != PADDING), buckets, inputs)


def dropped_words(task: Task, inputs: Tensor, generator: torch.Generator) -> Tensor:
    """Leave out each word by chance `DROPPED`, and move up what follows; a text that would be empty stays as it is."""
    return without_words(inputs, generator, share=DROPPED)
