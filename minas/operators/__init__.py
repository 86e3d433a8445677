"""What a node applies: one file a family of operators.

A family's module exposes two things:

- `SIGNATURES`, a literal that the graph reads without running the module (so without torch): name to
    - `kind`: the kind of state it takes and gives, such as `"image"`;
    - `entry`: whether it may be a stage's entry, which may change the width and applies the stride;
    - `attributes`: name to the list of allowed values;
    - `linear`: its linear operators in order, from which MACs, parameters and activations are predicted: `kernel` (side),
      `inputs` and `outputs` (`"in"`, `"out"`, or `"squeezed"`: a quarter of out, at least 1), and where they apply
      `depthwise` (one filter a channel), `positions: "one"` (not one for each output position), `norm` (batch
      normalisation follows), `bias`. The first one applies the stride.
- `build(name, *, inputs, outputs, stride, attributes)`, which returns the `nn.Module`.

An operator is a layer of torch's own, or a class of the family's module that an export can carry as source: it uses
nothing but `torch`, `nn` and `Tensor`, and keeps each argument of its constructor as a plain attribute of the same name.
What a new network draws for its weights suits most; an operator that needs something else has a method `initialise()`.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from minas.errors import ArchitectureError, nearest
from minas.shelf import literal, module_names

if TYPE_CHECKING:
    from torch import nn

Value = str | int | float | bool


@cache
def _families() -> Mapping[str, str]:
    """Return the module of every operator, by the operator's name, in sorted order of names."""
    modules: dict[str, str] = {}
    for module in module_names("minas.operators"):
        for name in literal("minas.operators", module, "SIGNATURES"):
            if name in modules:
                raise TypeError(f"operator '{name}' stands in both {modules[name]}.py and {module}.py")
            modules[name] = module
    return dict(sorted(modules.items()))


def names(kind: str | None = None) -> list[str]:
    """Return the names of all operators, or of those of one kind of state, sorted, without importing torch."""
    return [name for name in _families() if kind is None or signature(name)["kind"] == kind]


def signature(name: str) -> Mapping[str, Any]:
    """Return an operator's signature, as its module's literal gives it, without importing torch.

    Raises:
        ArchitectureError: there is no such operator; the nearest name is suggested.
    """
    family = _families().get(name)
    if family is None:
        raise ArchitectureError(f"no operator named '{name}'{nearest(name, _families())}")
    found: Mapping[str, Any] = literal("minas.operators", family, "SIGNATURES")[name]
    return found


def build(
    name: str, *, inputs: int, outputs: int, stride: int = 1, attributes: Mapping[str, Value] | None = None
) -> nn.Module:
    """Return an operator as a module, with torch's default initialisation.

    Args:
        name: the operator's name, such as `"conv3x3"`.
        inputs: channels of the state that it takes.
        outputs: channels of the state that it gives.
        stride: an image's side s becomes ceil(s / stride).
        attributes: the values that the signature leaves open; a name left out takes the first allowed value.

    Raises:
        ArchitectureError: an unknown operator, attribute or value, or a change of shape by an operator that keeps shapes.
    """
    found = signature(name)
    if not found["entry"] and (inputs != outputs or stride != 1):
        raise ArchitectureError(
            f"operator '{name}' keeps its state's shape, and can't turn {inputs} channels into {outputs} at stride {stride}"
        )
    module = importlib.import_module(f"minas.operators.{_families()[name]}")
    chosen = _chosen(name, found["attributes"], attributes or {})
    operator: nn.Module = module.build(name, inputs=inputs, outputs=outputs, stride=stride, attributes=chosen)
    return operator


def _chosen(name: str, allowed: Mapping[str, list[Value]], given: Mapping[str, Value]) -> dict[str, Value]:
    """Return a value for each attribute of a signature, after checking the given ones."""
    for attribute, value in given.items():
        if attribute not in allowed:
            raise ArchitectureError(f"operator '{name}' has no attribute '{attribute}'{nearest(attribute, allowed)}")
        if not any(type(value) is type(choice) and value == choice for choice in allowed[attribute]):
            choices = ", ".join(map(repr, allowed[attribute]))
            raise ArchitectureError(f"operator '{name}': {attribute} is {value!r}, expected one of {choices}")
    return {attribute: given.get(attribute, choices[0]) for attribute, choices in allowed.items()}
