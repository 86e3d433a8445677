"""Lookups, recurrence, and changes of state without parameters."""

from __future__ import annotations

import torch
from torch import Tensor

from minas.action.counting import check_images
from minas.action.operations import Kind
from minas.action.potential import bag_rows, raw
from minas.action.precision import wide
from minas.action.reading import is_attention, learned_scale, reduced_axes, shown_input, states_in
from minas.action.steps import Step
from minas.action.tally import Tally, square
from minas.action.trace import Call, Value
from minas.action.transport import transport


def embedding(tally: Tally, call: Call) -> None:
    """Read a lookup: V of the rows looked up, T = 0."""
    out, source = call.outputs[0], call.inputs[0]
    if call.kind is Kind.EMBEDDING or call.argument(6, "mode", "mean") == "max":
        potential = tally.squares(out) / 2
    else:
        ids = raw(call.argument(0, "input"))
        part = tally.part(ids) if ids.dim() == 2 else ids
        potential = bag_rows(call, part).sum() / (2 * (tally.count(ids) if ids.dim() == 2 else tally.samples))
    tally.add(call, out, None, potential, sources=[source])


def recurrent(tally: Tally, call: Call) -> None:
    """One step for each direction of each layer: u = x_t, q = h_t, the matrices once for each time step."""
    result = call.outputs[0]
    for number, layer in enumerate(call.extra):
        total = torch.stack([wide(matrix).square().sum() for matrix in layer.maps]).sum()
        states, inputs = wide(layer.states), wide(layer.inputs)
        weights = None
        if tally.masks is not None:
            reduced = tally.masks.of(call.inputs[0]).amax(-1, keepdim=True)
            weights = reduced if reduced.shape[:-1] == states.shape[:-1] else None
        count = states[..., :1].numel() if weights is None else weights.sum()
        value = Value(states, result.producer, result.index)
        step = tally.add(
            call,
            value if weights is None else result,
            tally.part(transport(inputs, tuple(states.shape), -1)),
            total * count / (2 * tally.samples),
            sources=[call.inputs[0]],
            state=states,
            name=f"{_recurrent_name(tally, call)} {number + 1}" if len(call.extra) > 1 else _recurrent_name(tally, call),
        )
        if weights is not None:
            _reweigh(tally, step, inputs, states, weights)
        step.result = result
        step.hidden = number < len(call.extra) - (2 if _bidirectional(call) else 1)


def _reweigh(tally: Tally, step: Step, inputs: Tensor, states: Tensor, weights: Tensor) -> None:
    """Take the padding out of a recurrent step."""
    whole = tally.part(weights.expand(states.shape))
    carried = tally.part(transport(inputs, tuple(states.shape), -1))
    state = tally.part(states)
    step.kinetic = square(state - carried, whole) / (2 * step.samples)
    step.state, step.carried, step.valid = state * whole, carried * whole, whole


def _recurrent_name(tally: Tally, call: Call) -> str:
    flat = [item for arg in call.args if isinstance(arg, list | tuple) for item in arg]
    for tensor in flat:
        name = tally.trace.weight(tensor)
        if name is not None and "weight" in name:
            return name.split("weight")[0].rstrip("._") or call.name
    return call.name


def cell(tally: Tally, call: Call) -> None:
    """Read one time step of a recurrent cell."""
    source, out = call.inputs[0], call.outputs[0]
    matrices = (call.argument(2, "w_ih"), call.argument(3, "w_hh"))
    rows = torch.stack([wide(raw(matrix)).square().sum() for matrix in matrices]).sum()
    carried = transport(source.tensor, tuple(out.tensor.shape), -1)
    count = out.tensor[..., :1].numel()
    tally.add(call, out, tally.part(carried), rows * count / (2 * tally.samples), sources=call.inputs)


def bare(tally: Tally, call: Call) -> None:
    """Pooling, or a non-linearity that follows no linear operator alone: V = 0."""
    check_images(call)
    out, source = call.outputs[0], shown_input(call)
    if not out.tensor.is_floating_point() or (call.kind is Kind.SOFTMAX and is_attention(call)):
        return
    if call in tally.bends.values() or (states_in(call) > 1 and source.tensor.shape != out.tensor.shape):
        return
    if out.tensor.dim() == 0:
        return
    count = _count_of_windows(tally, call)
    out = out if count is None else count.outputs[0]
    carried = None  # where P is the pooling itself, T = 0
    if call.kind is Kind.POOL and reduced_axes(call) is not None:  # P is the mean over them
        carried = tally.mean(source, reduced_axes(call), bool(call.argument(2, "keepdim", False)))
    elif "adaptive_avg_pool" not in call.name:
        carried = tally.carry(tally.part(source.tensor), source, tuple(tally.part(out.tensor).shape), out, 1)
    tally.add(call, out, carried, out.tensor.new_zeros(()), sources=[source], calls=[] if count is None else [count])


def _count_of_windows(tally: Tally, call: Call) -> Call | None:
    """Return the product with a constant tensor that alone consumes a pooling, or None.

    So an average is written that leaves padding out: the window's average, divided by how much of the window is valid.
    """
    out = call.outputs[0]
    if call.kind is not Kind.POOL or len(out.consumers) != 1 or out.is_output:
        return None
    product = out.consumers[0]
    scales = product.kind in (Kind.MULTIPLY, Kind.DIVIDE) and len(product.inputs) == 1
    if not scales or learned_scale(tally.trace, product) is not None:
        return None
    constant = any(isinstance(given, Tensor) and id(given) not in product.known for given in product.args)
    return product if constant and product.outputs[0].tensor.shape == out.tensor.shape else None


def _bidirectional(call: Call) -> bool:
    flags = [arg for arg in call.args if isinstance(arg, bool)]
    packed = isinstance(call.args[1], Tensor) and call.args[1].dtype is torch.int64 and call.args[1].dim() == 1
    return flags[2] if packed else flags[-2]
