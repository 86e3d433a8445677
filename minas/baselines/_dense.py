"""A multilayer perceptron, what all domains share: the one topology that runs on every data set, to be crossed with them.

The paper's own is not public (arXiv 2604.24805); three hidden layers of 128 are this project's choice.
"""

from __future__ import annotations

from functools import partial
from typing import Protocol

from torch import nn

from minas.baselines import Baseline, Family, at_sizes
from minas.network.initialise import seeded

NAME = "MLP"

WIDTH = 128
HIDDEN = 3


class Make(Protocol):
    """Makes the network of one domain."""

    def __call__(self, shape: tuple[int, ...], classes: int, *, width: int) -> nn.Module:
        """Return the network for samples of a shape, its hidden layers of a width."""


def dense(inputs: int, classes: int, *, width: int) -> nn.Sequential:
    """Return linear maps with biases, ReLU behind all but the last: (batch, inputs) to logits, (batch, classes).

    Args:
        inputs: features of a sample.
        classes: number of classes.
        width: of each of the three hidden layers.
    """
    layers: list[nn.Module] = []
    for before in (inputs, *[width] * (HIDDEN - 1)):
        layers += [nn.Linear(before, width), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(width, classes))


def family(domain: str, make: Make, *, taken: str) -> Family:
    """Return a domain's perceptrons, of widths 128 and 64, for studies alone.

    Args:
        domain: name of the domain.
        make: makes the network.
        taken: what of a sample it is given, in a table's words.
    """

    def build(shape: tuple[int, ...], classes: int, seed: int, *, width: int = WIDTH) -> nn.Module:
        with seeded(seed):
            return make(shape, classes, width=width)

    source = f"an ordinary perceptron of this project, three hidden layers of 128 with ReLU on {taken}"
    widest = Baseline(name=NAME, source=source, build=build, in_search=False, variant=True)
    return Family(domain=domain, baselines=(widest, *at_sizes(widest, {"w64": partial(build, width=WIDTH // 2)})))
