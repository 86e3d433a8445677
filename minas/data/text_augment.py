"""Augmentation of texts: a whole epoch's samples at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from minas.data import augment_options
from minas.data.texts import PADDING


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What is done to texts; nothing by default.

    Attributes:
        word_dropout: the share of words that is left out, below 1.
    """

    word_dropout: float = 0.0

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Settings:
        """Return settings from a search space's `augmentation` table.

        Raises:
            ConfigError: an unknown option, or a value that makes no sense.
        """
        augment_options.check(options, cls, of="texts", below={"word_dropout": 1})
        return cls(word_dropout=float(options.get("word_dropout", 0)))


class TextAugmentation:
    """Augmentation for one training.

    Args:
        settings: what is done.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def __call__(self, inputs: Tensor, generator: torch.Generator) -> Tensor:
        """Return the texts of the next epoch, (samples, tokens).

        Args:
            inputs: the training texts, whole numbers with padding behind the last word; they stay as they are.
            generator: the only source of chance.
        """
        return without_words(inputs, generator, share=self.settings.word_dropout)


def without_words(inputs: Tensor, generator: torch.Generator, *, share: float) -> Tensor:
    """Leave out each word by chance; what follows moves up, so that padding stands behind the last word as ever.

    A text of which nothing would be left stays as it is.

    Args:
        inputs: (samples, tokens), whole numbers, padding behind the last word.
        generator: draws which words.
        share: the chance of each word to be left out.
    """
    there = inputs != PADDING
    kept = there & (torch.rand(inputs.shape, generator=generator) >= share)
    kept = torch.where(kept.any(1, keepdim=True), kept, there)
    order = torch.argsort((~kept).to(torch.int8), dim=1, stable=True)
    return torch.where(kept, inputs, PADDING).gather(1, order)


def augmentation(options: Mapping[str, Any]) -> TextAugmentation | None:
    """Return the augmentation of one training, or None where nothing is to be done.

    Raises:
        ConfigError: an unknown option, or a value that makes no sense.
    """
    settings = Settings.of(options)
    return None if settings == Settings() else TextAugmentation(settings)
