"""How states that meet in a node become one."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor


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
