"""What the operators of texts compute, against slow and obvious ways to the same numbers; padding changes nothing."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

import minas
from minas import operators
from minas.graph.cost import Cost, linear_costs
from minas.graph.signatures import is_masked

ENTRIES = ["token_conv1", "token_conv3", "token_conv5", "token_dilated3", "token_separable3", "token_separable5"]
INNER = [
    "token_attention",
    "token_avgpool3",
    "token_feed_forward",
    "token_glu",
    "token_gru",
    "token_maxpool3",
]
CHOICES = [
    (name, dict(zip(attributes, values, strict=True)))
    for name in (*ENTRIES, *INNER)
    for attributes in [operators.signature(name)["attributes"]]
    for values in product(*attributes.values())
]
IDS = [" ".join([name, *map(str, attributes.values())]) for name, attributes in CHOICES]


def padded(lengths: list[int], features: int, tokens: int) -> tuple[Tensor, Tensor]:
    """States of texts of some lengths, and their mask."""
    mask = (torch.arange(tokens) < torch.tensor(lengths).unsqueeze(1)).unsqueeze(1).double()
    return torch.randn(len(lengths), features, tokens, dtype=torch.double) * mask, mask


def whole(x: Tensor) -> Tensor:
    """The mask of states without padding."""
    return torch.ones_like(x[:, :1])


def made(name: str, *, inputs: int = 4, outputs: int = 4, stride: int = 1, attributes: Any = None) -> torch.nn.Module:
    return operators.build(name, inputs=inputs, outputs=outputs, stride=stride, attributes=attributes).double()


def test_the_operators_of_texts_are_there() -> None:
    assert operators.names("text") == sorted(["identity", "token_pass", *ENTRIES, *INNER])
    assert all(is_masked(name) for name in (*ENTRIES, *INNER))


@settings(max_examples=15, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    more=st.integers(0, 6),
    stride=st.sampled_from([1, 2, 3]),
    training=st.booleans(),
    seed=st.integers(0, 99),
)
@pytest.mark.parametrize(("name", "attributes"), CHOICES, ids=IDS)
def test_padding_stays_zero_and_changes_no_word(
    name: str, attributes: dict[str, Any], lengths: list[int], more: int, stride: int, training: bool, seed: int
) -> None:
    torch.manual_seed(seed)
    stride = stride if name in ENTRIES else 1
    outputs = 5 if name in ENTRIES else 3
    operator = made(name, inputs=3, outputs=outputs, stride=stride, attributes=attributes).train(training)
    x, mask = padded(lengths, 3, max(lengths) + more)
    found, left = operator(x, mask), mask[:, :, ::stride]
    assert found.shape == (len(lengths), outputs, left.shape[2])
    assert (found * (1 - left)).eq(0).all()
    for sample, length in enumerate(lengths):
        alone = x[sample : sample + 1, :, :length]
        expected = operator(alone, whole(alone))
        torch.testing.assert_close(found[sample : sample + 1, :, : expected.shape[2]], expected)


@pytest.mark.parametrize(("name", "attributes"), CHOICES, ids=IDS)
def test_one_word_is_enough(name: str, attributes: dict[str, Any]) -> None:
    x = torch.randn(2, 4, 1, dtype=torch.double, requires_grad=True)
    found = made(name, attributes=attributes)(x, whole(x))
    assert found.shape == x.shape
    found.square().sum().backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()


@pytest.mark.parametrize(("name", "attributes"), CHOICES, ids=IDS)
@pytest.mark.parametrize(("tokens", "stride"), [(1, 1), (7, 1), (7, 3)])
def test_costs_are_those_that_the_signature_predicts(name: str, attributes: dict[str, Any], tokens: int, stride: int) -> None:
    inputs, stride = (3, stride) if name in ENTRIES else (6, 1)
    operator = operators.build(name, inputs=inputs, outputs=6, stride=stride, attributes=attributes).eval()
    x = torch.randn(1, inputs, tokens)
    rows = linear_costs(operators.signature(name), attributes, inputs=inputs, outputs=6, sides=[-(-tokens // stride)])
    cost = sum(rows, Cost())
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        operator(x, whole(x))
    assert counter.get_total_flops() / 2 == cost.macs == minas.count_flops(operator, (x, whole(x)))
    assert sum(parameter.numel() for parameter in operator.parameters()) == cost.params


@pytest.mark.parametrize(
    ("name", "kernel", "dilation"),
    [("token_conv1", 1, 1), ("token_conv3", 3, 1), ("token_conv5", 5, 1), ("token_dilated3", 3, 2)],
)
@pytest.mark.parametrize("stride", [1, 3])
def test_convolutions_see_a_window_of_words(name: str, kernel: int, dilation: int, stride: int) -> None:
    operator = made(name, inputs=3, stride=stride)
    x = torch.randn(5, 3, 11, dtype=torch.double)
    reach = dilation * (kernel - 1) // 2
    windows = functional.pad(x, [reach, reach]).unfold(2, 2 * reach + 1, stride)[..., ::dilation]
    expected = torch.einsum("bitk,oik->bot", windows, operator.convolution.weight) + operator.convolution.bias[:, None]
    torch.testing.assert_close(operator(x, whole(x)), expected.relu())


@pytest.mark.parametrize(("name", "kernel"), [("token_separable3", 3), ("token_separable5", 5)])
def test_separable_convolutions_of_words_filter_each_feature_then_mix(name: str, kernel: int) -> None:
    operator = made(name, inputs=3, stride=2)
    x = torch.randn(5, 3, 8, dtype=torch.double)
    windows = functional.pad(x, [kernel // 2] * 2).unfold(2, kernel, 2)
    filtered = torch.einsum("bitk,ik->bit", windows, operator.depthwise.weight[:, 0])
    mixed = torch.einsum("bit,oi->bot", filtered, operator.pointwise.weight[:, :, 0]) + operator.pointwise.bias[:, None]
    torch.testing.assert_close(operator(x, whole(x)), mixed.relu())


@pytest.mark.parametrize("directions", [1, 2])
def test_recurrence_starts_at_the_first_and_at_the_last_word(directions: int) -> None:
    operator = made("token_gru", attributes={"directions": directions})
    x, mask = padded([4, 6], 4, 7)
    expected = torch.zeros_like(x)
    for sample, length in enumerate([4, 6]):
        words = x[sample, :, :length].T.unsqueeze(0)
        states = operator.there(words)[0]
        if directions == 2:
            states = (states + operator.back(words.flip(1))[0].flip(1)) / 2
        expected[sample, :, :length] = states[0].T
    torch.testing.assert_close(operator(x, mask), expected)


@pytest.mark.parametrize("heads", [1, 2])
def test_attention_of_words_by_loops_over_heads_and_words(heads: int) -> None:
    operator = made("token_attention", attributes={"heads": heads})
    x, mask = padded([3, 5], 4, 6)
    queries, keys, values = operator.packed.weight.chunk(3)
    expected = torch.zeros_like(x)
    for sample, length in enumerate([3, 5]):
        for word in range(length):
            mixed = torch.zeros(heads * 8, dtype=torch.double)
            for head in range(heads):
                own = slice(8 * head, 8 * head + 8)
                query = queries[own] @ x[sample, :, word]
                scores = torch.stack([query @ (keys[own] @ x[sample, :, other]) for other in range(length)]) / 8**0.5
                parts = [values[own] @ x[sample, :, other] for other in range(length)]
                mixed[own] = sum(weight * part for weight, part in zip(scores.softmax(0), parts, strict=True))
            expected[sample, :, word] = (operator.mixed.weight @ mixed + operator.mixed.bias).relu()
    torch.testing.assert_close(operator(x, mask), expected)


@pytest.mark.parametrize("kernel", [1, 3])
def test_a_gated_linear_unit_is_torchs(kernel: int) -> None:
    operator = made("token_glu", attributes={"kernel": kernel})
    x = torch.randn(2, 4, 5, dtype=torch.double)
    torch.testing.assert_close(operator(x, whole(x)), functional.glu(operator.convolution(x), 1))


def test_a_feed_forward_layer_takes_each_word_alone() -> None:
    operator = made("token_feed_forward")
    x = torch.randn(2, 4, 5, dtype=torch.double)
    inner = (operator.wide.weight[:, :, 0] @ x + operator.wide.bias[:, None]).relu()
    assert inner.shape == (2, 8, 5)
    torch.testing.assert_close(operator(x, whole(x)), operator.narrow.weight[:, :, 0] @ inner + operator.narrow.bias[:, None])


def test_pooling_sees_the_words_and_not_their_padding() -> None:
    x, mask = padded([4], 2, 7)
    x = x - 3 * mask
    largest, average = made("token_maxpool3")(x, mask), made("token_avgpool3")(x, mask)
    for place, window in enumerate([slice(0, 2), slice(0, 3), slice(1, 4), slice(2, 4)]):
        assert torch.equal(largest[0, :, place], x[0, :, window].amax(1))
        torch.testing.assert_close(average[0, :, place], x[0, :, window].mean(1))
