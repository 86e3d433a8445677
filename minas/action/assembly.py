"""From a trace to the steps of the trajectory: which calls belong together, and what each step costs.

The table of operations in the design is read here, one method an operation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import ceil

import torch
from torch import Tensor

from minas.action.masks import Masks
from minas.action.operations import HOMOGENEOUS, Kind, UnknownOperation
from minas.action.potential import attention_weights, bag_rows, norm_factor, operands, product_rows, raw, rows_of
from minas.action.reading import (
    Chain,
    bend_of,
    comes_from_gate,
    follow,
    follow_moves,
    is_attention,
    is_bias,
    is_free,
    is_score,
    learned_scale,
    parts_of,
    shown_input,
    states_in,
    undropped,
)
from minas.action.steps import Step
from minas.action.trace import Call, Trace, Value
from minas.action.transport import transport

_LINEAR = frozenset({Kind.LINEAR, Kind.CONVOLUTION, Kind.TRANSPOSED})


class Assembly:
    """Read one trace.

    Args:
        trace: the calls of one forward pass.
        samples: how many samples the batch holds.
        mask: (batch, positions), True = valid, or None.
        fraction: the share of the batch (its first samples) from which T and data-dependent factors are taken.
    """

    def __init__(self, trace: Trace, samples: int, mask: Tensor | None = None, fraction: float = 1.0) -> None:
        self.trace = trace
        self.samples = samples
        self.masks = None if mask is None else Masks(mask)
        self.head = None if fraction >= 1 else slice(0, max(1, ceil(samples * fraction)))
        self.owners: dict[int, list[Step]] = {}
        self.steps: list[Step] = []
        self.bends: dict[int, Call] = {}

    def run(self) -> list[Step]:
        """Return the steps in the order in which they were executed."""
        for call in self.trace.calls:
            if call.kind is Kind.NEURON:
                self._neuron(call)
        for call in self.trace.calls:
            reader = _READERS.get(call.kind)
            if reader is not None and id(call) not in self.owners:
                reader(self, call)
        order = {id(call): place for place, call in enumerate(self.trace.calls)}
        self.steps.sort(key=lambda step: order[id(step.calls[0])])
        self._mark_hidden()
        return self.steps

    # -- sums ---------------------------------------------------------------------------------------------------------------

    def _part(self, tensor: Tensor) -> Tensor:
        """Return the share of a state that is measured: only of states whose first axis is the batch."""
        if self.head is not None and tensor.dim() > 0 and tensor.shape[0] == self.samples:
            return tensor[self.head]
        return tensor

    def _data_rows(self, tensor: Tensor) -> Tensor:
        """Return the share of a data-dependent map that is measured."""
        return tensor if self.masks is not None else self._part(tensor)

    def _count(self, whole: Tensor) -> int:
        """Return how many samples that share holds."""
        if self.head is not None and whole.dim() > 0 and whole.shape[0] == self.samples:
            return int(self.head.stop)
        return self.samples

    def _sum(self, rows: Tensor, like: Value | Tensor, weights: Tensor | None = None) -> Tensor:
        """Return the mean over samples of the sum of rows over every element of a state; rows broadcast to its shape."""
        tensor = raw(like)
        if isinstance(like, Value) and self.masks is not None:
            weights = self.masks.of(like)
        if weights is not None:
            return (rows * weights).sum() / self.samples
        return rows.sum() * (tensor.numel() / max(rows.numel(), 1) / self.samples)

    def _add(
        self,
        call: Call,
        result: Value,
        carried: Tensor | None,
        potential: Tensor,
        *,
        sources: list[Value],
        calls: Iterable[Call] = (),
        state: Tensor | None = None,
        name: str | None = None,
        operator: str | None = None,
        scalable: bool = False,
        absorbs: bool = False,
    ) -> Step:
        """Measure T and E of a step; `carried` None stands for T = 0."""
        whole = result.tensor if state is None else state
        state, count = self._part(whole), self._count(whole)
        weights = None if self.masks is None else self._part(self.masks.of(result))
        if weights is not None and weights.shape != state.shape:
            weights = None
        if carried is not None and carried.shape != state.shape:
            carried = self._part(carried)
        kinetic = state.new_zeros(()) if carried is None else _square(state - carried, weights) / (2 * count)
        members = [call, *calls]
        step = Step(
            name=name or self._name(members),
            operator=operator or " + ".join(dict.fromkeys(_label(one) for one in members if one is call or not is_free(one))),
            kinetic=kinetic,
            potential=potential,
            state=state if weights is None else state * weights,
            carried=carried if weights is None or carried is None else carried * weights,
            sources=sources,
            result=result,
            calls=members,
            scalable=scalable,
            absorbs=absorbs,
            samples=count,
        )
        for member in members:
            self.owners.setdefault(id(member), []).append(step)
        self.steps.append(step)
        return step

    def _name(self, calls: list[Call]) -> str:
        for call in calls:
            for argument in [*call.args, *call.kwargs.values()]:
                name = None if isinstance(argument, Tensor) and id(argument) in call.known else self.trace.weight(argument)
                if name is not None:
                    return name.removesuffix("weight").rstrip("._") or _label(call)
        return _label(calls[0])

    # -- linear operators ---------------------------------------------------------------------------------------------------

    def _linear(self, call: Call) -> None:
        self._mapped(call, rows_of(call), shown_input(call), axis=-1 if call.kind is Kind.LINEAR else 1)

    def _mapped(self, call: Call, rows: Tensor, source: Value, axis: int) -> None:
        """Read a linear operator with known rows: whole, or as the parts of a packed projection."""
        out = call.outputs[0]
        parts = parts_of(out, axis) if out.tensor.dim() else []
        bend = bend_of(parts)
        if bend is not None:  # a gated linear unit: its linear map whole, then the product
            self.bends[id(bend[1])] = bend[0]
        elif parts:
            carried = torch.cat(
                [transport(source.tensor, _resized(out.tensor, axis, len(part.channels)), axis) for part in parts], axis
            )
            order = [channel for part in parts for channel in part.channels]
            if order != sorted(order):
                carried = carried.index_select(axis, torch.tensor(order, device=carried.device).argsort())
            for number, part in enumerate(parts):
                start = Chain(part.value)
                chain = follow(self.trace, part.value, len(part.channels)) if part.sole else start
                moved = follow_moves(rows.expand(out.tensor.shape), part.moves)
                chain.calls = [move for move, _ in part.moves] + chain.calls
                self._chained(call, chain, moved, follow_moves(carried, part.moves), source, part=f" part {number + 1}")
            return
        chain = follow(self.trace, out, out.tensor.shape[axis] if out.tensor.dim() else 1)
        moved = chain.reach > 0
        state = source.tensor if moved or chain.state.tensor.shape[:1] != source.tensor.shape[:1] else self._part(source.tensor)
        shape = out.tensor.shape if len(state) == len(source.tensor) else (len(state), *out.tensor.shape[1:])
        carried = transport(state, tuple(shape), axis)
        self._chained(call, chain, rows, carried, source)

    def _chained(self, call: Call, chain: Chain, rows: Tensor, carried: Tensor, source: Value, part: str = "") -> None:
        """Fold a chain's factors into the rows, take P u along its moves, and add the step."""
        moves = chain.moves[: chain.reach]
        if moves:
            rows = rows.expand(call.outputs[0].tensor.shape) if not part else rows
            carried = follow_moves(carried, moves)
        done = 0
        for factor, place in chain.factors:
            rows, done = follow_moves(rows, moves[done:place]), place
            rows = rows * self._factor(factor).square()
        rows = follow_moves(rows, moves[done:])
        members = chain.calls
        self._add(
            call,
            chain.state,
            carried,
            self._sum(rows, chain.state) / 2,
            sources=[source],
            calls=members,
            name=self._name([call]) + part if part else None,
            scalable=_scales(chain),
            absorbs=True,
        )

    def _factor(self, call: Call) -> Tensor:
        """Return by what a normalisation or a learned scale multiplies rows; from part of the batch where told so."""
        if call.kind is not Kind.NORM:
            factor = learned_scale(self.trace, call)
            assert factor is not None
            return factor
        state = call.inputs[0].tensor
        sliced = self.head is not None and state.shape[0] == self.samples
        return norm_factor(call, self.head if sliced else None)

    def _norm(self, call: Call) -> None:
        """A normalisation that follows no linear operator: its diagonal map, centring ignored."""
        out = call.outputs[0]
        axis = -1 if call.name in ("layer_norm", "rms_norm") else 1
        chain = follow(self.trace, out, out.tensor.shape[axis])
        chain.factors.insert(0, (call, 0))
        source = call.inputs[0]
        rows = out.tensor.new_ones([1] * out.tensor.dim())
        self._chained(call, chain, rows, source.tensor if chain.reach else self._part(source.tensor), source)

    # -- products -----------------------------------------------------------------------------------------------------------

    def _product(self, call: Call) -> None:
        """A product of two states, or a learned scale that follows no linear operator."""
        scale = learned_scale(self.trace, call)
        out = call.outputs[0]
        if scale is not None:
            self._with_tail(call, scale.square(), call.inputs[0], [])
            return
        if len(call.inputs) < 2:
            return
        first, second = call.inputs[:2]
        if call.kind is Kind.DIVIDE:
            gate, other = (first, second) if call.name in ("__rtruediv__", "__rdiv__") else (second, first)
            rows = self._data_rows(gate.tensor).square().reciprocal()
        else:
            gate, other = _gate(first, second)
            rows = self._data_rows(gate.tensor).square()
        if not out.tensor.is_floating_point():
            return
        self._with_tail(call, rows, other, [gate])

    def _with_tail(self, call: Call, rows: Tensor, source: Value, gates: list[Value]) -> None:
        """Add a diagonal step, with the non-linearity that alone consumes it."""
        out = call.outputs[0]
        tail = _nonlinearity(out)
        result = out if tail is None else tail.outputs[0]
        members = [one for one in (self.bends.get(id(call)), tail) if one is not None]
        carried = self._part(source.tensor.expand(out.tensor.shape))
        potential = self._sum(rows, out) / 2
        self._add(call, result, carried, potential, sources=[source, *gates], calls=members)

    def _matmul(self, call: Call) -> None:
        out = call.outputs[0]
        if states_in(call) < 2:
            rows = rows_of(call)
            left = call.kind is Kind.MATMUL and isinstance(operands(call)[1], Value)
            if left and out.tensor.dim() > 1:
                self._from_left(call, rows)
            else:
                self._mapped(call, rows, call.inputs[0], axis=-1)
            return
        if is_score(call):
            return
        first, second = call.inputs[0], call.inputs[1]
        matrix, values = _gate(first, second)
        weights = undropped(matrix).tensor
        if call.kind is Kind.EINSUM:
            exchanged = [
                weights.square() if arg is matrix.tensor else torch.ones_like(arg) if arg is values.tensor else arg
                for arg in call.args
            ]
            rows = call.function(*exchanged, **call.kwargs)
        else:
            rows = product_rows(weights, on_left=matrix is first)
        self._mix(call, rows, values, [matrix])

    def _from_left(self, call: Call, rows: Tensor) -> None:
        """A weight matrix times a state: its channels are the rows of the state."""
        source, out = call.inputs[0], call.outputs[0]
        carried = transport(source.tensor.transpose(-2, -1), tuple(out.tensor.transpose(-2, -1).shape), -1)
        chain = Chain(out)
        tail = _nonlinearity(out)
        if tail is not None:
            chain = Chain(tail.outputs[0], calls=[tail], nonlinear=tail)
        self._chained(call, chain, rows, self._part(carried.transpose(-2, -1)), source)

    def _mix(self, call: Call, rows: Tensor, values: Value, others: list[Value]) -> None:
        """Mixing the values of an attention: once for each channel of a head; P pools over tokens."""
        out = call.outputs[0]
        state, shape = values.tensor, out.tensor.shape
        if state.shape != shape:
            lead = shape[:-2]
            state = state.expand(*lead, *state.shape[-2:]) if state.dim() >= 2 and state.shape[:-2] != lead else state
            flat = state.reshape(-1, *state.shape[-2:])
            state = transport(flat, (flat.shape[0], *shape[-2:]), -1).reshape(shape)
        potential = self._sum(rows, out) / 2
        self._add(call, out, self._part(state), potential, sources=[values, *others], operator="attention")

    def _attention(self, call: Call) -> None:
        rows = attention_weights(call).square().sum(-1, keepdim=True)
        values = call.argument(2, "value")
        if not isinstance(values, Value):
            raise UnknownOperation(call.name, "its values are no state")
        others = [value for value in call.inputs if value is not values]
        if values.tensor.dim() > 2 and values.tensor.shape[-3] != call.outputs[0].tensor.shape[-3]:
            groups = call.outputs[0].tensor.shape[-3] // values.tensor.shape[-3]
            shared = Value(values.tensor.repeat_interleave(groups, -3), values.producer, values.index)
            self._mix(call, rows, shared, others)
            return
        self._mix(call, rows, values, others)

    # -- lookups, recurrence, parameter-free changes ------------------------------------------------------------------------

    def _embedding(self, call: Call) -> None:
        out, source = call.outputs[0], call.inputs[0]
        if call.kind is Kind.EMBEDDING or call.argument(6, "mode", "mean") == "max":
            rows = out.tensor.square()
        else:
            rows = bag_rows(call)
            self._add(call, out, None, rows.sum() / (2 * self.samples), sources=[source])
            return
        self._add(call, out, None, self._sum(rows, out) / 2, sources=[source])

    def _recurrent(self, call: Call) -> None:
        """One step for each direction of each layer: u = x_t, q = h_t, the matrices once for each time step."""
        result = call.outputs[0]
        for number, layer in enumerate(call.extra):
            total = torch.stack([matrix.square().sum() for matrix in layer.maps]).sum()
            weights = None
            if self.masks is not None:
                reduced = self.masks.of(call.inputs[0]).amax(-1, keepdim=True)
                weights = reduced if reduced.shape[:-1] == layer.states.shape[:-1] else None
            count = layer.states[..., :1].numel() if weights is None else weights.sum()
            value = Value(layer.states, result.producer, result.index)
            step = self._add(
                call,
                value if weights is None else result,
                self._part(transport(layer.inputs, tuple(layer.states.shape), -1)),
                total * count / (2 * self.samples),
                sources=[call.inputs[0]],
                state=layer.states,
                name=f"{self._recurrent_name(call)} {number + 1}" if len(call.extra) > 1 else self._recurrent_name(call),
            )
            if weights is not None:
                self._reweigh(step, layer.inputs, layer.states, weights)
            step.result = result
            step.hidden = number < len(call.extra) - (2 if _bidirectional(call) else 1)

    def _reweigh(self, step: Step, inputs: Tensor, states: Tensor, weights: Tensor) -> None:
        """Take the padding out of a recurrent step."""
        whole = self._part(weights.expand(states.shape))
        carried = self._part(transport(inputs, tuple(states.shape), -1))
        state = self._part(states)
        step.kinetic = _square(state - carried, whole) / (2 * step.samples)
        step.state, step.carried = state * whole, carried * whole

    def _recurrent_name(self, call: Call) -> str:
        flat = [item for arg in call.args if isinstance(arg, list | tuple) for item in arg]
        for tensor in flat:
            name = self.trace.weight(tensor)
            if name is not None and "weight" in name:
                return name.split("weight")[0].rstrip("._") or call.name
        return call.name

    def _cell(self, call: Call) -> None:
        source, out = call.inputs[0], call.outputs[0]
        matrices = (call.argument(2, "w_ih"), call.argument(3, "w_hh"))
        rows = torch.stack([raw(matrix).square().sum() for matrix in matrices]).sum()
        carried = transport(source.tensor, tuple(out.tensor.shape), -1)
        count = out.tensor[..., :1].numel()
        self._add(call, out, self._part(carried), rows * count / (2 * self.samples), sources=call.inputs)

    def _bare(self, call: Call) -> None:
        """Pooling, or a non-linearity that follows no linear operator alone: V = 0."""
        out, source = call.outputs[0], shown_input(call)
        if not out.tensor.is_floating_point() or (call.kind is Kind.SOFTMAX and is_attention(call)):
            return
        if call in self.bends.values() or (states_in(call) > 1 and source.tensor.shape != out.tensor.shape):
            return
        if out.tensor.dim() == 0:
            return
        carried = None  # where P is the pooling itself, T = 0
        if "adaptive_avg_pool" not in call.name:
            carried = transport(self._part(source.tensor), tuple(self._part(out.tensor).shape), 1)
        self._add(call, out, carried, out.tensor.new_zeros(()), sources=[source])

    # -- neurons ------------------------------------------------------------------------------------------------------------

    def _neuron(self, call: Call) -> None:
        """A module with its own potential, and the linear operators that alone feed it."""
        current = call.inputs[0]
        edges: list[tuple[Tensor, Tensor, list[Call], Value]] = []
        calls: list[Call] = []
        self._edges(current, [], [], edges, calls, current)
        rows = None
        for square, *_ in edges:
            rows = square if rows is None else rows + square
        if rows is not None and self.masks is not None:
            rows = rows * self.masks.of(current)
        carried = torch.stack([one for _, one, _, _ in edges]).mean(0) if edges else current.tensor
        result = call.outputs[0]
        carried = transport(carried, tuple(result.tensor.shape), 1)
        potential = call.extra.potential(rows, current.tensor) / self.samples
        sources = [source for *_, source in edges] or [current]
        members = [member for _, _, own, _ in edges for member in own] + calls
        self._add(call, result, self._part(carried), potential, sources=sources, calls=members)

    def _edges(
        self,
        value: Value,
        moves: list[tuple[Call, int]],
        factors: list[tuple[Call, int]],
        edges: list[tuple[Tensor, Tensor, list[Call], Value]],
        calls: list[Call],
        current: Value,
    ) -> None:
        """Go back from a neuron's current over sums, moves and normalisations to linear operators, or to other states."""
        call = value.producer
        alone = call is not None and len(value.consumers) == 1 and not value.is_output and id(call) not in self.owners
        if call is not None and alone and call.kind in _LINEAR:
            axis = -1 if call.kind is Kind.LINEAR else 1
            source = shown_input(call)
            out = call.outputs[0].tensor
            rows, carried = rows_of(call), transport(source.tensor, tuple(out.shape), axis)
            rows = self._edge_rows(rows, out, list(reversed(moves)), list(reversed(factors)), len(moves))
            edges.append((rows, follow_moves(carried, list(reversed(moves))), [call], source))
            return
        if call is not None and alone and call.kind is Kind.NORM:
            calls.append(call)
            self._edges(call.inputs[0], moves, [*factors, (call, len(moves))], edges, calls, current)
            return
        if call is not None and alone and call.kind is Kind.SHAPE:
            calls.append(call)
            self._edges(call.inputs[0], [*moves, (call, value.index)], factors, edges, calls, current)
            return
        if call is not None and alone and is_free(call) and all(one.tensor.shape == value.tensor.shape for one in call.inputs):
            if states_in(call) > 1 or call.kind is Kind.PASS or _rescaled(call) or is_bias(self.trace, call, value.tensor.numel()):
                calls.append(call)
                for one in call.inputs:
                    self._edges(one, moves, factors, edges, calls, current)
                return
        carried = follow_moves(value.tensor, list(reversed(moves)))
        edges.append((carried.new_zeros([1] * carried.dim()), carried, [], value))

    def _edge_rows(
        self, rows: Tensor, out: Tensor, moves: list[tuple[Call, int]], factors: list[tuple[Call, int]], total: int
    ) -> Tensor:
        """Fold normalisations into one edge's rows, and take them along its moves to the current's shape."""
        if moves:
            rows = rows.expand(out.shape)
        done = 0
        for factor, behind in factors:
            place = total - behind
            rows, done = follow_moves(rows, moves[done:place]), place
            rows = rows * self._factor(factor).square()
        return follow_moves(rows, moves[done:])

    # -- what takes whose state ---------------------------------------------------------------------------------------------

    def _mark_hidden(self) -> None:
        """Mark the steps whose state a later step takes."""
        seen: set[int] = set()
        for step in self.steps:
            stack = list(step.sources)
            while stack:
                value = stack.pop()
                call = value.producer
                if call is None or id(value) in seen:
                    continue
                seen.add(id(value))
                for owner in self.owners.get(id(call), []):
                    if owner is not step and (owner.result is value or len(self.owners[id(call)]) == 1):
                        owner.hidden = True
                if id(call) not in self.owners or (any(owner.result is not value for owner in self.owners[id(call)]) and call.kind is Kind.SHAPE):
                    stack.extend(call.inputs)


_READERS: dict[Kind, Callable[[Assembly, Call], None]] = {
    Kind.LINEAR: Assembly._linear,
    Kind.CONVOLUTION: Assembly._linear,
    Kind.TRANSPOSED: Assembly._linear,
    Kind.MATMUL: Assembly._matmul,
    Kind.EINSUM: Assembly._matmul,
    Kind.NORM: Assembly._norm,
    Kind.POINTWISE: Assembly._bare,
    Kind.SOFTMAX: Assembly._bare,
    Kind.POOL: Assembly._bare,
    Kind.MULTIPLY: Assembly._product,
    Kind.DIVIDE: Assembly._product,
    Kind.ATTENTION: Assembly._attention,
    Kind.EMBEDDING: Assembly._embedding,
    Kind.BAG: Assembly._embedding,
    Kind.RECURRENT: Assembly._recurrent,
    Kind.CELL: Assembly._cell,
}


def _square(tensor: Tensor, weights: Tensor | None) -> Tensor:
    squares = tensor.square()
    return squares.sum() if weights is None else (squares * weights).sum()


def _label(call: Call) -> str:
    return call.name.rstrip("_").removesuffix("_with_indices") if not call.name.startswith("__") else call.name.strip("_")


def _resized(tensor: Tensor, axis: int, size: int) -> tuple[int, ...]:
    shape = list(tensor.shape)
    shape[axis] = size
    return tuple(shape)


def _scales(chain: Chain) -> bool:
    """Say whether scaling a step's weights and bias scales its state: a normalisation must have weights to scale."""
    if chain.nonlinear is not None and chain.nonlinear.name not in HOMOGENEOUS:
        return False
    return chain.norm is None or any(isinstance(arg, torch.nn.Parameter) for arg in [*chain.norm.args, *chain.norm.kwargs.values()])


def _gate(first: Value, second: Value) -> tuple[Value, Value]:
    """Return (gate, other): the factor that comes from a sigmoid or softmax, else the smaller, else the second."""
    gates = comes_from_gate(first), comes_from_gate(second)
    if gates[0] != gates[1]:
        return (first, second) if gates[0] else (second, first)
    return (first, second) if first.tensor.numel() < second.tensor.numel() else (second, first)


def _nonlinearity(value: Value) -> Call | None:
    if len(value.consumers) != 1 or value.is_output:
        return None
    call = value.consumers[0]
    return call if call.kind is Kind.POINTWISE and states_in(call) == 1 else None


def _rescaled(call: Call) -> bool:
    return call.kind in (Kind.MULTIPLY, Kind.DIVIDE) or call.name in ("mean", "__neg__", "neg", "negative")


def _bidirectional(call: Call) -> bool:
    flags = [arg for arg in call.args if isinstance(arg, bool)]
    packed = isinstance(call.args[1], Tensor) and call.args[1].dtype is torch.int64 and call.args[1].dim() == 1
    return flags[2] if packed else flags[-2]
