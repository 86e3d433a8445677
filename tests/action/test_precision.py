"""States of few bits are summed in single precision."""

from __future__ import annotations

import copy

import pytest
import torch
from action_reference import Written, measure, perceptron
from torch import nn


def networks() -> dict[str, tuple[nn.Module, torch.Tensor]]:
    image = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(inplace=True),
        nn.ConvTranspose2d(8, 4, 2, 2),
        nn.MaxPool2d(2),
        nn.GroupNorm(2, 4),
        nn.Flatten(),
        nn.Linear(4 * 16, 3),
    ).eval()
    recurrent = Written(lambda net, x: net.fc(net.rnn(x)[0]), rnn=nn.LSTM(6, 4, 2, batch_first=True), fc=nn.Linear(4, 2))
    product = Written(lambda net, x: torch.einsum("bi,io->bo", net.a(x) * torch.sigmoid(net.b(x)), net.w), **parts())
    encoder = nn.TransformerEncoderLayer(8, 2, 16, 0.0, batch_first=True)
    return {
        "perceptron": (perceptron(), torch.randn(16, 6)),
        "image": (image, torch.randn(4, 3, 4, 4)),
        "recurrent": (recurrent, torch.randn(4, 5, 6)),
        "product": (product, torch.randn(4, 6)),
        "encoder": (encoder, torch.randn(3, 5, 8)),
        "embedding": (nn.Sequential(nn.Embedding(7, 6), nn.Linear(6, 3)), torch.randint(7, (4, 5))),
    }


def parts() -> dict[str, nn.Module | nn.Parameter]:
    return {"a": nn.Linear(6, 6), "b": nn.Linear(6, 6), "w": nn.Parameter(torch.randn(6, 3))}


@pytest.mark.parametrize("name", ["perceptron", "image", "recurrent", "product", "encoder", "embedding"])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_comes_near(name: str, dtype: torch.dtype) -> None:
    torch.set_default_dtype(torch.float32)
    net, x = networks()[name]
    low = copy.deepcopy(net).to(dtype)
    meter = measure(low, x.to(dtype) if x.is_floating_point() else x)
    found, expected = meter.action(), measure(net, x).action()
    assert found.dtype is torch.float32
    assert float(found.detach()) == pytest.approx(float(expected.detach()), rel=0.02)
    found.backward()
    assert all(parameter.grad is not None for parameter in low.parameters())


def test_half_precision_does_not_overflow() -> None:
    torch.set_default_dtype(torch.float32)
    net, x = nn.Linear(400, 400), torch.randn(64, 400) * 20
    expected = float(measure(net, x).action().detach())
    assert float(measure(net.half(), x.half()).action().detach()) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("name", ["perceptron", "encoder", "product", "image"])
def test_autocast_leaves_the_reading_alone(name: str) -> None:
    torch.set_default_dtype(torch.float32)
    net, x = networks()[name]
    expected = float(measure(net, x).action().detach())
    with torch.autocast("cpu", torch.bfloat16):
        meter = measure(net, x)
    assert meter.action().dtype is torch.float32
    assert float(meter.action().detach()) == pytest.approx(expected, rel=0.005)


def test_attention_weights_are_those_of_single_precision() -> None:
    """Read from the very queries and keys: autocast would round the softmax weights once more."""
    torch.set_default_dtype(torch.float32)

    def forward(net: Written, x: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.scaled_dot_product_attention(x, x, x)

    x = torch.randn(2, 2, 7, 4).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        found = float(measure(Written(forward), x).potential())
    weights = (x.double() @ x.double().transpose(-2, -1) / 2).softmax(-1)
    assert found == pytest.approx(float(weights.square().sum()) * 4 / 2 / 2, rel=1e-5)
