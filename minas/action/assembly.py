"""From a trace to the steps of the trajectory: which calls belong together, and what each step costs.

Each operation of the design's table is read by one function, in the modules named `..._steps`.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from minas.action import linear_steps, neuron_steps, other_steps, product_steps
from minas.action.operations import Kind
from minas.action.steps import Step
from minas.action.tally import Tally
from minas.action.trace import Call, Trace

_READERS: dict[Kind, Callable[[Tally, Call], None]] = {
    Kind.LINEAR: linear_steps.linear,
    Kind.CONVOLUTION: linear_steps.linear,
    Kind.TRANSPOSED: linear_steps.linear,
    Kind.MATMUL: product_steps.matmul,
    Kind.EINSUM: product_steps.matmul,
    Kind.NORM: linear_steps.norm,
    Kind.POINTWISE: other_steps.bare,
    Kind.SOFTMAX: other_steps.bare,
    Kind.POOL: other_steps.bare,
    Kind.MULTIPLY: product_steps.product,
    Kind.DIVIDE: product_steps.product,
    Kind.ATTENTION: product_steps.attention,
    Kind.EMBEDDING: other_steps.embedding,
    Kind.BAG: other_steps.embedding,
    Kind.RECURRENT: other_steps.recurrent,
    Kind.CELL: other_steps.cell,
}


def assemble(trace: Trace, samples: int, mask: Tensor | None = None, fraction: float = 1.0) -> list[Step]:
    """Return the steps of one forward pass in the order in which they were executed (arguments: see `Tally`)."""
    tally = Tally(trace, samples, mask, fraction)
    for call in trace.calls:
        if call.kind is Kind.NEURON:
            neuron_steps.neuron(tally, call)
    for call in trace.calls:
        reader = _READERS.get(call.kind)
        if reader is not None and id(call) not in tally.owners:
            reader(tally, call)
    order = {id(call): place for place, call in enumerate(trace.calls)}
    tally.steps.sort(key=lambda step: order[id(step.calls[0])])
    _mark_hidden(tally)
    return tally.steps


def _mark_hidden(tally: Tally) -> None:
    """Mark the steps whose state a later step takes."""
    seen: set[int] = set()
    for step in tally.steps:
        stack = list(step.sources)
        while stack:
            value = stack.pop()
            call = value.producer
            if call is None or id(value) in seen:
                continue
            seen.add(id(value))
            for owner in tally.owners.get(id(call), []):
                if owner is not step and (owner.result is value or len(tally.owners[id(call)]) == 1):
                    owner.hidden = True
            if id(call) not in tally.owners or (
                any(owner.result is not value for owner in tally.owners[id(call)]) and call.kind is Kind.SHAPE
            ):
                stack.extend(call.inputs)
