"""Model spaces of a few choices, such as a user of NNI has."""

from __future__ import annotations

import nni
import torch
from nni.mutable import Categorical, CategoricalMultiple, ExpressionConstraint, Numerical
from nni.nas.nn.pytorch import InputChoice, LayerChoice, ModelSpace, MutableConv2d, Repeat
from torch import nn


class Tiny(ModelSpace):
    """A convolution of a chosen width, up to three blocks of a chosen kind, a head."""

    def __init__(self, in_channels: int, num_classes: int, widths: tuple[int, ...] = (2, 4)) -> None:
        super().__init__()
        width = nni.choice("width", list(widths))
        self.stem = nn.Sequential(MutableConv2d(in_channels, width, 3, stride=2, padding=1), nn.ReLU(inplace=True))
        self.blocks = Repeat(self._block, (1, 3), label="depth")
        self.drop = nn.Dropout(0.1)
        self.head = MutableConv2d(width, num_classes, 1)

    @staticmethod
    def _block(number: int) -> nn.Module:
        kinds = {"same": nn.Identity(), "max": nn.MaxPool2d(3, 1, 1), "average": nn.AvgPool2d(3, 1, 1)}
        return LayerChoice(kinds, label=f"block{number}")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.drop(self.blocks(self.stem(x)))).mean((2, 3))


class Coloured(ModelSpace):
    """Takes images of three channels, of ten classes."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = LayerChoice([nn.Conv2d(3, 4, 3), nn.Conv2d(3, 4, 5)], label="stem")
        self.head = nn.Linear(4, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.stem(x).relu().mean((2, 3)))


class Kinds(ModelSpace):
    """A choice of each kind that NNI has, two of them under a constraint."""

    def __init__(self, num_labels: int = 10) -> None:
        super().__init__()
        one, other = Categorical([1, 2, 3], label="one"), Categorical([1, 2, 3], default=3, label="other")
        more = [
            Numerical(0.0, 1.0, label="number"),
            CategoricalMultiple([0, 1, 2], label="subset"),
            Categorical([(1, 2), None, True, 0.5, "text"], label="mixed"),
            Categorical([object(), "text"], label="odd"),
            ExpressionConstraint(one + other == 4, label="sum"),
        ]
        for mutable in (one, other, *more):
            self.add_mutable(mutable)
        self.inputs = InputChoice(3, 1, label="input")
        self.head = nn.LazyLinear(num_labels)

    def freeze(self, sample):
        return nn.Sequential(nn.Flatten(), nn.LazyLinear(10))


class Fixed(ModelSpace):
    """Has nothing to choose."""


class Broken(ModelSpace):
    """Can't be made."""

    def __init__(self) -> None:
        super().__init__()
        raise RuntimeError("no such thing")


class NoSpace:
    """A class that must never be called."""

    def __init__(self) -> None:
        raise AssertionError("called")
