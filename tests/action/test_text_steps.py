"""The action of texts' operators: padding contributes nothing, and each step is what its operator does."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from minas import operators
from minas.action.meter import ActionMeter
from minas.graph.signatures import is_masked
from minas.operators import signature

CHOICES = [
    (name, dict(zip(attributes, values, strict=True)))
    for name in operators.names("text")
    if is_masked(name)
    for attributes in [signature(name)["attributes"]]
    for values in product(*attributes.values())
]
IDS = [" ".join([name, *map(str, attributes.values())]) for name, attributes in CHOICES]
LENGTHS = [4, 7, 1, 2]


class Chain(nn.Module):
    """An embedding, one or two operators, and a mean over words with a linear map."""

    def __init__(self, *parts: nn.Module, stride: int = 1) -> None:
        super().__init__()
        self.table, self.parts, self.last = nn.Embedding(30, 4, padding_idx=0), nn.ModuleList(parts), nn.Linear(4, 2)
        self.stride = stride

    def forward(self, ids: Tensor) -> Tensor:
        mask = (ids != 0).unsqueeze(1).double()
        x = self.table(ids).transpose(1, 2)
        for place, part in enumerate(self.parts):
            x = part(x, mask)
            mask = mask[:, :, :: self.stride] if place == 0 else mask
        return self.last(x.sum(2) / mask.sum(2))


def texts(lengths: list[int], tokens: int) -> Tensor:
    ids = torch.randint(1, 30, (len(lengths), tokens), generator=torch.Generator().manual_seed(1))
    return ids * (torch.arange(tokens) < torch.tensor(lengths).unsqueeze(1))


def figures(model: nn.Module, ids: Tensor) -> list[float]:
    with ActionMeter(model, mask=ids != 0) as meter, torch.no_grad():
        model(ids)
    return [float(one()) for one in (meter.kinetic, meter.potential, meter.activation_energy)]


def made(name: str, attributes: dict[str, Any], stride: int = 1) -> nn.Module:
    torch.manual_seed(3)
    return operators.build(name, inputs=4, outputs=4, stride=stride, attributes=attributes)


@pytest.mark.parametrize(("name", "attributes"), CHOICES, ids=IDS)
def test_padding_adds_nothing_to_the_action(name: str, attributes: dict[str, Any]) -> None:
    model = Chain(made(name, attributes), made("token_conv3", {})).double().eval()
    ids = texts(LENGTHS, 9)
    alone = [figures(model, ids[sample : sample + 1, :length]) for sample, length in enumerate(LENGTHS)]
    expected = [sum(column) / len(LENGTHS) for column in zip(*alone, strict=True)]
    assert figures(model, ids) == pytest.approx(expected)


@pytest.mark.parametrize("name", [name for name, _ in CHOICES if signature(name)["place"] == "entry"])
@pytest.mark.parametrize("stride", [2, 3])
def test_padding_adds_nothing_behind_a_stride(name: str, stride: int) -> None:
    model = Chain(made(name, {}, stride), made("token_conv3", {}), stride=stride).double().eval()
    ids = texts(LENGTHS, 9)
    alone = [figures(model, ids[sample : sample + 1, :length]) for sample, length in enumerate(LENGTHS)]
    expected = [sum(column) / len(LENGTHS) for column in zip(*alone, strict=True)]
    assert figures(model, ids) == pytest.approx(expected)


class Alone(nn.Module):
    """An operator of padded states, which makes the mask itself."""

    def __init__(self, operator: nn.Module) -> None:
        super().__init__()
        self.operator, self.mask = operator, torch.tensor([[[1.0, 1, 1, 1, 0]], [[1, 1, 0, 0, 0]]]).double()

    def forward(self, x: Tensor) -> Tensor:
        return self.operator(x, self.mask) + 0


@pytest.mark.parametrize("name", ["token_avgpool3", "token_maxpool3", "token_conv3"])
def test_the_state_of_a_step_is_what_the_operator_gives(name: str) -> None:
    model = Alone(made(name, {})).double()
    x = torch.randn(2, 4, 5, dtype=torch.double) * model.mask
    given = model(x).detach()
    with ActionMeter(model, mask=model.mask[:, 0] > 0) as meter:
        model(x)
    (row,) = meter.table()
    assert row.kinetic == pytest.approx(float((given - x).square().sum()) / 4)
    weight = 0.0 if "pool" in name else float(model.operator.convolution.weight.detach().square().sum())
    assert row.potential == pytest.approx(weight * (4 + 2) / 4)


def test_attention_mixes_words_once_for_each_feature_of_a_head() -> None:
    model = Alone(made("token_attention", {"heads": 1})).double()
    x = torch.randn(2, 4, 5, dtype=torch.double) * model.mask
    with ActionMeter(model, mask=model.mask[:, 0] > 0) as meter:
        model(x)
    mixing = meter.table()[-2]
    queries, keys, _ = model.operator.packed.weight.detach().chunk(3)
    expected = 0.0
    for sample, length in enumerate([4, 2]):
        words = x[sample, :, :length].T
        weights = ((words @ queries.T) @ (words @ keys.T).T / 8**0.5).softmax(1)
        expected += 8 * float(weights.square().sum()) / 2
    assert mixing.operator == "attention"
    assert mixing.potential == pytest.approx(expected / 2)


@pytest.mark.parametrize("directions", [1, 2])
def test_recurrence_counts_its_matrices_once_for_each_word(directions: int) -> None:
    model = Alone(made("token_gru", {"directions": directions})).double()
    x = torch.randn(2, 4, 5, dtype=torch.double) * model.mask
    with ActionMeter(model, mask=model.mask[:, 0] > 0) as meter:
        model(x)
    squares = sum(float(weight.detach().square().sum()) for name, weight in model.named_parameters() if "weight" in name)
    assert len(meter.table()) == directions
    assert float(meter.potential()) == pytest.approx(squares * (4 + 2) / 4)


def test_a_gated_linear_unit_is_its_map_and_a_product() -> None:
    model = Alone(made("token_glu", {"kernel": 1})).double()
    x = torch.randn(2, 4, 5, dtype=torch.double) * model.mask
    with ActionMeter(model, mask=model.mask[:, 0] > 0) as meter:
        model(x)
    mapped, product = meter.table()
    values, gates = model.operator.convolution(x).detach().chunk(2, 1)
    assert mapped.potential == pytest.approx(float(model.operator.convolution.weight.detach().square().sum()) * (4 + 2) / 4)
    assert product.potential == pytest.approx(float((gates.sigmoid() * model.mask).square().sum()) / 4)
    assert product.kinetic == pytest.approx(float(((values * gates.sigmoid() - values) * model.mask).square().sum()) / 4)
