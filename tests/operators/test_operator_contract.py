"""What every operator on the shelf must do."""

from __future__ import annotations

import inspect
import math
import subprocess
import sys

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from minas import operators
from minas.errors import ArchitectureError

NAMES = operators.names()
ENTRIES = [name for name in NAMES if operators.signature(name)["entry"]]
KEEPERS = [name for name in NAMES if name not in ENTRIES]


def linear(name: str, inputs: int, outputs: int) -> list[tuple[dict[str, object], int, int]]:
    """Each linear operator of a signature with its inputs and outputs in numbers."""
    channels = {"in": inputs, "out": outputs, "squeezed": max(1, outputs // 4)}
    return [(row, channels[row["inputs"]], channels[row["outputs"]]) for row in operators.signature(name)["linear"]]


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
    assert operators.names("no such kind") == []


@pytest.mark.parametrize("name", NAMES)
def test_signature_has_the_contracts_keys(name: str) -> None:
    found = operators.signature(name)
    assert set(found) == {"kind", "entry", "attributes", "linear"}
    assert isinstance(found["entry"], bool)
    for row in found["linear"]:
        assert (
            {"kernel", "inputs", "outputs"}
            <= set(row)
            <= {"kernel", "inputs", "outputs", "depthwise", "positions", "norm", "bias"}
        )


@pytest.mark.parametrize("name", ENTRIES)
@pytest.mark.parametrize("stride", [1, 2, 3, 4])
@pytest.mark.parametrize("side", [1, 7, 12])
def test_entries_change_the_width_and_divide_the_sides_rounding_up(name: str, stride: int, side: int) -> None:
    operator = operators.build(name, inputs=3, outputs=5, stride=stride)
    assert operator(torch.randn(2, 3, side, side + 1)).shape == (
        2,
        5,
        math.ceil(side / stride),
        math.ceil((side + 1) / stride),
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_operator_can_keep_the_shape(name: str) -> None:
    assert operators.build(name, inputs=4, outputs=4)(torch.randn(2, 4, 5, 6)).shape == (2, 4, 5, 6)


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
    predicted = 0
    for row, taken, given in linear(name, inputs, outputs):
        predicted += row["kernel"] ** 2 * given * (1 if row.get("depthwise") else taken)
        predicted += 2 * given * row.get("norm", False) + given * row.get("bias", False)
    operator = operators.build(name, inputs=inputs, outputs=outputs)
    assert sum(parameter.numel() for parameter in operator.parameters()) == predicted


@pytest.mark.parametrize("name", NAMES)
def test_macs_are_those_that_the_signature_predicts(name: str) -> None:
    inputs, stride = (3, 2) if name in ENTRIES else (8, 1)
    positions = 7 * 7 if name in ENTRIES else 14 * 14
    predicted = 0
    for row, taken, given in linear(name, inputs, 8):
        here = 1 if row.get("positions") == "one" else positions
        predicted += here * row["kernel"] ** 2 * given * (1 if row.get("depthwise") else taken)
    operator = operators.build(name, inputs=inputs, outputs=8, stride=stride).eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        operator(torch.randn(1, inputs, 14, 14))
    assert counter.get_total_flops() == 2 * predicted


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("training", [True, False])
def test_input_and_every_parameter_get_a_gradient(name: str, training: bool) -> None:
    torch.manual_seed(1)
    operator = operators.build(name, inputs=8, outputs=8).train(training)
    if hasattr(operator, "initialise"):
        operator.initialise()
    x = torch.randn(4, 8, 6, 6).relu().requires_grad_()
    (operator(x) * torch.randn(4, 8, 6, 6)).sum().backward()
    for what, tensor in [("input", x), *operator.named_parameters()]:
        assert tensor.grad is not None, what
        assert tensor.grad.isfinite().all(), what
        assert tensor.grad.abs().sum() > 0, what


@pytest.mark.parametrize("name", NAMES)
def test_an_export_can_carry_it(name: str) -> None:
    """Torch's own, or a class that keeps its arguments and whose source needs nothing but torch, nn and Tensor."""
    operator = operators.build(name, inputs=4, outputs=4)
    cls = type(operator)
    if getattr(nn, cls.__name__, None) is cls:
        return
    arguments = {parameter: getattr(operator, parameter) for parameter in inspect.signature(cls).parameters}
    assert all(type(value) in (bool, int, float, str) for value in arguments.values())
    scope: dict[str, object] = {"torch": torch, "nn": nn, "Tensor": Tensor}
    exec(inspect.getsource(cls), scope)  # our own source, not a stranger's
    twin = scope[cls.__name__](**arguments)
    twin.load_state_dict(operator.state_dict())
    x = torch.randn(2, 4, 5, 5)
    assert torch.equal(twin.eval()(x), operator.eval()(x))


def test_class_names_are_unique_over_the_shelf() -> None:
    classes = {type(operators.build(name, inputs=4, outputs=4)) for name in NAMES}
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
