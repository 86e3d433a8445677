"""How many epochs a training takes to an error that was fixed before: a figure of its efficiency."""

from __future__ import annotations

from torch import Tensor, nn

from minas.training.early_stopping import outputs


class Target:
    """Looks at the validation samples after each epoch until the error is reached; looking draws no random numbers.

    Args:
        network: what is trained.
        error: the share of wrong answers to reach; 0 asks for none.
        validation: inputs and targets, (samples, *shape) and (samples,).

    Attributes:
        reached: the first epoch, from 1, after which the error was no more than that, or None.

    Raises:
        ValueError: a target, but no validation samples.
    """

    def __init__(self, network: nn.Module, error: float, validation: tuple[Tensor, Tensor] | None) -> None:
        if error and (validation is None or not len(validation[0])):
            raise ValueError("a target needs validation samples: give train(..., validation=(inputs, targets))")
        self._network = network
        self._error = error
        self._validation = validation
        self.reached: int | None = None

    def look(self, epoch: int) -> None:
        """See whether an epoch has reached the target."""
        if not self._error or self.reached is not None or self._validation is None:
            return
        inputs, targets = self._validation
        wrong = outputs(self._network, inputs).argmax(dim=1) != targets
        if float(wrong.double().mean()) <= self._error:
            self.reached = epoch
