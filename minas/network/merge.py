"""How states that meet in a node become one."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from minas.graph.signatures import Merge


def merged(states: Sequence[Tensor], merge: Merge) -> list[Tensor]:
    """Return what an operator takes: one state, or for "currents" all of them, in the order given."""
    if len(states) == 1 or merge == "currents":
        return list(states)
    return [maximum(states) if merge == "maximum" else mean(states)]


def maximum(states: Sequence[Tensor]) -> Tensor:
    """Return the elementwise maximum of states of one shape, (batch, ...): of spikes, where any of them fired.

    A pooling over the edges, and metered as such. Where several are largest, each gets its share of the gradient.
    """
    return torch.stack(list(states), 1).amax(1)


def mean(states: Sequence[Tensor]) -> Tensor:
    """Return the mean of states of one shape, summed in the order given; a lone state is handed on as it is.

    A mean and no sum, so that handing a state on along several paths gains nothing (a sum of two identities would be a gain
    of 2 for no action).
    """
    if len(states) == 1:
        return states[0]
    total = states[0] + states[1]
    for state in states[2:]:
        total = total + state
    return total / len(states)
