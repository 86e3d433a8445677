"""What each linear operator costs, as seen in a trace: its multiply-accumulates, and the elements that it puts out.

A handle takes the input and output values of one node of a traced graph, as fvcore hands them over, and returns a `Cost`.
An operator that fuses several linear operators (attention, recurrent layers) costs what they cost when spelled out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any, NamedTuple

from minas.measures._einsum import contraction_costs

Values = Sequence[Any]
"""Values of a traced graph (`torch.Value`)."""


class Cost(NamedTuple):
    """Cost of one node, for the whole batch that was traced.

    Attributes:
        flops: multiply-accumulates.
        activations: elements of the outputs of linear operators.
    """

    flops: int
    activations: int


Handle = Callable[[Values, Values], Cost]


class UnknownShape(Exception):
    """A trace that does not say how large a tensor is."""


def shape(value: Any) -> list[int]:
    """Return a traced tensor's shape.

    Raises:
        UnknownShape: the trace does not hold it.
    """
    sizes = value.type().sizes() if value.isCompleteTensor() else None
    if sizes is None:
        raise UnknownShape(value.debugName())
    return list(sizes)


def _tensors(value: Any) -> list[list[int]]:
    """Return the shapes of a traced list of tensors."""
    return [shape(item) for item in value.node().inputs()]


def _integers(value: Any) -> list[int]:
    """Return a traced list of integers, or an empty one for None."""
    whole = value.toIValue()
    return [item.toIValue() for item in value.node().inputs()] if whole is None else list(whole)


def _product(operand: int, dimension: int) -> Handle:
    """Return the handle of a matrix product: its outputs times the contracted length, a dimension of one operand."""

    def handle(inputs: Values, outputs: Values) -> Cost:
        elements = prod(shape(outputs[0]))
        return Cost(elements * shape(inputs[operand])[dimension], elements)

    return handle


def _convolution(inputs: Values, outputs: Values) -> Cost:
    """Each output element reads one filter; in a transposed convolution each input element is multiplied by one."""
    elements = prod(shape(outputs[0]))
    transposed = bool(inputs[6].toIValue())
    return Cost((prod(shape(inputs[0])) if transposed else elements) * prod(shape(inputs[1])[1:]), elements)


def _convolution_by_name(inputs: Values, outputs: Values) -> Cost:
    """A convolution whose padding is given as `"same"` or `"valid"`."""
    elements = prod(shape(outputs[0]))
    return Cost(elements * prod(shape(inputs[1])[1:]), elements)


def _batch_sum(inputs: Values, outputs: Values) -> Cost:
    """`addbmm`: the products of a batch of matrices, summed."""
    elements = prod(shape(outputs[0]))
    batch, _, contracted = shape(inputs[1])
    return Cost(batch * elements * contracted, batch * elements)


def _tensordot(inputs: Values, outputs: Values) -> Cost:
    elements, left = prod(shape(outputs[0])), shape(inputs[0])
    return Cost(elements * prod(left[axis] for axis in _integers(inputs[2])), elements)


def _einsum(inputs: Values, outputs: Values) -> Cost:
    path = _integers(inputs[2]) if len(inputs) > 2 else []
    return Cost(*contraction_costs(inputs[0].toIValue(), _tensors(inputs[1]), path))


def _attention(inputs: Values, outputs: Values) -> Cost:
    """Scores (each query with each key), then the values mixed by them; the same for fused and spelled-out attention."""
    query, key, value = (shape(inputs[position]) for position in range(3))
    queries, keys = prod(query[:-1]), key[-2]
    return Cost(queries * keys * (query[-1] + value[-1]), queries * (keys + value[-1]))


def _recurrent(inputs: Values, outputs: Values) -> Cost:
    """Every weight matrix of a recurrent layer, of all its layers and directions, is applied once to each time step.

    The input is (time, batch, features) or the other way round, or (steps of all sequences, features) where packed.
    """
    steps = prod(shape(inputs[0])[:-1])
    lists = [value for value in inputs if value.node().kind() == "prim::ListConstruct"]
    if not lists:
        raise UnknownShape("the weights of a recurrent layer")
    matrices = [sizes for sizes in _tensors(lists[-1]) if len(sizes) == 2]
    return Cost(steps * sum(map(prod, matrices)), steps * sum(rows for rows, _ in matrices))


HANDLES: dict[str, Handle] = {
    "aten::_convolution": _convolution,
    "aten::_convolution_mode": _convolution_by_name,
    "aten::linear": _product(0, -1),
    "aten::matmul": _product(0, -1),
    "aten::mm": _product(0, -1),
    "aten::bmm": _product(0, -1),
    "aten::mv": _product(0, -1),
    "aten::dot": _product(0, -1),
    "aten::vdot": _product(0, -1),
    "aten::inner": _product(0, -1),
    "aten::addmm": _product(1, -1),
    "aten::addmv": _product(1, -1),
    "aten::baddbmm": _product(1, -1),
    "aten::addbmm": _batch_sum,
    "aten::tensordot": _tensordot,
    "aten::einsum": _einsum,
    "aten::scaled_dot_product_attention": _attention,
    "aten::gru": _recurrent,
    "aten::lstm": _recurrent,
    "aten::rnn_tanh": _recurrent,
    "aten::rnn_relu": _recurrent,
}
"""Handles by the operator's name in a trace. Recurrent cells and bag-free embeddings need none: they trace as others."""
