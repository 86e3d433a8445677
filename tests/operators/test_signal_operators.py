"""What the operators of signals compute, against slow and obvious ways to the same numbers."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from minas import operators


def normalised(x: torch.Tensor) -> torch.Tensor:
    mean, variance = x.mean((0, 2), keepdim=True), x.var((0, 2), keepdim=True, unbiased=False)
    return ((x - mean) / (variance + 1e-5).sqrt()).relu()


def test_the_operators_of_signals_are_there() -> None:
    assert operators.names("signal") == [
        "avgpool7",
        "depthwise15",
        "depthwise63",
        "dilated7",
        "identity",
        "maxpool7",
        "separable15",
        "separable63",
        "spatial",
        "temporal15",
        "temporal31",
        "temporal63",
        "temporal7",
        "temporal_attention",
        "temporal_gru",
    ]


@pytest.mark.parametrize(
    ("name", "kernel", "dilation"),
    [("temporal7", 7, 1), ("temporal15", 15, 1), ("temporal31", 31, 1), ("temporal63", 63, 1), ("dilated7", 7, 4)],
)
@pytest.mark.parametrize("stride", [1, 3])
def test_temporal_convolutions(name: str, kernel: int, dilation: int, stride: int) -> None:
    operator = operators.build(name, inputs=3, outputs=4, stride=stride).double()
    x = torch.randn(5, 3, 40, dtype=torch.double)
    weight = operator.convolution.weight.squeeze(2)
    assert weight.shape == (4, 3, kernel)
    reach = dilation * (kernel - 1) // 2
    windows = functional.pad(x, [reach, reach]).unfold(2, 2 * reach + 1, stride)[..., ::dilation]
    torch.testing.assert_close(operator(x), normalised(torch.einsum("bitk,oik->bot", windows, weight)))


@pytest.mark.parametrize(("name", "kernel"), [("depthwise15", 15), ("depthwise63", 63)])
def test_depthwise_convolutions_filter_each_feature_alone(name: str, kernel: int) -> None:
    operator = operators.build(name, inputs=3, outputs=3).double()
    x = torch.randn(5, 3, 20, dtype=torch.double)
    windows = functional.pad(x, [kernel // 2] * 2).unfold(2, kernel, 1)
    expected = normalised(torch.einsum("bitk,ik->bit", windows, operator.depthwise.weight[:, 0, 0]))
    torch.testing.assert_close(operator(x), expected)


@pytest.mark.parametrize(("name", "kernel"), [("separable15", 15), ("separable63", 63)])
def test_separable_convolutions_filter_each_feature_then_mix(name: str, kernel: int) -> None:
    operator = operators.build(name, inputs=3, outputs=4, stride=2).double()
    x = torch.randn(5, 3, 21, dtype=torch.double)
    windows = functional.pad(x, [kernel // 2] * 2).unfold(2, kernel, 2)
    filtered = torch.einsum("bitk,ik->bit", windows, operator.depthwise.weight[:, 0, 0])
    mixed = torch.einsum("bit,oi->bot", filtered, operator.pointwise.weight[:, :, 0, 0])
    torch.testing.assert_close(operator(x), normalised(mixed))


def test_a_spatial_filter_acts_on_the_averages_of_its_stride() -> None:
    operator = operators.build("spatial", inputs=3, outputs=4, stride=4).double()
    x = torch.randn(5, 3, 10, dtype=torch.double)
    averages = torch.stack([x[:, :, start : start + 4].mean(2) for start in (0, 4, 8)], 2)
    expected = normalised(torch.einsum("bit,oi->bot", averages, operator.convolution.weight[:, :, 0, 0]))
    torch.testing.assert_close(operator(x), expected)
    assert operators.build("spatial", inputs=3, outputs=4)(x.float()).shape == (5, 4, 10)


def test_pooling_sees_the_signal_and_not_its_padding() -> None:
    x = -torch.rand(1, 1, 9) - 1
    assert operators.build("avgpool7", inputs=1, outputs=1)(x)[0, 0, 0] == pytest.approx(x[0, 0, :4].mean().item())
    assert operators.build("maxpool7", inputs=1, outputs=1)(x)[0, 0, 0] == x[0, 0, :4].max()


def unrolled(gru: torch.nn.GRU, x: torch.Tensor, suffix: str) -> torch.Tensor:
    """A GRU's states for (batch, time, features), gate by gate."""
    into, own = getattr(gru, f"weight_ih_l0{suffix}"), getattr(gru, f"weight_hh_l0{suffix}")
    into_bias, own_bias = getattr(gru, f"bias_ih_l0{suffix}"), getattr(gru, f"bias_hh_l0{suffix}")
    state, states = x.new_zeros(len(x), gru.hidden_size), []
    for step in range(x.shape[1]):
        given = (x[:, step] @ into.T + into_bias).chunk(3, 1)
        held = (state @ own.T + own_bias).chunk(3, 1)
        reset, update = (given[0] + held[0]).sigmoid(), (given[1] + held[1]).sigmoid()
        state = (1 - update) * (given[2] + reset * held[2]).tanh() + update * state
        states.append(state)
    return torch.stack(states, 1)


@pytest.mark.parametrize("directions", [1, 2])
def test_recurrence_runs_one_way_or_both(directions: int) -> None:
    operator = operators.build("temporal_gru", inputs=4, outputs=4, attributes={"directions": directions}).double()
    x = torch.randn(2, 4, 6, dtype=torch.double)
    series = x.transpose(1, 2)
    expected = unrolled(operator.gru, series, "")
    if directions == 2:
        expected = (expected + unrolled(operator.gru, series.flip(1), "_reverse").flip(1)) / 2
    torch.testing.assert_close(operator(x), expected.transpose(1, 2))


@pytest.mark.parametrize("heads", [1, 2, 4])
def test_attention_by_loops_over_heads_and_points(heads: int) -> None:
    operator = operators.build("temporal_attention", inputs=6, outputs=6, attributes={"heads": heads}).double()
    x = torch.randn(3, 6, 5, dtype=torch.double)
    queries, keys, values = operator.packed.weight.chunk(3)
    mixed = torch.zeros(3, 5, heads * 8, dtype=torch.double)
    for sample in range(3):
        for head in range(heads):
            own = slice(8 * head, 8 * head + 8)
            for point in range(5):
                query = queries[own] @ x[sample, :, point]
                scores = torch.stack([query @ (keys[own] @ x[sample, :, other]) for other in range(5)]) / 8**0.5
                mixed[sample, point, own] = sum(
                    weight * (values[own] @ x[sample, :, other]) for other, weight in enumerate(scores.softmax(0))
                )
    expected = normalised((mixed @ operator.mixed.weight.T).transpose(1, 2))
    torch.testing.assert_close(operator(x), expected)


def test_the_head_sees_the_averages_of_equal_spans() -> None:
    head = operators.build("signal_head", inputs=2, outputs=3, attributes={"spans": 4}).double()
    x = torch.randn(5, 2, 12, dtype=torch.double)
    averages = x.reshape(5, 2, 4, 3).mean(3).flatten(1)
    torch.testing.assert_close(head(x), averages @ head.linear.weight.T + head.linear.bias)
