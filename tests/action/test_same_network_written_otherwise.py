"""The same network, written in two ways, has the same action and the same activation energy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from action_reference import Written, action, half_square, measure, rows
from torch import nn

from minas.action.operations import UnknownOperation

Writing = Callable[..., Any]


def item_set(net: Any, x: torch.Tensor) -> torch.Tensor:
    y = net.a(x).clone()
    y[:, :3] = net.b(x)[:, :3]
    return net.c(y)


def item_set_in_a_fresh_tensor(net: Any, x: torch.Tensor) -> torch.Tensor:
    y = x.new_zeros(4, 6)
    y[:, :3] = net.a(x)[:, :3]
    y[:, 3:] = net.b(x)[:, 3:]
    return net.c(torch.relu(y))


def copied_into_a_view(net: Any, x: torch.Tensor) -> torch.Tensor:
    y = x.new_zeros(4, 6)
    y[:, :3].copy_(net.a(x)[:, :3])
    y[:, 3:].copy_(net.b(x)[:, 3:])
    return net.c(torch.relu(y))


def view_bent_in_place(net: Any, x: torch.Tensor) -> torch.Tensor:
    y = net.a(x)
    y[:, :3].relu_()
    return net.c(y)


def parent_bent_in_place(net: Any, x: torch.Tensor) -> torch.Tensor:
    y = net.a(x)
    view = y.view(2, 2, 6)
    y.relu_()
    return net.c(view).view(4, 3)


def other_half_bent_in_place(net: Any, x: torch.Tensor) -> torch.Tensor:
    y = net.a(x)
    left, right = y[:, :3], y[:, 3:]
    left.relu_()
    return net.d(right)


def linear_then(bend: Callable[[Any, torch.Tensor], torch.Tensor]) -> Writing:
    return lambda net, x: net.c(bend(net, net.a(x)))


PAIRS: dict[str, tuple[Writing, Writing]] = {
    "set item": (item_set, lambda net, x: net.c(torch.cat([net.b(x)[:, :3], net.a(x)[:, 3:]], 1))),
    "set item of a fresh tensor": (
        item_set_in_a_fresh_tensor,
        lambda net, x: net.c(torch.relu(torch.cat([net.a(x)[:, :3], net.b(x)[:, 3:]], 1))),
    ),
    "copy into a view": (
        copied_into_a_view,
        lambda net, x: net.c(torch.relu(torch.cat([net.a(x)[:, :3], net.b(x)[:, 3:]], 1))),
    ),
    "view bent in place": (
        view_bent_in_place,
        linear_then(lambda net, y: torch.slice_scatter(y, torch.relu(y[:, :3]), 1, 0, 3)),
    ),
    "parent bent in place": (parent_bent_in_place, linear_then(lambda net, y: torch.relu(y))),
    "product with itself": (linear_then(lambda net, y: y * y), linear_then(lambda net, y: y.square())),
    "constant over a state": (linear_then(lambda net, y: 1 / y), linear_then(lambda net, y: y.reciprocal())),
    "maximum with zero": (
        linear_then(lambda net, y: torch.maximum(y, torch.zeros(6))),
        linear_then(lambda net, y: torch.relu(y)),
    ),
    "number added": (linear_then(lambda net, y: torch.relu(y + 1)), linear_then(lambda net, y: torch.relu(y + torch.ones(6)))),
    "number times a map": (
        linear_then(lambda net, y: torch.relu(2 * y)),
        lambda net, x: net.c(torch.relu(F.linear(x, 2 * net.a.weight, 2 * net.a.bias))),
    ),
    "map over a number": (
        linear_then(lambda net, y: torch.relu(y / 2)),
        lambda net, x: net.c(torch.relu(F.linear(x, net.a.weight / 2, net.a.bias / 2))),
    ),
    "number before a normalisation": (
        linear_then(lambda net, y: net.norm(3 * y)),
        lambda net, x: net.c(net.norm(F.linear(x, 3 * net.a.weight, 3 * net.a.bias))),
    ),
    "scale spread over a state": (linear_then(lambda net, y: y * net.g.expand_as(y)), linear_then(lambda net, y: y * net.g)),
    "weight cast like a state": (
        lambda net, x: (lambda y: F.linear(torch.relu(y), net.w.t().type_as(y)))(net.a(x)),
        lambda net, x: F.linear(torch.relu(net.a(x)), net.w.t()),
    ),
    "state by keyword": (
        linear_then(lambda net, y: torch.relu(torch.reshape(input=y, shape=(2, 2, 6))).flatten(0, 1)),
        linear_then(lambda net, y: torch.relu(y.reshape(2, 2, 6)).flatten(0, 1)),
    ),
    "addmm": (lambda net, x: torch.addmm(net.g[:3], x, net.w), lambda net, x: F.linear(x, net.w.t(), net.g[:3])),
    "addmm with alpha": (
        lambda net, x: torch.addmm(net.g[:3], x, net.w, alpha=2),
        lambda net, x: F.linear(x, 2 * net.w.t(), net.g[:3]),
    ),
    "vector": (lambda net, x: x @ net.g, lambda net, x: F.linear(x, net.g.unsqueeze(0))),
    "vector by mv": (lambda net, x: torch.mv(x, net.g), lambda net, x: F.linear(x, net.g.unsqueeze(0))),
    "vector by linear": (lambda net, x: F.linear(x, net.g), lambda net, x: F.linear(x, net.g.unsqueeze(0))),
    "vector by einsum": (
        lambda net, x: torch.sigmoid(torch.einsum("bi,i->b", x, net.g)),
        lambda net, x: torch.sigmoid(F.linear(x, net.g.unsqueeze(0))),
    ),
    "sample by sample": (lambda net, x: torch.stack([net.c(one) for one in x]), lambda net, x: net.c(x)),
}


def parts() -> dict[str, Any]:
    return {
        "a": nn.Linear(6, 6),
        "b": nn.Linear(6, 6),
        "c": nn.Linear(6, 3),
        "d": nn.Linear(3, 3),
        "norm": nn.BatchNorm1d(6),
        "g": nn.Parameter(torch.rand(6)),
        "w": nn.Parameter(torch.randn(6, 3)),
    }


@pytest.mark.parametrize("name", PAIRS)
def test_the_same_action(name: str) -> None:
    shared, x = parts(), torch.randn(4, 6)
    found, expected = (measure(Written(function, **shared), x) for function in PAIRS[name])
    assert float(found.action().detach()) == pytest.approx(float(expected.action().detach()))
    assert float(found.activation_energy().detach()) == pytest.approx(float(expected.activation_energy().detach()))
    for mine, theirs in zip(gradients(found, shared), gradients(expected, shared), strict=True):
        assert torch.allclose(mine, theirs)


def gradients(meter: Any, shared: dict[str, Any]) -> list[torch.Tensor]:
    holder = Written(lambda net, x: x, **shared)
    found = torch.autograd.grad(meter.action(), list(holder.parameters()), allow_unused=True, materialize_grads=True)
    return list(found)


def test_one_half_of_a_state_bent_in_place_leaves_the_other_as_it_is() -> None:
    shared, x = parts(), torch.randn(4, 6)
    found = rows(Written(other_half_bent_in_place, **shared), x)
    right = shared["a"](x)[:, 3:].detach()
    assert found[-1].kinetic == pytest.approx(half_square(shared["d"](right) - right) / 4)


def overwritten_by_out(net: Any, x: torch.Tensor) -> torch.Tensor:
    y = net.a(x)
    z = net.b(y)
    torch.mul(z, 3, out=y)
    return net.c(z) + net.c(y)


def scaled_after_an_einsum(net: Any, x: torch.Tensor) -> torch.Tensor:
    y = torch.relu(net.a(x))
    z = torch.einsum("bi,io->bo", y, net.w)
    y.mul_(2)
    return z + net.c(y)


def plainly(net: Any, x: torch.Tensor) -> torch.Tensor:
    z = net.b(net.a(x))
    return net.c(z) + net.c(3 * z)


def plainly_after_a_product(net: Any, x: torch.Tensor) -> torch.Tensor:
    y = torch.relu(net.a(x))
    return F.linear(y, net.w.t()) + net.c(2 * y)


@pytest.mark.parametrize(
    ("first", "second"), [(overwritten_by_out, plainly), (scaled_after_an_einsum, plainly_after_a_product)]
)
@torch.no_grad()
def test_a_state_that_is_overwritten_keeps_what_it_was(first: Writing, second: Writing) -> None:
    """What autograd forbids, evaluation allows."""
    shared, x = parts(), torch.randn(4, 6)
    found, expected = (measure(Written(function, **shared), x) for function in (first, second))
    assert float(found.action()) == pytest.approx(float(expected.action()))
    assert float(found.activation_energy()) == pytest.approx(float(expected.activation_energy()))


LOOKUPS: dict[str, Writing] = {
    "index": lambda net, ids: net.c(net.e[ids]),
    "index_select": lambda net, ids: net.c(net.e.index_select(0, ids.flatten()).unflatten(0, ids.shape)),
}


@pytest.mark.parametrize("name", LOOKUPS)
@pytest.mark.parametrize("masked", [True, False])
def test_a_table_looked_up_by_index_is_an_embedding(name: str, masked: bool) -> None:
    shared = {"e": nn.Parameter(torch.randn(7, 6)), "c": nn.Linear(6, 3)}
    ids = torch.tensor([[1, 2], [0, 5], [3, 3]])
    mask = {"mask": torch.tensor([[True, False], [True, True], [True, True]])} if masked and name == "index" else {}
    found = measure(Written(LOOKUPS[name], **shared), ids, **mask)
    expected = measure(Written(lambda net, ids: net.c(F.embedding(ids, net.e)), **shared), ids, **mask)
    assert float(found.action().detach()) == pytest.approx(float(expected.action().detach()))
    assert found.table()[0].step == "e"


def test_the_maximum_over_tokens_is_held_against_their_mean() -> None:
    net, x = nn.Linear(6, 6), torch.randn(3, 5, 6)
    y = net(x).detach()
    for function in (lambda net, x: net.a(x).amax(1), lambda net, x: net.a(x).max(1).values):
        pool = rows(Written(function, a=net), x)[-1]
        assert pool.kinetic == pytest.approx(half_square(y.amax(1) - y.mean(1)) / 3)


def test_a_sparse_matrix_product_is_a_linear_map() -> None:
    shared, x, adjacency = parts(), torch.randn(4, 6), torch.rand(4, 4)
    found, expected = (
        measure(Written(function, **shared), x)
        for function in (
            lambda net, x: torch.sparse.mm(adjacency.to_sparse(), net.a(x)),
            lambda net, x: adjacency @ net.a(x),
        )
    )
    assert float(found.action().detach()) == pytest.approx(float(expected.action().detach()))


def test_padding_stays_out_of_states_that_are_set_one_by_one() -> None:
    def loop(net: Any, x: torch.Tensor) -> torch.Tensor:
        out = x.new_zeros(*x.shape[:2], 3)
        for place in range(x.shape[1]):
            out[:, place] = net.c(x)[:, place]
        return torch.relu(out)

    shared, x = parts(), torch.randn(2, 4, 6)
    valid = torch.tensor([[True] * 4, [True] * 2 + [False] * 2])
    mine = rows(Written(loop, **shared), x, mask=valid)[-1]
    y = shared["c"](x).detach()
    bent = (torch.relu(y) - y) * valid.unsqueeze(-1)
    assert mine.kinetic == pytest.approx(half_square(bent) / 2)


@pytest.mark.parametrize("equation", ["bchw,oc->bohw", "bchw,oc->bhwo", "oc,bchw->bohw"])
@pytest.mark.parametrize("outputs", [3, 5])
def test_an_einsum_carries_the_channels_that_it_maps(equation: str, outputs: int) -> None:
    conv, x = nn.Conv2d(3, outputs, 1), torch.randn(2, 3, 4, 4)
    weight = conv.weight[:, :, 0, 0]

    def written(net: Any, x: torch.Tensor) -> torch.Tensor:
        given = (weight, x) if equation.startswith("oc") else (x, weight)
        y = torch.einsum(equation, *given)
        return torch.relu(y + (net.conv.bias if equation.endswith("o") else net.conv.bias[:, None, None]))

    found = measure(Written(written, conv=conv), x)
    assert float(found.action().detach()) == pytest.approx(action(nn.Sequential(conv, nn.ReLU()), x))


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", ["spectral_norm", "weight_norm"])
@pytest.mark.parametrize("old", [True, False])
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_parametrised_weights_are_read_as_they_act(training: bool, name: str, old: bool) -> None:
    home = nn.utils if old else nn.utils.parametrizations
    net = nn.Sequential(getattr(home, name)(nn.Linear(6, 5)), nn.ReLU()).train(training)
    x = torch.randn(4, 6)
    (row,) = rows(net, x)
    if training:
        net.eval()
        net(x)
    assert row.potential == pytest.approx(half_square(net[0].weight))


REFUSED: dict[str, Writing] = {
    "lerp": lambda net, x: torch.lerp(net.a(x), net.b(x), net.g),
    "lerp by a state": lambda net, x: torch.lerp(x, net.b(x), torch.sigmoid(net.a(x))),
    "addcmul": lambda net, x: torch.addcmul(x, net.a(x), net.g),
    "addcmul of states": lambda net, x: torch.addcmul(x, net.a(x), net.b(x)),
    "addcdiv": lambda net, x: torch.addcdiv(x, net.a(x), net.g),
    "cosine_similarity": lambda net, x: F.cosine_similarity(x.unsqueeze(1), net.w.t(), -1),
}


@pytest.mark.parametrize("name", REFUSED)
def test_merges_that_hide_a_product_are_refused(name: str) -> None:
    with pytest.raises(UnknownOperation, match=name.split()[0]):
        measure(Written(REFUSED[name], **parts()), torch.randn(4, 6))


def test_merges_by_numbers_stay_free() -> None:
    shared, x = parts(), torch.randn(4, 6)
    found = measure(Written(lambda net, x: torch.lerp(net.a(x), net.b(x), 0.3), **shared), x)
    expected = measure(Written(lambda net, x: 0.7 * net.a(x) + 0.3 * net.b(x), **shared), x)
    assert float(found.action().detach()) == pytest.approx(float(expected.action().detach()))
