"""The functionals that training may minimise, by name.

The action S = T + V is the default. The others stand beside it because which form of the energy is best is an open question of
the paper: `activation_energy` is the paper's own, and `lagrangian` is T - V.

In our own networks states merge by their mean, so handing a state on costs nothing; in a network with residual sums the action
reads each branch as it stands: T of a branch's last step compares the branch's own output, not the sum, with what the step
took.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from minas.action.meter import ActionMeter
from minas.errors import UsageError, nearest

FUNCTIONALS: dict[str, Callable[[ActionMeter], Tensor]] = {
    "action": ActionMeter.action,
    "activation_energy": ActionMeter.activation_energy,
    "kinetic": ActionMeter.kinetic,
    "potential": ActionMeter.potential,
    "lagrangian": lambda meter: meter.kinetic() - meter.potential(),
}


def functional(meter: ActionMeter, name: str) -> Tensor:
    """Return a functional of what a meter saw, 0-dimensional and differentiable.

    Raises:
        UsageError: for a name that is none of `FUNCTIONALS`.
    """
    chosen = FUNCTIONALS.get(name)
    if chosen is None:
        raise UsageError(f"'{name}' is no functional{nearest(name, FUNCTIONALS)}")
    return chosen(meter)
