"""What an operator costs, as the `linear` part of its signature says it; the form stands in `minas.operators`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from minas.graph.structure import Value


@dataclass(frozen=True)
class Cost:
    """What one linear operator costs for one sample.

    Attributes:
        macs: multiply-accumulates of a forward pass.
        params: trainable parameters, those of the normalisation behind it included.
        activations: elements that it puts out.
    """

    macs: int = 0
    params: int = 0
    activations: int = 0

    def __add__(self, other: Cost) -> Cost:
        """Return the cost of both."""
        return Cost(self.macs + other.macs, self.params + other.params, self.activations + other.activations)


def linear_costs(
    signature: Mapping[str, Any],
    attributes: Mapping[str, Value],
    *,
    inputs: int,
    outputs: int,
    sides: Sequence[int],
    repeats: int = 1,
    edges: int = 1,
) -> Iterator[Cost]:
    """Yield the cost of each row of a signature's `linear`.

    Args:
        signature: the operator's.
        attributes: what the node, the head or the stem chose for its attributes.
        inputs: features that come in.
        outputs: features that go out.
        sides: of the output, in each dimension of position.
        repeats: how often the operator applies anew, at each of the time steps of a state that has some.
        edges: states that the operator takes at once, each by a linear operator of its own.
    """
    known = {"in": inputs, "out": outputs, "squeezed": max(1, outputs // 4), "positions": math.prod(sides), "repeats": repeats}
    names = {**attributes, **known}
    for row in signature["linear"]:
        if all(attributes[name] == value for name, value in row.get("when", {}).items()):
            yield _kernel(row, names, len(sides), edges) if "kernel" in row else _products(row, names)


def linear_count(signature: Mapping[str, Any]) -> int:
    """Return how many linear operators an operator applies one after the other."""
    return sum("kernel" in row or "macs" in row for row in signature["linear"])


def _kernel(row: Mapping[str, Any], names: Mapping[str, Value], dimensions: int, edges: int) -> Cost:
    """A kernel has kernel^d * inputs * outputs weights in d dimensions, kernel^d * inputs where it is depthwise.

    Where it stands for several edges, each has a kernel, and their sum one normalisation and one bias.
    """
    times = edges if row.get("edges") else 1
    side, inputs, outputs = (_number(row[name], names) for name in ("kernel", "inputs", "outputs"))
    places = _number("repeats", names) * (1 if row.get("positions") == "one" else _number("positions", names))
    weights = times * side**dimensions * (inputs if row.get("depthwise") else inputs * outputs)
    extra = outputs * (2 * bool(row.get("norm")) + bool(row.get("bias")))
    return Cost(places * weights, weights + extra, times * places * outputs)


def _products(row: Mapping[str, Any], names: Mapping[str, Value]) -> Cost:
    """Products of factors, as the row gives them."""
    given = {name: factors for name, factors in row.items() if name != "when"}
    return Cost(**{name: math.prod(_number(factor, names) for factor in factors) for name, factors in given.items()})


def _number(value: int | str, names: Mapping[str, Value]) -> int:
    return int(names[value] if isinstance(value, str) else value)
