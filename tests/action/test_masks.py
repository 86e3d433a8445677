"""Padding contributes nothing: S of a padded batch is the mean of what each sample has alone, cut to its valid positions."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from action_reference import Written, action, measure, rows
from torch import Tensor, nn

from minas.action.masks import other_than
from minas.action.meter import ActionMeter
from minas.errors import UsageError

LENGTHS = [3, 9, 6, 12]
VALID = torch.arange(12) < torch.tensor(LENGTHS).unsqueeze(1)


def states() -> Tensor:
    return torch.randn(4, 3, 12) * VALID.unsqueeze(1)


def check(net: nn.Module, x: Tensor, tokens: int = -1) -> None:
    """Compare each step of a padded batch with the mean of the samples alone; positions are the axis `tokens` of x."""
    whole = measure(net, x, mask=VALID).table()
    alone = [rows(net, x[i : i + 1].narrow(tokens, 0, length)) for i, length in enumerate(LENGTHS)]
    assert len(whole) > 0
    for place, row in enumerate(whole):
        for figure in ("kinetic", "potential", "activation_energy", "participation_ratio"):
            expected = sum(getattr(table[place], figure) for table in alone) / len(alone)
            assert getattr(row, figure) == pytest.approx(expected), (row.operator, figure)
        units = [table[place].units for table in alone]
        zeros = sum(table[place].zero_fraction * count for table, count in zip(alone, units, strict=True))
        assert row.zero_fraction == pytest.approx(zeros / sum(units)), row.operator
        assert row.units == sum(units) // len(units)


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize(
    ("kernel", "padding", "dilation"),
    [(1, 0, 1), (3, 1, 1), (5, 2, 1), (3, 2, 2), (3, 0, 1), (2, 0, 1), (3, 2, 1), (2, 1, 1)],
)
def test_convolutions_count_the_outputs_that_a_sample_has_alone(stride: int, kernel: int, padding: int, dilation: int) -> None:
    check(nn.Sequential(nn.Conv1d(3, 4, kernel, stride, padding, dilation), nn.ReLU()), states())


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_padding_by_name(padding: str) -> None:
    check(nn.Sequential(nn.Conv1d(3, 4, 3, padding=padding), nn.ReLU()), states())


def test_padding_by_a_call_of_its_own() -> None:
    conv = nn.Conv1d(3, 4, 3)
    check(Written(lambda net, x: net.c(F.pad(x, (2, 0))), c=conv), states())


@pytest.mark.parametrize("stride", [1, 2])
def test_images_of_height_one(stride: int) -> None:
    conv = nn.Conv2d(3, 5, (1, 3), (1, stride), (0, 1))
    check(Written(lambda net, x: net.c(x.unsqueeze(2)).squeeze(2), c=conv), states())


@pytest.mark.parametrize("pool", [nn.MaxPool1d(3, 1, 1), nn.MaxPool1d(2), nn.AvgPool1d(3), nn.MaxPool1d(3, 2, 1)])
def test_pooling(pool: nn.Module) -> None:
    x = states()
    alone = [x[i : i + 1, :, :length] for i, length in enumerate(LENGTHS)]
    fitting = [pool(sample).shape[2] for sample in alone]
    if isinstance(pool, nn.MaxPool1d):  # zeros of the padding must not win
        x = x.abs()
    check(pool, x)
    assert fitting == [pool(x[i : i + 1, :, :length]).shape[2] for i, length in enumerate(LENGTHS)]


def test_the_largest_value_of_each_feature() -> None:
    def pooled(net: nn.Module, x: Tensor) -> Tensor:
        lowest = x.masked_fill(x == 0, -1e9)
        return net.fc(lowest.amax(2))

    check(Written(pooled, fc=nn.Linear(3, 2)), states())


def test_bags_of_as_many_words_as_features() -> None:
    """A bag's mask is one for each sample, though it has the shape of the words' mask."""
    ids = torch.randint(1, 9, (4, 12)) * VALID
    check(nn.Sequential(nn.EmbeddingBag(9, 12, padding_idx=0), nn.Linear(12, 2)), ids)


def test_masks_that_are_no_tail() -> None:
    """The order of samples and the place of their padding tell nothing."""
    net, x = nn.Sequential(nn.Conv1d(3, 4, 1, 1), nn.ReLU(), nn.Conv1d(4, 2, 1)), states()
    assert action(net, x.flip(2), mask=VALID.flip(1)) == pytest.approx(action(net, x, mask=VALID))


class Chain(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(9, 4, padding_idx=0)
        self.conv, self.fc, self.norm = nn.Conv1d(4, 6, 3, 2, 1), nn.Linear(6, 2), nn.LayerNorm(4)

    def forward(self, ids: Tensor) -> Tensor:
        kept = (ids != 0).unsqueeze(2).double()
        words = self.norm(self.embed(ids)) * kept
        states = torch.relu(self.conv(words.transpose(1, 2))).transpose(1, 2) * kept[:, ::2]
        return self.fc(states.sum(1) / kept[:, ::2].sum(1))


def samples() -> Tensor:
    return torch.randint(1, 9, (4, 12)) * VALID


def test_a_chain_from_words_to_classes() -> None:
    check(Chain(), samples())


def test_a_function_gives_each_pass_its_mask() -> None:
    net, ids = Chain(), samples()
    whole = action(net, ids, mask=VALID)
    meter = ActionMeter(net, mask=other_than(0))
    with meter:
        net(ids[:1])
        net(ids[1:])
    assert float(meter.action().detach()) == pytest.approx(whole)
    with ActionMeter(net, mask=lambda ids: ids[:, :1] != 0), pytest.raises(UsageError, match="mask has the shape"):
        net(ids)
    with ActionMeter(net, mask=lambda ids: ids[0]), pytest.raises(UsageError, match="mask has the shape"):
        net(ids)
    assert other_than(None) is None


@pytest.mark.parametrize("fraction", [0.5, 0.25])
def test_a_part_of_the_batch_takes_its_part_of_the_mask(fraction: float) -> None:
    net, ids = Chain(), samples()
    again = torch.cat([ids] * round(1 / fraction))
    assert action(net, again, mask=other_than(0), fraction=fraction) == pytest.approx(action(net, ids, mask=other_than(0)))
    others = torch.cat([ids, ids.flip(0)[:, :1].expand(-1, 12) * VALID])
    meter = measure(net, others, mask=other_than(0), fraction=0.5)
    assert float(meter.kinetic().detach()) == pytest.approx(float(measure(net, ids, mask=other_than(0)).kinetic().detach()))


@pytest.mark.parametrize("make", [Chain, lambda: nn.Sequential(nn.EmbeddingBag(9, 4, padding_idx=0), nn.Linear(4, 2))])
def test_the_gradient_agrees_with_finite_differences(make: Callable[[], nn.Module]) -> None:
    net, ids = make(), samples()
    parameters = list(net.parameters())
    meter = measure(net, ids, mask=other_than(0))
    found = torch.autograd.grad(meter.action(), parameters)
    for parameter, gradient in zip(parameters, found, strict=True):
        place = int(gradient.abs().argmax())
        sides = []
        for step in (1e-6, -1e-6):
            with torch.no_grad():
                parameter.view(-1)[place] += step
                sides.append(action(net, ids, mask=other_than(0)))
                parameter.view(-1)[place] -= step
        assert float(gradient.view(-1)[place]) == pytest.approx((sides[0] - sides[1]) / 2e-6, rel=1e-4)


class Mixing(nn.Module):
    """A gate and an attention: maps that the samples themselves make."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.fc = nn.Embedding(9, 4, padding_idx=0), nn.Linear(4, 2)
        self.gate, self.keys = nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, ids: Tensor) -> Tensor:
        kept = (ids != 0).unsqueeze(2).double()
        words = self.embed(ids)
        words = words * torch.sigmoid(self.gate(words)) * kept
        scores = torch.matmul(self.keys(words), words.transpose(1, 2)).masked_fill(kept.transpose(1, 2) == 0, float("-inf"))
        mixed = torch.matmul(torch.softmax(scores, -1), words) * kept
        return self.fc(mixed.sum(1) / kept.sum(1))


def test_maps_that_samples_make() -> None:
    check(Mixing(), samples())


@pytest.mark.parametrize("make", [Chain, Mixing, lambda: nn.Sequential(nn.EmbeddingBag(9, 4, padding_idx=0), nn.Linear(4, 2))])
def test_a_part_of_the_batch_says_what_all_of_it_says(make: Callable[[], nn.Module]) -> None:
    net, ids = make(), samples()
    again = torch.cat([ids, ids])
    whole, half = (measure(net, again, mask=other_than(0), fraction=fraction).table() for fraction in (1.0, 0.5))
    for first, second in zip(whole, half, strict=True):
        assert (first.kinetic, first.potential) == pytest.approx((second.kinetic, second.potential)), first.operator
    different = torch.cat([ids, torch.ones_like(ids)])
    alone = measure(net, ids, mask=other_than(0)).table()
    for first, second in zip(alone, measure(net, different, mask=other_than(0), fraction=0.5).table(), strict=True):
        assert first.kinetic == pytest.approx(second.kinetic), first.operator
