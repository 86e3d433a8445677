"""What the vision operators compute, against slow and obvious ways to the same numbers."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from minas import operators


def normalised(x: torch.Tensor) -> torch.Tensor:
    mean, variance = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), keepdim=True, unbiased=False)
    return ((x - mean) / (variance + 1e-5).sqrt()).relu()


@pytest.mark.parametrize(
    ("name", "kernel", "dilation"), [("conv1x1", 1, 1), ("conv3x3", 3, 1), ("conv5x5", 5, 1), ("dilated3x3", 3, 2)]
)
def test_convolutions(name: str, kernel: int, dilation: int) -> None:
    operator = operators.build(name, inputs=3, outputs=4, stride=2).double()
    x = torch.randn(5, 3, 9, 9, dtype=torch.double)
    weight = operator.convolution.weight
    assert weight.shape == (4, 3, kernel, kernel)
    reach = dilation * (kernel - 1) // 2
    padded = functional.pad(x, [reach] * 4)
    windows = padded.unfold(2, 2 * reach + 1, 2).unfold(3, 2 * reach + 1, 2)[..., ::dilation, ::dilation]
    torch.testing.assert_close(operator(x), normalised(torch.einsum("bihwkl,oikl->bohw", windows, weight)))


@pytest.mark.parametrize(("name", "kernel"), [("sep3x3", 3), ("sep5x5", 5)])
def test_separable_convolutions_filter_each_channel_then_mix(name: str, kernel: int) -> None:
    operator = operators.build(name, inputs=3, outputs=4).double()
    x = torch.randn(5, 3, 8, 8, dtype=torch.double)
    filtered = torch.cat(
        [functional.conv2d(x[:, c : c + 1], operator.depthwise.weight[c : c + 1], padding=kernel // 2) for c in range(3)],
        dim=1,
    )
    mixed = torch.einsum("bihw,oi->bohw", filtered, operator.pointwise.weight[:, :, 0, 0])
    torch.testing.assert_close(operator(x), normalised(mixed))


def test_pooling_sees_the_image_and_not_its_padding() -> None:
    x = -torch.rand(1, 1, 4, 4) - 1
    corner = x[0, 0, :2, :2]
    assert operators.build("avgpool3x3", inputs=1, outputs=1)(x)[0, 0, 0, 0] == pytest.approx(corner.mean().item())
    assert operators.build("maxpool3x3", inputs=1, outputs=1)(x)[0, 0, 0, 0] == corner.max()


def test_identity_hands_the_same_state_on() -> None:
    x = torch.randn(1, 2, 3, 3)
    assert operators.build("identity", inputs=2, outputs=2)(x) is x


@pytest.mark.parametrize(("channels", "squeezed"), [(1, 1), (7, 1), (8, 2), (16, 4)])
def test_squeeze_excitation_is_a_gate_a_channel(channels: int, squeezed: int) -> None:
    operator = operators.build("squeeze_excitation", inputs=channels, outputs=channels)
    x = torch.randn(3, channels, 5, 6)
    squeeze, excite = operator.squeeze, operator.excite
    assert squeeze.weight.shape == (squeezed, channels, 1, 1)
    hidden = (x.mean((2, 3)) @ squeeze.weight[:, :, 0, 0].T + squeeze.bias).relu()
    gate = (hidden @ excite.weight[:, :, 0, 0].T + excite.bias).sigmoid()
    torch.testing.assert_close(operator(x), x * gate[:, :, None, None])


def test_squeeze_excitation_starts_with_no_dead_filter() -> None:
    torch.manual_seed(0)
    for _ in range(20):
        operator = operators.build("squeeze_excitation", inputs=16, outputs=16)
        operator.initialise()
        assert (operator.squeeze.weight.sum((1, 2, 3)) >= 0).all()
