"""What every operator on the shelf must do."""

from __future__ import annotations

import inspect
import math
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from minas import operators
from minas.errors import ArchitectureError
from minas.graph.cost import Cost, linear_costs
from minas.graph.kinds import kind_of, kinds
from minas.graph.signatures import ANY, is_masked, kinds_of, modules

NAMES = operators.names()
ENTRIES = [name for name in NAMES if operators.signature(name)["place"] == "entry"]
KEEPERS = [name for name in NAMES if name not in ENTRIES]
ENDS = [name for name in modules() if name not in NAMES]
HEADS = [name for name in ENDS if operators.signature(name)["place"] == "head"]
REPEATS = 2


def kind(name: str) -> str:
    """The first kind of state that an operator takes."""
    found = kinds_of(name)[0]
    return next(iter(kinds())) if found == ANY else found


def state_shape(name: str, batch: int, features: int, side: int) -> tuple[int, ...]:
    """A state that an operator takes, each axis of positions one longer than the one before."""
    sizes, positions = [batch], 0
    for role in kind_of(kind(name)).state.values():
        sizes.append({"features": features, "repeated": REPEATS, "position": side + positions}[role])
        positions += role == "position"
    return tuple(sizes)


def state(name: str, batch: int, features: int, side: int) -> Tensor:
    return torch.randn(state_shape(name, batch, features, side))


def first_choices(name: str) -> dict[str, Any]:
    attributes = operators.signature(name)["attributes"].items()
    return {key: allowed["least"] if isinstance(allowed, Mapping) else allowed[0] for key, allowed in attributes}


def predicted(name: str, inputs: int, outputs: int, side: int = 1, edges: int = 1) -> Cost:
    """The whole cost, where each axis of positions of the output is as long as for `state` at this side."""
    roles = list(kind_of(kind(name)).state.values())
    sides = [side + index for index in range(roles.count("position"))]
    repeats = REPEATS ** roles.count("repeated")
    found = operators.signature(name), first_choices(name)
    return sum(linear_costs(*found, inputs=inputs, outputs=outputs, sides=sides, repeats=repeats, edges=edges), Cost())


def given(name: str, *states: Tensor) -> tuple[Tensor, ...]:
    """What an operator takes: its states and, where it asks for it, the mask of states without padding."""
    return (*states, torch.ones_like(states[0][:, :1])) if is_masked(name) else states


def macs(operator: nn.Module, *states: Tensor) -> float:
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        operator.eval()(*states)
    return counter.get_total_flops() / 2


def test_names_and_signatures_are_read_without_torch() -> None:
    code = "import sys, minas.operators as o; [o.signature(n) for n in o.names('image')]; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_vision_operators_are_there() -> None:
    assert operators.names("image") == [
        "avgpool3x3",
        "conv1x1",
        "conv3x3",
        "conv5x5",
        "conv7x7",
        "dilated3x3",
        "identity",
        "maxpool3x3",
        "sep3x3",
        "sep5x5",
        "squeeze_excitation",
    ]
    with pytest.raises(ArchitectureError, match=r"no kind of state named 'imagge'; did you mean 'image'\?"):
        operators.names("imagge")


@pytest.mark.parametrize("name", [*NAMES, *ENDS])
def test_signature_has_the_contracts_keys(name: str) -> None:
    found = operators.signature(name)
    nodes = {"merge", "masked"}
    stem = {"axes", "outputs", "ids", "padding", "single"}
    more = {"entry": nodes, "inner": nodes, "head": {"axes", "merge", "masked"}, "stem": stem}[found["place"]]
    assert {"kind", "place", "attributes", "linear"} <= set(found) <= {"kind", "place", "attributes", "linear"} | more
    words = {"in", "out", "squeezed", "positions", "repeats"}
    assert not words & set(found["attributes"])
    assert not is_masked(name) or all(kind_of(served).padding is not None for served in kinds_of(name))
    assert set(found.get("single", {})) <= set(found["attributes"])
    for row in ({key: value for key, value in row.items() if key != "when"} for row in found["linear"]):
        if "kernel" in row:
            assert {"kernel", "inputs", "outputs"} <= set(row)
            assert set(row) <= {"kernel", "inputs", "outputs", "depthwise", "positions", "norm", "bias", "edges"}
            assert "edges" not in row or (row["edges"] is True and found["merge"] == "currents")
        else:
            assert set(row) <= {"macs", "params", "activations"}
            factors = [factor for factors in row.values() for factor in factors]
            assert {factor for factor in factors if isinstance(factor, str)} <= words | set(found["attributes"])


@pytest.mark.parametrize("name", [*NAMES, *ENDS])
def test_states_merge_in_a_known_way(name: str) -> None:
    known = {"mean", "maximum", "currents"} if name in NAMES else {"mean", "maximum"}
    assert operators.signature(name).get("merge", "mean") in known


@pytest.mark.parametrize("name", [name for name in NAMES if operators.signature(name).get("merge") == "currents"])
def test_each_of_several_states_has_a_linear_operator(name: str) -> None:
    operator = operators.build(name, inputs=8, outputs=8, edges=3)
    one, three = predicted(name, 8, 8, 5), predicted(name, 8, 8, 5, edges=3)
    assert one.macs < three.macs
    assert sum(parameter.numel() for parameter in operator.parameters()) == three.params
    states = [state(name, 1, 8, 5) for _ in range(3)]
    assert macs(operator, *states) == three.macs
    weights = torch.randn(states[0].shape)
    (operator.train()(*[one.requires_grad_() for one in states]) * weights).sum().backward()
    assert all(one.grad is not None and one.grad.abs().sum() > 0 for one in states)


@pytest.mark.parametrize("name", NAMES)
def test_a_node_lists_the_values_of_its_attributes(name: str) -> None:
    assert all(isinstance(allowed, list) and allowed for allowed in operators.signature(name)["attributes"].values())


@pytest.mark.parametrize("name", ENDS)
def test_axes_of_heads_and_stems_have_known_roles(name: str) -> None:
    found = operators.signature(name)
    roles = list(found["axes"].values())
    assert set(roles) <= {"features", "position", "repeated"}
    assert roles.count("features") <= 1
    for served in kinds_of(name):
        state = list(kind_of(served).state.values())
        assert state.count("features") == 1
        assert [roles.count(role) for role in ("position", "repeated")] == [
            state.count(role) for role in ("position", "repeated")
        ]


@pytest.mark.parametrize("name", ENTRIES)
@pytest.mark.parametrize("stride", [1, 2, 3, 4])
@pytest.mark.parametrize("side", [1, 7, 12])
def test_entries_change_the_width_and_divide_the_sides_rounding_up(name: str, stride: int, side: int) -> None:
    operator = operators.build(name, inputs=3, outputs=5, stride=stride)
    roles = list(kind_of(kind(name)).state.values())
    before = state_shape(name, 2, 5, side)[1:]
    sizes = [math.ceil(size / stride) if role == "position" else size for size, role in zip(before, roles, strict=True)]
    assert operator(*given(name, state(name, 2, 3, side))).shape == (2, *sizes)


@pytest.mark.parametrize("name", NAMES)
def test_every_operator_can_keep_the_shape(name: str) -> None:
    x = state(name, 2, 4, 5)
    assert operators.build(name, inputs=4, outputs=4)(*given(name, x)).shape == x.shape


@pytest.mark.parametrize("name", KEEPERS)
@pytest.mark.parametrize(("outputs", "stride"), [(5, 1), (4, 2)])
def test_the_others_refuse_to_change_it(name: str, outputs: int, stride: int) -> None:
    with pytest.raises(
        ArchitectureError, match=f"operator '{name}' keeps its state's shape, and can't turn 4 channels into {outputs}"
    ):
        operators.build(name, inputs=4, outputs=outputs, stride=stride)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("inputs", "outputs"), [(8, 8), (3, 8), (2, 2)])
def test_parameters_are_those_that_the_signature_predicts(name: str, inputs: int, outputs: int) -> None:
    inputs = inputs if name in ENTRIES else outputs
    operator = operators.build(name, inputs=inputs, outputs=outputs)
    assert sum(parameter.numel() for parameter in operator.parameters()) == predicted(name, inputs, outputs).params


@pytest.mark.parametrize("name", NAMES)
def test_macs_are_those_that_the_signature_predicts(name: str) -> None:
    states = given(name, state(name, 1, 8, 14))
    assert macs(operators.build(name, inputs=8, outputs=8), *states) == predicted(name, 8, 8, 14).macs


@pytest.mark.parametrize("name", ENTRIES)
def test_macs_of_entries_follow_width_and_stride(name: str) -> None:
    operator = operators.build(name, inputs=3, outputs=8, stride=2)
    x = state(name, 1, 3, 13)  # the sides 13 and 14 become 7 both
    positions = list(kind_of(kind(name)).state.values()).count("position")
    repeats = REPEATS ** list(kind_of(kind(name)).state.values()).count("repeated")
    found = operators.signature(name), first_choices(name)
    costs = linear_costs(
        *found, inputs=3, outputs=8, sides=[math.ceil((13 + i) / 2) for i in range(positions)], repeats=repeats
    )
    assert macs(operator, *given(name, x)) == sum(costs, Cost()).macs


@pytest.mark.parametrize("name", HEADS)
def test_a_head_makes_logits_at_the_predicted_cost(name: str) -> None:
    head = operators.build(name, inputs=4, outputs=3, attributes=first_choices(name))
    x = state(name, 1, 4, 6)
    assert head(*given(name, x)).shape == (1, 3)
    assert macs(head, *given(name, x)) == predicted(name, 4, 3, 6).macs
    assert sum(parameter.numel() for parameter in head.parameters()) == predicted(name, 4, 3, 6).params


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("training", [True, False])
def test_input_and_every_parameter_get_a_gradient(name: str, training: bool) -> None:
    torch.manual_seed(1)
    operator = operators.build(name, inputs=8, outputs=8).train(training)
    if hasattr(operator, "initialise"):
        operator.initialise()
    x = state(name, 4, 8, 6).relu().requires_grad_()
    (operator(*given(name, x)) * torch.randn(x.shape)).sum().backward()
    for what, tensor in [("input", x), *operator.named_parameters()]:
        assert tensor.grad is not None, what
        assert tensor.grad.isfinite().all(), what
        assert tensor.grad.abs().sum() > 0, what


def classes_of(name: str) -> dict[type, nn.Module]:
    """The modules that an operator consists of, one of each class that is not torch's."""
    options = {"inputs": 4, "outputs": 4, "attributes": first_choices(name)}
    parts = operators.build(name, **options).modules()
    return {type(part): part for part in parts if getattr(nn, type(part).__name__, None) is not type(part)}


@pytest.mark.parametrize("name", [*NAMES, *ENDS])
def test_an_export_can_carry_it(name: str) -> None:
    """Torch's own, or classes that keep their arguments and whose source needs nothing but torch, nn and Tensor."""
    scope: dict[str, object] = {"torch": torch, "nn": nn, "Tensor": Tensor}
    for cls in reversed(classes_of(name)):
        exec(inspect.getsource(cls), scope)  # our own source, not a stranger's
    for cls, part in classes_of(name).items():
        arguments = {parameter: getattr(part, parameter) for parameter in inspect.signature(cls).parameters}
        assert all(type(value) in (bool, int, float, str) for value in arguments.values())
        twin = scope[cls.__name__](**arguments)
        twin.load_state_dict(part.state_dict())
        if cls is type(operators.build(name, inputs=4, outputs=4)) and name in NAMES:
            x = state(name, 2, 4, 5)
            assert torch.equal(twin.eval()(*given(name, x)), part.eval()(*given(name, x)))


def test_class_names_are_unique_over_the_shelf() -> None:
    classes = {cls for name in (*NAMES, *ENDS) for cls in classes_of(name)}
    assert len({cls.__name__ for cls in classes}) == len(classes)
    assert not {"Network"} & {cls.__name__ for cls in classes}


def test_unknown_names_attributes_and_values_are_named() -> None:
    with pytest.raises(ArchitectureError, match=r"no operator named 'conv3x4'; did you mean 'conv3x3'\?"):
        operators.signature("conv3x4")
    with pytest.raises(ArchitectureError, match="operator 'conv3x3' has no attribute 'dilation'"):
        operators.build("conv3x3", inputs=1, outputs=1, attributes={"dilation": 2})


def test_attributes_take_allowed_values_only() -> None:
    allowed = {"reset": ["zero", "none"], "steps": [1, 2]}
    assert operators._chosen("lif", allowed, {"steps": 2}) == {"reset": "zero", "steps": 2}
    with pytest.raises(ArchitectureError, match="operator 'lif': steps is True, expected one of 1, 2"):
        operators._chosen("lif", allowed, {"steps": True})
