"""The action of the operators of signals, by hand on tiny sizes: every linear map a dense matrix."""

from __future__ import annotations

import pytest
import torch
from action_reference import carried_last, conv_matrix, half_square, kinetic_last, measure
from torch import Tensor, nn

from minas import operators
from minas.graph.signatures import nodes_of


def built(name: str, *, inputs: int, outputs: int, stride: int = 1, **attributes: int) -> nn.Module:
    """An operator in eval mode whose normalisation is no identity."""
    operator = operators.build(name, inputs=inputs, outputs=outputs, stride=stride, attributes=attributes).double().eval()
    for module in operator.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 2)
            nn.init.uniform_(module.bias, -1, 1)
            nn.init.uniform_(module.running_mean, -1, 1)
            nn.init.uniform_(module.running_var, 0.5, 2)
    return operator


def carried(u: Tensor, features: int, time: int) -> Tensor:
    """P u for (batch, features, time): averages over windows of time, features cut or padded with zeros."""
    have = u.shape[2]
    windows = [(place * have // time, -(-(place + 1) * have // time)) for place in range(time)]
    pooled = torch.stack([u[:, :, start:end].mean(2) for start, end in windows], 2)
    return carried_last(pooled.transpose(1, 2), features).transpose(1, 2)


def kinetic(u: Tensor, q: Tensor) -> float:
    return half_square(q - carried(u, *q.shape[1:])) / len(q)


def convolution_by_hand(convolution: nn.Conv2d, norm: nn.BatchNorm2d | None, u: Tensor, q: Tensor) -> tuple[float, float]:
    matrix = conv_matrix(convolution, (u.shape[1], 1, u.shape[2]))  # an image of height 1
    if norm is not None:
        scale = norm.weight / (norm.running_var + norm.eps).sqrt()
        matrix = matrix * scale.repeat_interleave(q.shape[2]).unsqueeze(1)
    return kinetic(u, q), half_square(matrix)


def agrees(operator: nn.Module, x: Tensor, by_hand: list[tuple[float, float]]) -> None:
    meter = measure(operator, x)
    assert [row.kinetic for row in meter.table()] == pytest.approx([one for one, _ in by_hand])
    assert [row.potential for row in meter.table()] == pytest.approx([other for _, other in by_hand])


@pytest.mark.parametrize("name", ["temporal7", "temporal15", "temporal31", "temporal63", "dilated7"])
@pytest.mark.parametrize(("outputs", "stride"), [(3, 1), (5, 2), (2, 3)])
def test_a_temporal_convolution(name: str, outputs: int, stride: int) -> None:
    operator, x = built(name, inputs=3, outputs=outputs, stride=stride), torch.randn(2, 3, 10)
    agrees(operator, x, [convolution_by_hand(operator.convolution, operator.norm, x, operator(x))])


def test_a_depthwise_convolution() -> None:
    operator, x = built("depthwise15", inputs=3, outputs=3), torch.randn(2, 3, 10)
    agrees(operator, x, [convolution_by_hand(operator.depthwise, operator.norm, x, operator(x))])


def test_a_separable_convolution_is_two_steps() -> None:
    operator, x = built("separable15", inputs=3, outputs=4, stride=2), torch.randn(2, 3, 10)
    filtered = operator.depthwise(x.unsqueeze(2)).squeeze(2)
    first = convolution_by_hand(operator.depthwise, None, x, filtered)
    agrees(operator, x, [first, convolution_by_hand(operator.pointwise, operator.norm, filtered, operator(x))])


def test_a_spatial_convolution_averages_over_its_stride_first() -> None:
    operator, x = built("spatial", inputs=3, outputs=4, stride=3), torch.randn(2, 3, 10)
    averages = nn.functional.avg_pool1d(x, 3, 3, ceil_mode=True)
    first = (kinetic(x, averages), 0.0)
    agrees(operator, x, [first, convolution_by_hand(operator.convolution, operator.norm, averages, operator(x))])


@pytest.mark.parametrize("name", ["avgpool7", "maxpool7"])
def test_pooling_has_no_potential(name: str) -> None:
    operator, x = built(name, inputs=3, outputs=3), torch.randn(2, 3, 10)
    agrees(operator, x, [(half_square(operator(x) - x) / 2, 0.0)])


@pytest.mark.parametrize("directions", [1, 2])
def test_each_direction_of_a_recurrence_is_a_step(directions: int) -> None:
    operator, x = built("temporal_gru", inputs=4, outputs=4, directions=directions), torch.randn(2, 4, 6)
    series = x.transpose(1, 2)
    states = operator.gru(series)[0].chunk(directions, 2)
    names = ["", "_reverse"][:directions]
    maps = [
        sum(half_square(getattr(operator.gru, f"weight_{one}_l0{name}")) for one in ("ih", "hh")) * x.shape[2]
        for name in names
    ]
    agrees(operator, x, [(kinetic_last(series, state), own) for state, own in zip(states, maps, strict=True)])


@pytest.mark.parametrize("heads", [1, 2])
def test_attention_is_its_projections_the_mixing_and_the_map_behind_it(heads: int) -> None:
    operator, x = built("temporal_attention", inputs=6, outputs=6, heads=heads), torch.randn(2, 6, 5)
    series = x.transpose(1, 2)
    with torch.no_grad():
        parts = [series @ weight.T for weight in operator.packed.weight.chunk(3)]
        steps = [
            (kinetic_last(series, part), 5 * half_square(weight))
            for part, weight in zip(parts, operator.packed.weight.chunk(3), strict=True)
        ]
        mixed, moved, potential = torch.zeros(2, 5, heads * 8), 0.0, 0.0
        for sample in range(2):
            for head in range(heads):
                query, key, value = (part[sample, :, 8 * head : 8 * head + 8] for part in parts)
                weights = (query @ key.T / 8**0.5).softmax(-1)
                mixed[sample, :, 8 * head : 8 * head + 8] = weights @ value
                moved += half_square(weights @ value - value) / 2
                potential += 8 * half_square(weights) / 2
        scale = operator.norm.weight / (operator.norm.running_var + operator.norm.eps).sqrt()
        last = (kinetic_last(mixed, operator(x).transpose(1, 2)), 5 * half_square(scale.unsqueeze(1) * operator.mixed.weight))
    agrees(operator, x, [*steps, (moved, potential), last])


@pytest.mark.parametrize("name", operators.names("signal"))
def test_every_choice_gives_a_differentiable_action_in_training(name: str) -> None:
    for node in nodes_of(name):
        operator = operators.build(name, inputs=4, outputs=4, attributes=dict(node.attributes)).double()
        x = torch.randn(4, 4, 12, requires_grad=True)
        action = measure(operator, x, fraction=0.5).action() if name != "identity" else x.sum()
        action.backward()
        assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in operator.parameters())
