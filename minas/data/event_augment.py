"""Augmentation of recordings of event cameras: a whole epoch's samples at a time; spikes stay spikes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from minas.data import augment_options
from minas.data.augment import turned


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What is done to recordings; nothing by default.

    Attributes:
        shift: most pixels by which a recording moves in each direction; parts of a pixel count.
        rotate: most degrees by which it turns, either way.
        zoom: most that it grows or shrinks, as a fraction of its size.
    """

    shift: float = 0.0
    rotate: float = 0.0
    zoom: float = 0.0

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Settings:
        """Return settings from a search space's `augmentation` table.

        Raises:
            ConfigError: an unknown option, or a value that makes no sense.
        """
        augment_options.check(options, cls, of="events", below={"zoom": 1})
        return cls(**{name: float(value) for name, value in options.items()})


class EventAugmentation:
    """Augmentation for one training.

    Args:
        settings: what is done.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def __call__(self, inputs: Tensor, generator: torch.Generator) -> Tensor:
        """Return the recordings of the next epoch, (samples, time, channels, height, width).

        Spike trains, which have a height of 1, stay as they are: their units are no places.

        Args:
            inputs: the training recordings; they stay as they are.
            generator: the only source of chance.
        """
        if inputs.shape[3] == 1:
            return inputs
        chosen = self.settings
        return moved(inputs, generator, shift=chosen.shift, rotate=chosen.rotate, zoom=chosen.zoom)


def moved(inputs: Tensor, generator: torch.Generator, *, shift: float, rotate: float, zoom: float) -> Tensor:
    """Move, turn and zoom each recording as a whole, by its own distances, angle and factor, all drawn evenly.

    Each pixel takes the value of the nearest one, so that 0 and 1 stay 0 and 1. A shift of at most half a pixel does nothing
    alone; with a turn or a zoom it decides which pixel is the nearest. What moves in from outside is 0.

    Args:
        inputs: (samples, time, channels, height, width).
        generator: draws them.
        shift: most pixels, in each direction.
        rotate: most degrees, either way.
        zoom: most change of size: factors are drawn from 1 - zoom to 1 + zoom.
    """
    height, width = inputs.shape[3:]
    draws = torch.rand(4, len(inputs), generator=generator) * 2 - 1
    matrix = turned(draws[0] * math.radians(rotate), 1 + draws[1] * zoom, sides=(height, width))
    # The last column is a distance in the grid's coordinates, which run over two units along a side.
    matrix[:, :, 2] = torch.stack((draws[2] * (2 * shift / width), draws[3] * (2 * shift / height)), dim=1)
    frames = inputs.flatten(1, 2)
    grid = F.affine_grid(matrix, list(frames.shape), align_corners=False)
    out = F.grid_sample(frames, grid, mode="nearest", padding_mode="zeros", align_corners=False)
    return out.view(inputs.shape)


def augmentation(options: Mapping[str, Any]) -> EventAugmentation | None:
    """Return the augmentation of one training, or None where nothing is to be done.

    Raises:
        ConfigError: an unknown option, or a value that makes no sense.
    """
    settings = Settings.of(options)
    return None if settings == Settings() else EventAugmentation(settings)
