"""What a module brings that torch's own layers don't suffice for: its own potential.

A spiking neuron is a non-linearity that its threshold rescales, and that several linear edges may feed. Its module has a
method `potential(rows, current)`; the meter then reads the module as one step, together with the linear operators that
alone feed it. Nothing inside the module is read. Such a module imports torch alone; it need not inherit from anything here.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from torch import Tensor, nn


@runtime_checkable
class BringsPotential(Protocol):
    """A module that knows the potential of its own step."""

    def potential(self, rows: Tensor | None, current: Tensor) -> Tensor:
        """Return V of the whole step, a 0-dimensional tensor, differentiable.

        Args:
            rows: the sum, over all linear edges that feed the module, of the squared weights of the row of A that makes each
                element of the current, folded with normalisations on the way; of the current's shape, or broadcastable to
                it. None if no linear operator feeds the module alone.
            current: the module's first argument; its first axis is the samples (or whatever the module takes them to be).

        Returns:
            1/2 sum over the current's elements of rows / threshold^2, plus 1/2 ||R / threshold||^2 for a recurrent matrix R,
            once for each time step, summed over samples: the meter divides by their number.
        """
        ...


def bringers(model: nn.Module) -> list[nn.Module]:
    """Return the submodules that bring their own potential; not those inside of one that does."""
    found: list[nn.Module] = []
    inside: set[int] = set()
    for module in model.modules():
        if id(module) in inside:
            continue
        potential = getattr(module, "potential", None)
        if callable(potential) and not isinstance(potential, nn.Module):  # a child of that name is a module like any other
            found.append(module)
            inside |= {id(child) for child in module.modules()}
    return found
