"""What the meter can't read rightly is refused, with what was given and what helps."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from action_reference import Written, action, measure, perceptron, rows
from torch import nn

from minas.action.meter import ActionMeter
from minas.errors import UsageError


@pytest.mark.parametrize("fused", [False, True])
def test_a_meter_inside_of_a_metered_pass(fused: bool) -> None:
    def forward(net: Any, x: torch.Tensor) -> Any:
        with ActionMeter(net.first, fused=fused):
            y = net.first(x)
        return net.last(y)

    net, x = Written(forward, first=nn.Linear(6, 4), last=nn.Linear(4, 2)), torch.randn(3, 6)
    with pytest.raises(UsageError, match=r"inside of another.*table\(\)"), ActionMeter(net, fused=fused):
        net(x)
    net(x)
    assert len(rows(perceptron(), x)) == 3, "the meter must work after a refusal"


@pytest.mark.timeout(30)
@pytest.mark.parametrize("part", [False, True])
@pytest.mark.parametrize("fused", [False, True])
def test_two_meters_at_the_same_time(part: bool, fused: bool) -> None:
    net, x = perceptron(), torch.randn(3, 6)
    other = net[0] if part else net
    with pytest.raises(UsageError, match="inside of another"), ActionMeter(net, fused=fused), ActionMeter(other):
        net(x)
    assert not net._forward_hooks
    assert torch.relu(torch.ones(1)) == 1
    with ActionMeter(net) as first:
        net(x)
    with ActionMeter(net) as second:
        net(x)
    assert torch.equal(first.action(), second.action())


def test_a_meter_entered_twice() -> None:
    net = perceptron()
    meter = ActionMeter(net)
    with pytest.raises(UsageError, match="already on"), meter, meter:
        pass
    assert not net._forward_hooks
    assert not net._forward_pre_hooks
    with meter:
        net(torch.randn(2, 6))
    assert meter.action() > 0


@pytest.mark.parametrize("shape", [(2, 3), (4, 7), (1, 5)])
def test_a_mask_that_does_not_fit(shape: tuple[int, int]) -> None:
    with pytest.raises(UsageError, match=rf"mask.*\({shape[0]}, {shape[1]}\).*\(4, 5, 6\)"):
        measure(nn.Linear(6, 3), torch.randn(4, 5, 6), mask=torch.ones(shape, dtype=torch.bool))


def test_options_that_cannot_be_meant() -> None:
    with pytest.raises(UsageError, match=r"\(4, 5, 1\); expected \(batch, positions\)"):
        ActionMeter(nn.Linear(6, 3), mask=torch.ones(4, 5, 1, dtype=torch.bool))
    with pytest.raises(UsageError, match="batch_axis is -1"):
        ActionMeter(nn.Linear(6, 3), batch_axis=-1)


def test_a_mask_that_fits_only_the_model_s_own_mask() -> None:
    net = Written(lambda net, x, valid: net.fc(x), fc=nn.Linear(6, 3))
    valid = torch.ones(2, 3, dtype=torch.bool)
    with pytest.raises(UsageError, match=r"\(2, 3\).*\(4, 5, 6\)"):
        measure(net, torch.randn(4, 5, 6), valid, mask=valid)


def test_masks_of_every_layout_are_taken() -> None:
    mask = torch.ones(4, 5, dtype=torch.bool)
    expected = action(nn.Linear(6, 3), torch.randn(4, 5, 6), mask=mask)
    assert expected > 0
    assert action(nn.Linear(6, 3), torch.randn(5, 4, 6), mask=mask) > 0
    assert action(nn.Conv1d(6, 3, 1), torch.randn(4, 6, 5), mask=mask) > 0
    with pytest.raises(UsageError, match="mask"):
        action(nn.EmbeddingBag(7, 3), torch.tensor([1, 2, 3, 4, 5, 6, 0]), torch.tensor([0, 2]), mask=mask)


@pytest.mark.parametrize("fused", [False, True])
def test_an_empty_batch(fused: bool) -> None:
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU())
    with pytest.raises(UsageError, match=r"no samples.*\(0, 1, 5, 5\)"):
        measure(net, torch.randn(0, 1, 5, 5), fused=fused)


def test_complex_states() -> None:
    transformed = Written(lambda net, x: torch.fft.fft(net.a(x)).real, a=nn.Linear(6, 3))
    for net, x in (
        (nn.Linear(6, 3, dtype=torch.cdouble), torch.randn(2, 6, dtype=torch.cdouble)),
        (transformed, torch.randn(2, 6)),
    ):
        with pytest.raises(UsageError, match=r"complex.*torch\.view_as_real"):
            measure(net, x)


@pytest.mark.parametrize(
    ("net", "shape"),
    [
        (nn.Conv2d(3, 4, 3), (3, 8, 8)),
        (nn.Conv1d(3, 4, 3), (3, 8)),
        (nn.ConvTranspose2d(3, 4, 3), (3, 8, 8)),
        (nn.MaxPool2d(2), (3, 8, 8)),
        (nn.Sequential(nn.ReLU(), nn.AvgPool1d(2)), (3, 8)),
    ],
)
def test_images_without_a_batch(net: nn.Module, shape: tuple[int, ...]) -> None:
    x = torch.randn(*shape)
    with pytest.raises(UsageError, match=r"no batch.*unsqueeze\(0\)"):
        measure(net.double(), x)
    assert action(net, x.unsqueeze(0)) > 0


def test_one_sample_without_a_batch_is_one_sample() -> None:
    net, x = perceptron(), torch.randn(6)
    assert action(net, x) == pytest.approx(action(net, x.unsqueeze(0)))
    bent = nn.Sequential(nn.Tanh(), nn.LayerNorm(6), *net)
    assert action(bent, x) == pytest.approx(action(bent, x.unsqueeze(0)))
    column = Written(lambda net, x: net.a(x.unsqueeze(-1)), a=nn.Linear(1, 2))
    assert action(column, x) == pytest.approx(sum(action(column, one.reshape(1)) for one in x) / 6)


SEQUENCES: dict[str, Any] = {
    "lstm": lambda first: nn.LSTM(6, 4, batch_first=first),
    "behind a linear map": lambda first: Written(
        lambda net, x: net.rnn(torch.relu(net.a(x)))[0], a=nn.Linear(6, 6), rnn=nn.GRU(6, 4, batch_first=first)
    ),
    "attention": lambda first: Written(lambda net, x: net.a(x, x, x)[0], a=nn.MultiheadAttention(6, 2, batch_first=first)),
    "encoder": lambda first: nn.TransformerEncoderLayer(6, 2, 8, 0.0, batch_first=first, norm_first=True),
}


@pytest.mark.parametrize("name", SEQUENCES)
def test_time_before_the_batch_must_be_said(name: str) -> None:
    x = torch.randn(5, 3, 6)
    with pytest.raises(UsageError, match=r"\(5, 3, 6\).*batch_axis=1"):
        measure(SEQUENCES[name](False), x)
    with pytest.raises(UsageError, match=r"\(5, 3, 6\).*batch_axis=0"):
        measure(SEQUENCES[name](True), x, batch_axis=1)
    assert action(SEQUENCES[name](True), x) > 0
    assert action(SEQUENCES[name](False), x, batch_axis=1) > 0


@pytest.mark.parametrize("name", SEQUENCES)
@pytest.mark.parametrize("first", [True, False])
def test_a_sequence_without_a_batch(name: str, first: bool) -> None:
    with pytest.raises(UsageError, match=r"no batch.*unsqueeze"):
        measure(SEQUENCES[name](first), torch.randn(5, 6))


def test_what_is_no_module() -> None:
    with pytest.raises(UsageError, match=r"function.*nn\.Module"):
        ActionMeter(lambda x: x)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"type.*nn\.Module"):
        ActionMeter(nn.Linear)  # type: ignore[arg-type]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_scripted_modules_hide_their_calls() -> None:
    traced = torch.jit.trace(perceptron(), torch.randn(2, 6))
    for net in (traced, nn.Sequential(traced, nn.Linear(3, 3))):
        with pytest.raises(UsageError, match=r"torch\.jit"):
            ActionMeter(net)


def test_a_model_of_which_nothing_is_seen() -> None:
    net = Written(lambda net, x: torch.from_numpy(x.numpy() @ net.w.detach().numpy()), w=nn.Parameter(torch.randn(6, 3)))
    with pytest.raises(UsageError, match="not seen"):
        measure(net, torch.randn(2, 6))
    assert action(nn.Identity(), torch.randn(2, 6)) == 0


def test_batches_that_vmap_split() -> None:
    net, x = perceptron(), torch.randn(4, 6)
    with pytest.raises(UsageError, match=r"vmap.*whole batch"):
        torch.func.vmap(lambda one: measure(net, one).action())(x)
    with pytest.raises(UsageError, match=r"torch\.func.*whole batch"):
        measure(Written(lambda outer, x: torch.func.vmap(outer.net)(x), net=net), x)
    gradient = torch.func.grad(lambda x: measure(net, x).action())(x)
    leaf = x.clone().requires_grad_()
    assert torch.allclose(gradient, torch.autograd.grad(measure(net, leaf).action(), leaf)[0])


@pytest.mark.parametrize("fused", [False, True])
def test_a_number_before_the_batch(fused: bool) -> None:
    net = Written(lambda net, scale, x: net.a(x), a=nn.Conv2d(1, 2, 3))
    x = torch.randn(3, 1, 5, 5)
    meter = ActionMeter(net, fused=fused)
    for _ in range(2):
        with meter:
            net(torch.tensor(1.0), x)
    assert float(meter.action().detach()) == pytest.approx(action(net.a, x))


def test_checkpoints_that_lose_gradients() -> None:
    from torch.utils.checkpoint import checkpoint

    def forward(net: Any, x: torch.Tensor) -> Any:
        return net.last(checkpoint(net.first, x, use_reentrant=net.reentrant))

    parts = perceptron()
    net, x = Written(forward, first=parts[:3], last=parts[3:]), torch.randn(2, 6, requires_grad=True)
    net.reentrant = True
    with pytest.raises(UsageError, match="use_reentrant=False"):
        measure(net, x)
    net.reentrant = False
    gradients = [torch.autograd.grad(measure(one, x).action(), list(parts.parameters())) for one in (net, parts)]
    assert all(torch.allclose(mine, theirs) for mine, theirs in zip(*gradients, strict=True))


def test_a_packed_sequence_counts_its_sequences() -> None:
    rnn, lengths = nn.GRU(3, 4, batch_first=True), [4, 2]
    x = torch.randn(2, 4, 3)
    packed = nn.utils.rnn.pack_padded_sequence(x, torch.tensor(lengths), batch_first=True)
    alone = sum(action(rnn, x[place : place + 1, :length]) for place, length in enumerate(lengths))
    assert action(rnn, packed) == pytest.approx(alone / 2)
    with pytest.raises(UsageError, match="mask"):
        measure(rnn, packed, mask=torch.ones(3, 4, dtype=torch.bool))
