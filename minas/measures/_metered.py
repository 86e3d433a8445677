"""The action and what is reported beside it, over batches of samples."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields

import torch
from torch import Tensor, nn

from minas.action.meter import ActionMeter
from minas.action.operations import UnknownOperation
from minas.measures import Unavailable


@dataclass(frozen=True)
class Figures:
    """Figures of a network's states, means over samples.

    Attributes:
        kinetic: T.
        potential: V.
        action: S = T + V.
        activation_energy: E.
        zero_fraction: share of units that are exactly zero.
        participation_ratio: (sum q^2)^2 / sum q^4 as a share of the units.
        rescale_gap: by how much the best function-preserving rescale of one layer could still lower S.
    """

    kinetic: float
    potential: float
    action: float
    activation_energy: float
    zero_fraction: float
    participation_ratio: float
    rescale_gap: float


def metered(
    network: nn.Module, batches: Iterable[Tensor], mask: Callable[[Tensor], Tensor] | None = None
) -> tuple[Tensor, Figures]:
    """Run batches through a network once, and return its outputs and figures.

    Args:
        network: in eval mode.
        batches: of samples, in order.
        mask: gives a batch's mask, (batch, positions), True = valid.

    Returns:
        The outputs for all samples, shape (samples, classes), and the figures' means over samples.

    Raises:
        Unavailable: the network applies parameters by an operation whose linear map is not known.
    """
    try:
        with torch.no_grad(), ActionMeter(network, mask=mask) as meter:
            outputs = torch.cat([network(batch) for batch in batches])
        figures = Figures(**{field.name: float(getattr(meter, field.name)()) for field in fields(Figures)})
    except UnknownOperation as error:
        raise Unavailable(str(error)) from error
    return outputs, figures
