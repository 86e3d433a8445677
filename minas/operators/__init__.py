"""What a node applies, and what stands before the first and behind the last one: one file a family of operators.

A family's module exposes two things:

- `SIGNATURES`, a literal that the graph reads without running the module (so without torch): name to
    - `kind`: the kind of state it takes and gives, such as `"image"`; a list where it serves several, `"any"` for all;
    - `place`: `"entry"` where it may be a stage's entry, which may change the width and applies the stride, and any other
      node; `"inner"` where it keeps its state's shape, and may be any other node only; `"head"` for what turns the last
      stage's state into logits, one for each kind: a kind of state exists because there is its head; `"stem"` for what turns
      a sample (token ids, events) into the first state, at most one for each kind;
    - `attributes`: name to the list of allowed values; of a head or stem also `{"least": 1, "most": 32}`, whole numbers;
    - `linear`: what MACs, parameters and activations are predicted from, see below;
    - `merge`, if it isn't `"mean"`: how the states of several incoming edges become its input, by their elementwise
      `"maximum"`, or as `"currents"`: `build` is given the number of `edges`, and the operator takes that many states, applies
      a linear operator of its own to each, and sums. A stage's entry takes one state. Of a head: how the states that feed
      a stage's output become one, for its kind, `"mean"` or `"maximum"`;
    - `masked`: True where it must know of padding. It then takes a mask behind its states, (batch, 1, positions), of the
      states' type, 1 for a valid position and 0 for padding: the mask of its input, also where it applies a stride. Whatever
      gives a state leaves padding at exactly 0, and an entry gives the positions 0, stride, 2 stride, ...;
    - of heads and stems `axes`: what the shape of a state (head) or of a sample (stem) means, the batch left out: each
      axis's name, in order, with its role. `"features"` are what widths count, `"position"` is what strides divide, and at
      each place of a `"repeated"` axis (time steps) operators apply anew. Without a stem a sample is itself the first state.
      A stem keeps the sizes of positions and of repeated axes, unless `single`, attributes with their values, says when
      it makes one position of all;
    - of stems `outputs`: the width of the state that it gives, and, where samples are whole numbers from 0 and no real
      ones, `ids`: the number below which they lie. Each is a number, or the name of an attribute. Where one of these numbers
      fills samples behind their last position, `padding` is that number: the kind's samples are then (positions,), its
      states (features, positions), and what a network gives doesn't depend on how much padding there is.
- `build(name, *, inputs, outputs, stride, attributes)`, which returns the `nn.Module`, and takes `edges` besides where an
  operator of the family merges currents. A head's outputs are the classes; a stem's inputs are the sample's features, 1
  where it has no such axis.

`linear` has a row for each linear operator, in order; the first one applies the stride. A row says either

- `kernel` (side), `inputs` and `outputs`, and where they apply `depthwise` (one filter a feature), `positions: "one"` (not
  one for each output position), `norm` (batch normalisation follows), `bias`, `edges` (one for each incoming edge, the
  normalisation and the bias behind their sum); or
- one or more of `macs`, `params` and `activations`, each a list of factors: for attention, recurrence and embeddings.

A row with `when`, attributes with their values, counts only where they were chosen so.

Its numbers may be given by name: `"in"`, `"out"`, `"squeezed"` (a quarter of out, at least 1), `"positions"` and
`"repeats"` (the numbers of output positions and of time steps), or an attribute's name.

An operator is a layer of torch's own, a sequence of such, or a class of the family's module that an export can carry as
source: it uses nothing but `torch`, `nn` and `Tensor`, and keeps each argument of its constructor as a plain attribute of
the same name. What a new network draws for its weights suits most; an operator that needs something else has a method
`initialise()`.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from minas.errors import ArchitectureError, nearest
from minas.graph.kinds import kind_of
from minas.graph.signatures import NODES, PACKAGE, in_words, is_allowed, merge_of, modules, serves, signature

if TYPE_CHECKING:
    from torch import nn

__all__ = ["build", "names", "signature"]

Value = str | int | float | bool


def names(kind: str | None = None) -> list[str]:
    """Return the names of the operators that nodes apply, all or for one kind of state, sorted, without importing torch.

    Raises:
        ArchitectureError: there is no such kind of state.
    """
    wanted = None if kind is None else kind_of(kind).name
    nodes = [name for name in modules() if signature(name)["place"] in NODES]
    return [name for name in nodes if wanted is None or serves(name, wanted)]


def build(
    name: str,
    *,
    inputs: int,
    outputs: int,
    stride: int = 1,
    attributes: Mapping[str, Value] | None = None,
    edges: int = 1,
) -> nn.Module:
    """Return an operator as a module, with torch's default initialisation.

    Args:
        name: the operator's name, such as `"conv3x3"`.
        inputs: features of the state that it takes.
        outputs: features of the state that it gives; of a head, the classes.
        stride: s positions along an axis become ceil(s / stride).
        attributes: the values that the signature leaves open; a name left out takes the first allowed value.
        edges: states that an operator takes at once, where it merges currents.

    Raises:
        ArchitectureError: an unknown operator, attribute or value, or a change of shape by an operator that keeps shapes.
    """
    found = signature(name)
    if found["place"] == "inner" and (inputs != outputs or stride != 1):
        raise ArchitectureError(
            f"operator '{name}' keeps its state's shape, and can't turn {inputs} channels into {outputs} at stride {stride}"
        )
    module = importlib.import_module(f"{PACKAGE}.{modules()[name]}")
    chosen = _chosen(name, found["attributes"], attributes or {})
    more = {"edges": edges} if merge_of(name) == "currents" else {}
    operator: nn.Module = module.build(name, inputs=inputs, outputs=outputs, stride=stride, attributes=chosen, **more)
    return operator


def _chosen(name: str, attributes: Mapping[str, Any], given: Mapping[str, Value]) -> dict[str, Value]:
    """Return a value for each attribute of a signature, after checking the given ones."""
    for attribute, value in given.items():
        if attribute not in attributes:
            raise ArchitectureError(f"operator '{name}' has no attribute '{attribute}'{nearest(attribute, attributes)}")
        if not is_allowed(value, attributes[attribute]):
            raise ArchitectureError(f"operator '{name}': {attribute} is {value!r}, expected {in_words(attributes[attribute])}")
    return {attribute: given.get(attribute, _first(allowed)) for attribute, allowed in attributes.items()}


def _first(allowed: Sequence[Value] | Mapping[str, int]) -> Value:
    return allowed["least"] if isinstance(allowed, Mapping) else allowed[0]
