"""Early stopping: the network of the epoch with the lowest cross-entropy on validation samples is kept (Prechelt 1998).

What is repeated to the bit stays so: the rule sees losses alone, and looking at validation samples draws no random numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

BATCH, BATCH_ELEMENTS = 512, 2**18
"""Most validation samples, and elements of them, that go through a network at once."""


class EarlyStopping:
    """What to do after each epoch of a training.

    Args:
        network: what is trained.
        patience: epochs without a better one that end the training; 0 does nothing.
        validation: inputs and targets, (samples, *shape) and (samples,).

    Attributes:
        best: the best epoch so far, from 1, or None.
        samples: validation samples that went through the network, all epochs together.

    Raises:
        ValueError: patience, but no validation samples.
    """

    def __init__(self, network: nn.Module, patience: int, validation: tuple[Tensor, Tensor] | None) -> None:
        if patience and (validation is None or not len(validation[0])):
            raise ValueError("patience needs validation samples: give train(..., validation=(inputs, targets)), or patience=0")
        self._network = network
        self._patience = patience
        self._validation = validation
        self._epoch = 0
        self._lowest = math.inf
        self._state: dict[str, Tensor] = {}
        self.best: int | None = None
        self.samples = 0

    def ends(self, loss: Callable[[Tensor, Tensor], Tensor]) -> bool:
        """Look at the validation samples after an epoch, and tell whether training ends.

        Args:
            loss: of logits (samples, classes) and targets (samples,), their mean.
        """
        if not self._patience or self._validation is None:
            return False
        self._epoch += 1
        found = self._loss(*self._validation, loss)
        if found < self._lowest:
            self._lowest, self.best = found, self._epoch
            self._state = {name: tensor.detach().clone() for name, tensor in self._network.state_dict().items()}
        return self._epoch - (self.best or 0) >= self._patience

    def restore(self) -> None:
        """Make the network that of the best epoch, if there is one."""
        if self.best is not None and self.best != self._epoch:
            self._network.load_state_dict(self._state)

    def _loss(self, inputs: Tensor, targets: Tensor, loss: Callable[[Tensor, Tensor], Tensor]) -> float:
        self.samples += len(inputs)
        return float(loss(outputs(self._network, inputs), targets))


def outputs(network: nn.Module, inputs: Tensor) -> Tensor:
    """Return a network's outputs in eval mode, (samples, classes), without gradients; it is left in training mode."""
    network.eval()
    with torch.no_grad():
        size = max(1, min(BATCH, BATCH_ELEMENTS // max(1, inputs[0].numel())))
        found = torch.cat([network(batch) for batch in torch.split(inputs, size)])
    network.train()
    return found
