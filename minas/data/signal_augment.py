"""Augmentation of signals: a whole epoch's samples at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from minas.data import augment_options
from minas.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What is done to signals; nothing by default.

    Attributes:
        shift: most points of time by which a signal moves, either way; its first or last values stay in the gap.
        noise: standard deviation of normal noise that is added to every value, in the units of standardised signals.
    """

    shift: int = 0
    noise: float = 0.0

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Settings:
        """Return settings from a search space's `augmentation` table.

        Raises:
            ConfigError: an unknown option, or a value that makes no sense.
        """
        augment_options.check(options, cls, of="signals")
        shift = options.get("shift", 0)
        if shift != int(shift):
            raise ConfigError(f"augmentation: shift = {shift}; expected whole points of time")
        return cls(shift=int(shift), noise=float(options.get("noise", 0)))


class SignalAugmentation:
    """Augmentation for one training.

    Args:
        settings: what is done.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def __call__(self, inputs: Tensor, generator: torch.Generator) -> Tensor:
        """Return the signals of the next epoch, (samples, channels, time).

        Args:
            inputs: the training signals; they stay as they are.
            generator: the only source of chance.
        """
        out = inputs
        if self.settings.shift:
            out = shifted(out, generator, most=self.settings.shift)
        if self.settings.noise:
            out = out + self.settings.noise * torch.randn(out.shape, generator=generator)
        return out


def shifted(inputs: Tensor, generator: torch.Generator, *, most: int) -> Tensor:
    """Move each signal by its own whole number of points of time, drawn evenly from -most to most.

    Args:
        inputs: (samples, channels, time).
        generator: draws the distances.
        most: points of time.
    """
    samples, channels, time = inputs.shape
    offsets = torch.randint(-most, most + 1, (samples, 1), generator=generator)
    places = (torch.arange(time) + offsets).clamp(0, time - 1)
    return inputs.gather(2, places.unsqueeze(1).expand(samples, channels, time))


def augmentation(options: Mapping[str, Any]) -> SignalAugmentation | None:
    """Return the augmentation of one training, or None where nothing is to be done.

    Raises:
        ConfigError: an unknown option, or a value that makes no sense.
    """
    settings = Settings.of(options)
    return None if settings == Settings() else SignalAugmentation(settings)
