"""Padding: what a network gives for a sample doesn't depend on it, and no state holds anything there."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from padded_networks import ROWS, TOKENS, built, sampled, texts
from torch import nn
from torch.nn import functional as F

import minas
from minas import operators
from minas.data.ngrams import hashed
from minas.exports import EXPORTS, Content
from minas.graph.architecture import Architecture, Node, Stage, canonical
from minas.graph.kinds import kind_of, padding_of
from minas.graph.prediction import features
from minas.network import build

LENGTHS = [1, 2, 5, 8, TOKENS]


@pytest.mark.parametrize("number", range(40))
def test_what_a_network_gives_does_not_depend_on_padding(number: int) -> None:
    network = built(number)
    outputs = network(texts(LENGTHS))
    longer = torch.cat([texts(LENGTHS), torch.zeros(len(LENGTHS), 6, dtype=torch.int64)], 1)
    assert torch.allclose(network(longer), outputs, rtol=0, atol=1e-9)
    for row, length in enumerate(LENGTHS):
        alone = network(texts(LENGTHS)[row : row + 1, :length])
        assert torch.allclose(alone, outputs[row : row + 1], rtol=0, atol=1e-9), length


def test_what_a_network_gives_depends_on_the_words() -> None:
    """Of most networks; some units of narrow ones are dead from the start."""
    outputs = [built(number)(texts(LENGTHS)) for number in range(40)]
    assert sum(not torch.allclose(given[0], given[1]) for given in outputs) > 30


@pytest.mark.parametrize("number", range(20))
def test_states_are_zero_at_padding(number: int) -> None:
    network, states = built(number, "0"), {}
    for name, module in network.named_children():
        module.register_forward_hook(lambda module, inputs, output, name=name: states.update({name: output}))
    network(texts(LENGTHS))
    valid = texts(LENGTHS) != 0
    for application in network.plan.applications:
        valid = valid[:, :: application.stride]
        state = states[application.name]
        assert state.shape[2] == valid.shape[1]
        assert (state.transpose(1, 2)[~valid] == 0).all(), application.name


@pytest.mark.parametrize("number", range(20))
def test_predicted_cost_is_the_networks(number: int) -> None:
    network = built(number)
    found = features(canonical(sampled(number)), shape=(TOKENS,), classes=3)
    assert found.macs == minas.count_flops(network, texts([TOKENS]))
    assert found.params == sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize("number", range(15))
def test_padding_costs_no_action(number: int) -> None:
    """S of a padded batch is the mean of what each text has alone, cut to its words, step by step."""
    network = built(number)
    with torch.no_grad(), minas.ActionMeter(network, mask=lambda ids: ids != 0) as meter:
        network(texts(LENGTHS))
    found, alone = meter.table(), []
    for row, length in enumerate(LENGTHS):
        with torch.no_grad(), minas.ActionMeter(network) as meter:
            network(texts(LENGTHS)[row : row + 1, :length])
        alone.append(meter.table())
    for step, *ones in zip(found, *alone, strict=True):
        for figure in ("kinetic", "potential", "activation_energy"):
            expected = sum(getattr(one, figure) for one in ones) / len(ones)
            assert getattr(step, figure) == pytest.approx(expected), (step.step, figure)


@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize("bag", ["0", "1"])
def test_an_export_carries_the_mask(number: int, bag: str, tmp_path) -> None:
    network = build(sampled(number, bag), shape=(TOKENS,), classes=3, seed=number).eval()
    content = Content(architecture=network.architecture, state=network.state_dict(), shape=(TOKENS,), classes=("a", "b", "c"))
    EXPORTS.get("pytorch").write(content, tmp_path / "export", False)  # compares in a fresh process
    assert torch.equal(minas.load(tmp_path / "export")(texts(LENGTHS)), network(texts(LENGTHS)))


def chain(bag: int, grams: int, pool: str = "mean", width: int = 4) -> Architecture:
    stem = (("bag", bag), ("buckets", 40), ("grams", grams), ("rows", ROWS), ("width", 4))
    return Architecture("text", (Stage(width, 1, (Node("token_pass"),), ((0, 1),)),), (("pool", pool),), stem)


def test_a_bag_and_a_head_are_the_classifier_of_joulin() -> None:
    network = build(chain(1, 2), shape=(TOKENS,), classes=3, seed=0).double()
    ids, table, linear = texts(LENGTHS), network.stem.table.weight, network.head.linear
    pairs = hashed(ids.numpy(), 40)[:, TOKENS:]
    for row, words in enumerate(ids):
        looked_up = [table[word] for word in words if word] + [table[ROWS + pair - 1] for pair in pairs[row] if pair]
        expected = linear(torch.stack(looked_up).mean(0))
        assert torch.allclose(network(ids)[row], expected)
    assert minas.count_flops(network, ids[:1]) == 4 * 3


def test_without_a_bag_a_word_is_averaged_with_the_pair_that_it_begins() -> None:
    stem = operators.build("token_embedding", inputs=1, outputs=4, attributes=dict(chain(0, 2).stem)).double()
    stem.initialise()
    ids = texts(LENGTHS)
    pairs = hashed(ids.numpy(), 40)[:, TOKENS:]
    for row, words in enumerate(ids.tolist()):
        for place, word in enumerate(words):
            rows = [word] if word else []
            rows += [ROWS + pairs[row, place] - 1] if place < TOKENS - 1 and pairs[row, place] else []
            expected = stem.table.weight[rows].mean(0) if rows else torch.zeros(4)
            assert torch.allclose(stem(ids)[row, :, place], expected.double())


@pytest.mark.parametrize("width", [2, 4, 7])
def test_what_hands_on_keeps_features_and_positions_from_the_start(width: int) -> None:
    x = torch.randn(2, 4, 7)
    given = operators.build("token_pass", inputs=4, outputs=width, stride=3)(x)
    assert torch.equal(given[:, :4], x[:, :width, ::3])
    assert given.shape == (2, width, 3)
    assert (given[:, 4:] == 0).all()


def test_heads_pool_over_words_alone() -> None:
    x = -torch.rand(3, 4, 5) - 0.5
    mask = (torch.arange(5) < torch.tensor([[2], [5], [0]])).float().unsqueeze(1)
    for pool, function in (("mean", lambda state: state.mean(1)), ("max", lambda state: state.amax(1))):
        head = operators.build("text_head", inputs=4, outputs=2, attributes={"pool": pool})
        for row, length in ((0, 2), (1, 5)):
            assert torch.allclose(head(x * mask, mask)[row], head.linear(function(x[row, :, :length])))
        assert torch.allclose(head(x * mask, mask)[2], head.linear.bias)


def test_a_kind_knows_its_padding() -> None:
    assert kind_of("text").padding == 0
    assert kind_of("image").padding is None
    assert padding_of("text") == 0
    assert padding_of("nobody knows") is None


def test_padding_stays_zero_through_a_step_of_training() -> None:
    network = build(chain(0, 2), shape=(TOKENS,), classes=3, seed=0)
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.1)
    F.cross_entropy(network(texts(LENGTHS)), torch.arange(len(LENGTHS)) % 3).backward()
    optimizer.step()
    assert (network.stem.table.weight[0] == 0).all()
    assert isinstance(network.stem.table, nn.Embedding)
    assert np.isfinite(network.stem.table.weight.detach().numpy()).all()
