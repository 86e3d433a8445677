"""The perceptron that runs in every domain: its size by hand, its action by hand, and what it can't see."""

from __future__ import annotations

import pytest
import torch

import minas
from minas import baselines
from minas.data.texts import IDS

INNER = 2 * 128 * 128
DOMAINS = ("vision", "physiological", "neuromorphic", "text")
SAMPLES = {
    "vision": torch.randn(8, 1, 28, 28, generator=torch.Generator().manual_seed(0)),
    "physiological": torch.randn(8, 6, 112, generator=torch.Generator().manual_seed(0)),
    "neuromorphic": (torch.rand(8, 6, 2, 17, 17, generator=torch.Generator().manual_seed(0)) < 0.3).float(),
    "text": torch.randint(1, IDS, (8, 42), generator=torch.Generator().manual_seed(0)),
}


def built(domain: str, name: str = "MLP", classes: int = 10) -> torch.nn.Module:
    return baselines.find(domain, name).build(tuple(SAMPLES[domain].shape[1:]), classes, 0).eval()


@pytest.mark.parametrize(
    ("domain", "name", "macs", "rows"),
    [
        ("vision", "MLP", 784 * 128 + INNER + 128 * 10, 0),
        ("vision", "MLP w64", 784 * 64 + INNER // 4 + 64 * 10, 0),
        ("physiological", "MLP", 6 * 112 * 128 + INNER + 128 * 10, 0),
        ("neuromorphic", "MLP", 2 * 17 * 17 * 128 + INNER + 128 * 10, 0),
        ("text", "MLP", 64 * 128 + INNER + 128 * 10, 64),
        ("text", "MLP w64", 32 * 64 + INNER // 4 + 64 * 10, 32),
    ],
)
def test_sizes_are_those_that_a_hand_counts(domain: str, name: str, macs: int, rows: int) -> None:
    network, width = built(domain, name), 64 if name.endswith("w64") else 128
    assert minas.count_flops(network, SAMPLES[domain][:1]) == macs
    assert sum(one.numel() for one in network.parameters()) == macs + 3 * width + 10 + IDS * rows


@pytest.mark.parametrize("domain", DOMAINS)
def test_it_is_the_same_topology_in_every_domain(domain: str) -> None:
    kinds = [type(one) for one in built(domain).modules() if isinstance(one, torch.nn.Linear | torch.nn.ReLU)]
    assert kinds == [torch.nn.Linear, torch.nn.ReLU] * 3 + [torch.nn.Linear]


def test_its_potential_and_activation_energy_are_those_of_the_formulas() -> None:
    network, x = built("vision").double(), SAMPLES["vision"].double()
    with minas.ActionMeter(network) as meter:
        network(x)
    linear = [one for one in network.modules() if isinstance(one, torch.nn.Linear)]
    torch.testing.assert_close(meter.potential(), sum(0.5 * one.weight.square().sum() for one in linear))
    state, hidden = x.flatten(1), torch.zeros((), dtype=torch.float64)
    for one in linear[:-1]:
        state = torch.relu(state @ one.weight.T + one.bias)
        hidden = hidden + state.square().sum() / len(x)
    torch.testing.assert_close(meter.activation_energy(), hidden)


def test_it_sees_neither_the_order_of_events_nor_that_of_words() -> None:
    for domain in ("neuromorphic", "text"):
        network, x = built(domain).double(), SAMPLES[domain]
        x = x if domain == "text" else x.double()
        with torch.no_grad():
            torch.testing.assert_close(network(x), network(x.flip(1)))
            assert not torch.allclose(network(x), network(x.roll(1, 0)))


@pytest.mark.parametrize(
    ("domain", "shape"), [("vision", (3, 7, 30)), ("physiological", (2, 33)), ("neuromorphic", (3, 1, 1, 40))]
)
def test_it_takes_samples_of_any_shape(domain: str, shape: tuple[int, ...]) -> None:
    assert baselines.find(domain, "MLP").build(shape, 4, 0).eval()(torch.zeros(2, *shape)).shape == (2, 4)
