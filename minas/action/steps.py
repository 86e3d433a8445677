"""A step of the trajectory, measured."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor

from minas.action.trace import Call, Value


@dataclass(eq=False)
class Step:
    """One link of the trajectory in layer time.

    Attributes:
        name: the module's path where parameters tell it, else the function's name.
        operator: the functions that make the step, such as `"conv2d + batch_norm + relu"`.
        kinetic: T, 0-dimensional.
        potential: V, 0-dimensional.
        state: q, the part of the batch that was measured, zero where it is padding.
        carried: P u, of q's shape.
        valid: 1 for the elements of q that count, 0 for padding, of q's shape; None where all do.
        sources: the values that the step takes.
        result: the value that it gives.
        calls: what was folded into it.
        scalable: whether its map and bias times c give its state times c.
        absorbs: whether its map divided by c makes up for an input times c.
        hidden: whether a later step takes its state.
    """

    name: str
    operator: str
    kinetic: Tensor
    potential: Tensor
    state: Tensor
    carried: Tensor | None
    sources: list[Value]
    result: Value
    calls: list[Call]
    scalable: bool = False
    absorbs: bool = False
    hidden: bool = False
    carries: list[Step] = field(default_factory=list)
    absorbers: list[Step] = field(default_factory=list)
    samples: int = 1
    valid: Tensor | None = None

    @property
    def activation(self) -> Tensor:
        """Mean_x ||q||^2, 0-dimensional; counts towards E where the step is `hidden`."""
        return self.state.square().sum() / self.samples
