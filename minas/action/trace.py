"""What a forward pass did: its states, and the calls that made them from one another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch import Tensor, nn

from minas.action.operations import Kind, name_of
from minas.errors import UsageError


class Value:
    """One state, or an input of the model, at one moment (an in-place operation makes a new one)."""

    __slots__ = ("consumers", "index", "is_output", "producer", "tensor")

    def __init__(self, tensor: Tensor, producer: Call | None = None, index: int = 0) -> None:
        if tensor.dtype.is_complex:
            raise UsageError(
                f"a state of the model, of shape {tuple(tensor.shape)}, is complex: the action is known for real states only. "
                "Write the model with real and imaginary parts (torch.view_as_real), or meter the parts of it that are real"
            )
        self.tensor = tensor
        self.producer = producer
        self.index = index
        self.consumers: list[Call] = []
        self.is_output = False


class Call:
    """One function call that takes states and gives states.

    Attributes:
        function: what was called, and `kind` what that means to the action.
        args, kwargs: as called; states among them still as tensors.
        inputs: the states among the arguments, in their order; `known` finds them by the tensor as it was passed.
        outputs: the states that came out.
        single: whether the call gave one tensor, not a tuple of them.
        extra: what recording this kind of call kept besides (the layers of a recurrent call, the neuron's module).
        part: the model's child inside of which the call was made, or before which; "" behind the last, or where not followed.
    """

    __slots__ = ("args", "extra", "function", "inputs", "kind", "known", "kwargs", "outputs", "part", "single")

    def __init__(self, kind: Kind, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], inputs: list[Value]) -> None:
        self.kind = kind
        self.function = function
        self.args = args
        self.kwargs = kwargs
        self.inputs = inputs
        self.known = {id(value.tensor): value for value in inputs}
        self.outputs: list[Value] = []
        self.single = True
        self.extra: Any = None
        self.part = ""

    @property
    def name(self) -> str:
        """The function's plain name."""
        return name_of(self.function)

    def argument(self, position: int, name: str, default: Any = None) -> Any:
        """Return one argument, wherever it was passed; a state comes as its `Value`."""
        given = self.args[position] if position < len(self.args) else self.kwargs.get(name, default)
        return self.known.get(id(given), given) if isinstance(given, Tensor) else given

    def replay(self, tensor: Tensor) -> list[Tensor]:
        """Apply the call to another tensor in the place of its first argument."""
        tensor = tensor.contiguous() if self.name.startswith("view") else tensor  # the state's memory was laid out for it
        if self.args:
            result = self.function(tensor, *self.args[1:], **self.kwargs)
        else:
            result = self.function(**{key: tensor if id(given) in self.known else given for key, given in self.kwargs.items()})
        return [result] if isinstance(result, Tensor) else list(result)


class Trace:
    """All calls of one forward pass, in order, with the values that went in and came out of the model.

    Attributes:
        values: the states, by the identity of the tensors that the model holds.
        kept: tensors that were overwritten, whose identity must not pass to others.
        memory: tensors that share their memory with others, by its address (see `overwriting`).
        stale: those that were overwritten by way of another, each with its old value and the values that were written.
        sequences: the queries of attentions read from inside: (time, batch, features).
        part: the model's child that runs, by its name; "" between them.
        between: the calls that were made since the last child ended.
    """

    def __init__(self, weights: dict[int, tuple[Tensor, str]]) -> None:
        self.calls: list[Call] = []
        self.inputs: list[Value] = []
        self.values: dict[int, Value] = {}
        self.kept: list[Tensor] = []
        self.memory: dict[int, list[Tensor]] = {}
        self.stale: dict[int, tuple[Value, list[Value]]] = {}
        self.sequences: list[Value] = []
        self.part = ""
        self.between: list[Call] = []
        self.weights = dict(weights)

    def enter(self, tensor: Tensor) -> Value:
        """Take a tensor as an input of the trajectory."""
        value = Value(tensor)
        self.values[id(tensor)] = value
        self.inputs.append(value)
        return value

    def add(self, call: Call) -> None:
        """Take a call that was made."""
        call.part = self.part
        self.calls.append(call)
        if not self.part:
            self.between.append(call)

    def begin(self, part: str) -> None:
        """Note that a child of the model begins: what was done between the children prepared its states."""
        for call in self.between:
            call.part = part
        self.part, self.between = part, []

    def end(self) -> None:
        """Note that the child has ended."""
        self.part = ""

    def find(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Value]:
        """Return the states among a call's arguments."""
        values = self.values
        return [values[id(tensor)] for tensor in tensors_in((args, kwargs)) if id(tensor) in values]

    def weight(self, tensor: Any) -> str | None:
        """Return the name of the parameter that a tensor is or derives from, or None."""
        if not isinstance(tensor, Tensor):
            return None
        known = self.weights.get(id(tensor))
        if known is not None:
            return known[1]
        return "parameter" if isinstance(tensor, nn.Parameter) else None

    def derive(self, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        """Note that a result derives from parameters alone (a transposed or normalised weight)."""
        for tensor in tensors_in((args, kwargs)):
            name = self.weight(tensor)
            if name is not None:
                for out in tensors_in(result):
                    self.weights[id(out)] = (out, name)
                return

    def release(self) -> None:
        """Let all states go: values and calls hold one another, and would keep them until the next garbage collection."""
        for call in self.calls:
            for value in (*call.inputs, *call.outputs):
                value.producer = None
                value.consumers = []
            call.known = {}
        self.values.clear()
        self.memory.clear()
        self.stale.clear()
        self.sequences.clear()
        self.between.clear()

    def close(self, result: Any) -> None:
        """Mark what the model gave back."""
        for tensor in tensors_in(result):
            if id(tensor) in self.values:
                self.values[id(tensor)].is_output = True


def tensors_in(data: Any) -> Iterator[Tensor]:
    """Go through the tensors in nested tuples, lists and dictionaries, and in packed sequences."""
    if isinstance(data, Tensor):
        yield data
    elif isinstance(data, tuple | list):
        for item in data:
            yield from tensors_in(item)
    elif isinstance(data, dict):
        for item in data.values():
            yield from tensors_in(item)


def fresh_weights(model: nn.Module) -> dict[int, tuple[Tensor, str]]:
    """Return the model's parameters by identity, each with its name; and the buffers that only serve to compute weights."""
    parameters = dict(model.named_parameters())
    found: dict[int, tuple[Tensor, str]] = {id(tensor): (tensor, name) for name, tensor in parameters.items()}
    for name, tensor in model.named_buffers():
        if "parametrizations." in name or (name.endswith(("_u", "_v")) and f"{name[:-2]}_orig" in parameters):
            found[id(tensor)] = (tensor, name)  # spectral normalisation's vectors: no states, though matrices act on them
    return found
