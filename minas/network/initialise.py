"""The weights that training starts from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw from torch's CPU generator, seeded, inside the block; the caller's generators stay as they are."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield


def initialise(network: nn.Module) -> None:
    """Draw the weights of all convolutions and linear maps anew, and set their biases to zero.

    A convolution starts as the identity (Zagoruyko and Komodakis 2017, arXiv 1706.00388) plus half of a random draw: handing
    the state on is what costs no kinetic energy. Against the draw alone (5 epochs on 3,000 digits, lambda 1e-5), chains of
    width 8 and 16 reach 3 to 24% less action, separable ones 23 to 28%, at no more error.

    He et al. 2015 (arXiv 1502.01852): normal with variance gain^2 / fan-in; gain sqrt(2) for convolutions, which ReLU follows,
    1 for linear maps. Fan-in, since batch normalisation makes the forward scale irrelevant as long as the variance stays far
    above its eps, and since torch's fan-out ignores groups: it would make depthwise filters too small by sqrt(channels).
    Other layers keep what their constructors drew, and an operator with an `initialise` method of its own then has its say.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv1d | nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="relu")
            with torch.no_grad():
                module.weight.mul_(0.5).add_(nn.init.dirac_(torch.empty_like(module.weight), groups=module.groups))
        elif isinstance(module, nn.Linear):
            nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="linear")
        if isinstance(module, nn.Conv1d | nn.Conv2d | nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
    for module in network.modules():
        own = getattr(module, "initialise", None)
        if callable(own):
            own()
