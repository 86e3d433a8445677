"""Augmentation of images: a whole epoch's samples at a time, so that it costs next to nothing beside training."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from minas import seeds
from minas.data import augment_options, normalise
from minas.errors import ConfigError

_CHUNK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What is done to images; nothing by default.

    Attributes:
        shift: most pixels by which an image moves in each direction, a whole number.
        flip: whether images are mirrored left to right in every other epoch.
        rotate: most degrees by which an image turns, either way.
        zoom: most that an image grows or shrinks, as a fraction of its size.
    """

    shift: int = 0
    flip: bool = False
    rotate: float = 0.0
    zoom: float = 0.0

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Settings:
        """Return settings from a search space's `augmentation` table.

        Raises:
            ConfigError: an unknown option, or a value that makes no sense.
        """
        augment_options.check(options, cls, of="images", below={"zoom": 1})
        shift, zoom, flip = options.get("shift", 0), float(options.get("zoom", 0)), options.get("flip", False)
        if shift != int(shift):
            raise ConfigError(f"augmentation: shift = {shift}; expected whole pixels")
        if flip not in (0, 1):
            raise ConfigError(f"augmentation: flip = {flip}; expected true or false")
        return cls(shift=int(shift), flip=bool(flip), rotate=float(options.get("rotate", 0)), zoom=zoom)


class Augmentation:
    """Augmentation for one training; it counts the epochs, since flips alternate.

    Args:
        settings: what is done.
        fill: value by channel of what moves into the image.
    """

    def __init__(self, settings: Settings, fill: Sequence[float]) -> None:
        self.settings = settings
        self.fill = tuple(fill)
        self.epoch = 0

    def __call__(self, inputs: Tensor, generator: torch.Generator) -> Tensor:
        """Return the images of the next epoch, (samples, channels, height, width).

        Args:
            inputs: the training images, in the same order in each epoch; they stay as they are.
            generator: the only source of chance.
        """
        chosen = self.settings
        out = inputs
        if chosen.flip:
            out = alternating_flip(out, generator, epoch=self.epoch)
        if chosen.rotate or chosen.zoom:
            out = turn(out, generator, rotate=chosen.rotate, zoom=chosen.zoom, fill=self.fill)
        if chosen.shift:
            out = shift(out, generator, most=chosen.shift, fill=self.fill)
        self.epoch += 1
        return out


def augmentation(preprocessing: Mapping[str, Any], options: Mapping[str, Any]) -> Augmentation | None:
    """Return the augmentation of one training, or None where nothing is to be done.

    Args:
        preprocessing: the task's; images are filled with its background.
        options: names and values of `Settings`.

    Raises:
        ConfigError: an unknown option, or a value that makes no sense.
    """
    settings = Settings.of(options)
    return None if settings == Settings() else Augmentation(settings, normalise.background(preprocessing))


def shift(inputs: Tensor, generator: torch.Generator, *, most: int, fill: Sequence[float]) -> Tensor:
    """Move each image by its own whole number of pixels, drawn evenly from -most to most for each direction.

    Args:
        inputs: (samples, channels, height, width).
        generator: draws the distances.
        most: pixels.
        fill: value by channel of what moves into the image.
    """
    offsets = torch.randint(0, 2 * most + 1, (2, len(inputs)), generator=generator)
    return shifted_by(inputs, most - offsets, most=most, fill=fill)


def shifted_by(inputs: Tensor, moves: Tensor, *, most: int, fill: Sequence[float]) -> Tensor:
    """Move each image by a given number of pixels.

    Args:
        inputs: (samples, channels, height, width).
        moves: how far each moves down and right, (2, samples), whole numbers from -most to most.
        most: pixels.
        fill: value by channel of what moves into the image.
    """
    samples, channels, height, width = inputs.shape
    offsets = most - moves
    out = torch.empty_like(inputs, memory_format=torch.contiguous_format)
    # By chunks: a padded copy of all images would not stay in the cache.
    chunk = max(1, _CHUNK // (channels * height * width))
    for first in range(0, samples, chunk):
        part = slice(first, first + chunk)
        _windows(_padded(inputs[part], most, fill), offsets[:, part], out[part])
    return out


def _padded(inputs: Tensor, most: int, fill: Sequence[float]) -> Tensor:
    samples, channels, height, width = inputs.shape
    padded = inputs.new_empty(samples, channels, height + 2 * most, width + 2 * most)
    padded[:] = inputs.new_tensor(fill).view(-1, 1, 1)
    padded[:, :, most : most + height, most : most + width] = inputs
    return padded


def _windows(padded: Tensor, offsets: Tensor, out: Tensor) -> None:
    """Copy one window of each padded image to `out`, row by row: each row is a run of one flat array."""
    samples, channels, height, width = out.shape
    rows, columns = padded.shape[2:]
    corner = torch.arange(samples * channels).view(samples, channels, 1) * (rows * columns)
    start = (corner + (offsets[0] * columns + offsets[1]).view(-1, 1, 1) + torch.arange(height) * columns).view(-1)
    runs = padded.as_strided((padded.numel() - width + 1, width), (1, 1))
    torch.index_select(runs, 0, start, out=out.view(-1, width))


def alternating_flip(inputs: Tensor, generator: torch.Generator, *, epoch: int) -> Tensor:
    """Mirror half of the images left to right, the other half in the next epoch, and so on.

    Each image is seen both ways in any two epochs, which random flips don't ensure (arXiv 2404.00498).

    Args:
        inputs: (samples, channels, height, width), in the same order in each epoch.
        generator: the seed that it was made with decides which half begins; nothing is drawn from it.
        epoch: from 0.
    """
    coin = torch.Generator().manual_seed(seeds.derive(generator.initial_seed(), "flip"))
    first = torch.randint(0, 2, (len(inputs),), generator=coin)
    mirrored = (first + epoch) % 2 == 1
    return torch.where(mirrored.view(-1, 1, 1, 1), inputs.flip(3), inputs)


def turn(inputs: Tensor, generator: torch.Generator, *, rotate: float, zoom: float, fill: Sequence[float]) -> Tensor:
    """Turn and zoom each image about its centre by its own angle and factor, with bilinear interpolation.

    Args:
        inputs: (samples, channels, height, width).
        generator: draws angles and factors.
        rotate: most degrees, either way.
        zoom: most change of size, as a fraction: factors are drawn evenly from 1 - zoom to 1 + zoom.
        fill: value by channel of what moves into the image.
    """
    draws = torch.rand(2, len(inputs), generator=generator) * 2 - 1
    return turned_by(inputs, draws[0] * math.radians(rotate), 1 + draws[1] * zoom, fill=fill)


def turned_by(inputs: Tensor, angle: Tensor, factor: Tensor, *, fill: Sequence[float]) -> Tensor:
    """Turn and zoom each image about its centre by a given angle and factor, with bilinear interpolation.

    Args:
        inputs: (samples, channels, height, width).
        angle: of each image, (samples,), in radians.
        factor: by which each grows, (samples,).
        fill: value by channel of what moves into the image.
    """
    height, width = inputs.shape[2:]
    matrix = turned(angle, factor, sides=(height, width))
    grid = F.affine_grid(matrix, list(inputs.shape), align_corners=False)
    level = inputs.new_tensor(fill).view(-1, 1, 1)
    return F.grid_sample(inputs - level, grid, padding_mode="zeros", align_corners=False) + level


def turned(angle: Tensor, factor: Tensor, *, sides: tuple[int, int]) -> Tensor:
    """Return where each pixel of a turned and zoomed image comes from: affine maps, (samples, 2, 3), for torch's grids.

    Args:
        angle: of each image, (samples,), in radians.
        factor: by which each grows, (samples,).
        sides: height and width, in pixels.
    """
    height, width = sides
    # The grid says where each output pixel comes from, so it is divided by the factor.
    cosine, sine = torch.cos(angle) / factor, torch.sin(angle) / factor
    nothing = torch.zeros(len(angle))
    # Grid coordinates run from -1 to 1 along both sides, whatever their lengths.
    rows = (cosine, sine * (height / width), nothing), (-sine * (width / height), cosine, nothing)
    return torch.stack([torch.stack(row, dim=1) for row in rows], dim=1)
