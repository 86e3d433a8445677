"""From an NNI model space and its choices to a network that MINAS can train."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from minas.errors import ArchitectureError, UsageError
from minas.network.initialise import seeded
from minas.spaces import _nni_class

COLOURS = 3


class Grey(nn.Module):
    """Shows images of one channel, three times over, to a network for images in colour.

    Attributes:
        network: takes (batch, 3, height, width).
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        """Return the network's logits, (batch, classes), for images of shape (batch, 1, height, width)."""
        logits: Tensor = self.network(x.expand(-1, COLOURS, -1, -1))
        return logits


def build(
    name: str, arguments: Mapping[str, Any], sample: Mapping[str, Any], samples: _nni_class.Samples, *, seed: int
) -> nn.Module:
    """Return the network of a model space's choices, its weights drawn by the class's own constructors.

    Args:
        name: the class, as `PACKAGE:CLASS`.
        arguments: of its constructor, beside what the task says.
        sample: label to chosen value.
        samples: what the task says.
        seed: seeds the initial weights, in [0, 2**64); torch's global generators stay untouched.

    Raises:
        ArchitectureError: the network can't be made, or does not take the task's samples to logits.
    """
    with seeded(seed):
        try:
            space = _nni_class.make(name, arguments, samples)
            with _nni_class.quietly():
                network = space.freeze(dict(sample))
        except Exception as error:
            if "can't allocate memory" in str(error):  # the machine's failure, not the architecture's
                raise MemoryError(str(error)) from error
            said = str(error) if isinstance(error, UsageError) else f"freezing ended in {type(error).__name__}: {error}"
            raise ArchitectureError(said if said.startswith("nni:") else f"nni:{name}: {said}") from error
        return _fitting(network, name, samples)


def _fitting(network: nn.Module, name: str, samples: _nni_class.Samples) -> nn.Module:
    """Return a network that takes the task's samples: itself, or behind `Grey` where images lack the colours that it wants."""
    wrong = _wrong(network, samples)
    if wrong is not None and len(samples.shape) == 3 and samples.shape[0] == 1:
        network = Grey(network)
        wrong = _wrong(network, samples)
    if wrong is not None:
        raise ArchitectureError(f"nni:{name}: a network for samples of shape {samples.shape} {wrong}")
    return network


def _wrong(network: nn.Module, samples: _nni_class.Samples) -> str | None:
    """Return what is wrong with what a network makes of one sample of zeros, or None."""
    training = network.training
    network.eval()
    try:
        with torch.no_grad():
            logits = network(torch.zeros(1, *samples.shape))
    except MemoryError:
        raise
    except Exception as error:
        return f"ended in {type(error).__name__}: {error}"
    finally:
        network.train(training)
    if not isinstance(logits, Tensor) or logits.shape != (1, samples.classes):
        found = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
        return f"gives {found}; expected logits of shape {(1, samples.classes)}"
    return None
