"""The two readings of the paper's energy-first ideas in the domains beside vision: what a hand counts, and what is their own."""

from __future__ import annotations

import pytest
import torch

import minas
from minas import baselines
from minas.baselines._events import mean_so_far
from minas.baselines._words import Words, mean_over_words

SIGNAL = 56 * 6 * 8 * 31 + 28 * 8 * 16 * 31 + 2 * 8 * (8 + 16) + (3 * 16 + 8) * 2
MOVED_SIGNAL = 56 * 6 * 8 * 15 + 28 * 8 * 16 * 15 + 2 * (56 * (8 * 15 + 2 * 32) + 64 + 28 * (16 * 15 + 2 * 128) + 256) + 96
SPIKES = 6 * (81 * 2 * 9 * 8 + 25 * 8 * 9 * 16 + 8 * (2 + 8 + 8 + 16) + 16 * 16 * 10) + 8 * 10
MOVED_SPIKES = 6 * (81 * 2 * 9 * 8 + 25 * 8 * 9 * 16 + 25 * (9 * 16 + 16 * 16) + 16 * 16 + 16 * 16 * 10)
TEXT = 2 * (40 * 3 * 256 + 2 * 8 * 16) + (16 + 8) * 2
MOVED_TEXT = 2 * (40 * (3 * 16 + 2 * 8 * 16) + 16 * 16) + 16 * 2


@pytest.mark.parametrize(
    ("domain", "shape", "classes", "name", "macs"),
    [
        ("physiological", (6, 112), 2, "bimodal", SIGNAL),
        ("physiological", (6, 112), 2, "Lagrangian", MOVED_SIGNAL),
        ("neuromorphic", (6, 2, 17, 17), 10, "bimodal", SPIKES),
        ("neuromorphic", (6, 2, 17, 17), 10, "Lagrangian", MOVED_SPIKES),
        ("text", (40,), 2, "bimodal", TEXT),
        ("text", (40,), 2, "Lagrangian", MOVED_TEXT),
    ],
)
def test_they_cost_what_a_hand_counts(domain: str, shape: tuple[int, ...], classes: int, name: str, macs: int) -> None:
    for each in (name, f"{name} without action"):
        network = baselines.find(domain, each).build(shape, classes, 0).eval()
        example = torch.ones(1, *shape, dtype=torch.int64 if domain == "text" else torch.float32)
        assert minas.count_flops(network, example) == macs


def recording(seed: int = 0) -> torch.Tensor:
    return (torch.rand(8, 6, 2, 17, 17, generator=torch.Generator().manual_seed(seed)) < 0.2).float()


def test_what_the_slow_pathway_knows_of_events_is_the_past() -> None:
    events = recording()
    later = events.clone()
    later[:, 4:] = 1 - later[:, 4:]
    assert torch.equal(mean_so_far(events)[:, :4], mean_so_far(later)[:, :4])
    torch.testing.assert_close(mean_so_far(events)[:, 5], events.mean((1, 3, 4)))


def test_the_slow_pathway_shifts_thresholds_and_the_fast_one_fires_whole_spikes() -> None:
    layer = baselines.find("neuromorphic", "bimodal").build((6, 2, 17, 17), 10, 0).layers[0]
    fired, slow = layer.modulated(recording(), None)
    assert set(fired.unique().tolist()) == {0.0, 1.0}
    assert slow.shape == (8, 6, 8)
    torch.nn.init.zeros_(layer.slow.modulate.weight)
    rates = []
    for shift in (-1.0, 0.0, 1.0):
        torch.nn.init.constant_(layer.slow.modulate.bias, shift)
        rates.append(float(layer.modulated(recording(), None)[0].detach().mean()))
    assert rates[0] < rates[1] < rates[2]


def test_a_motion_of_spikes_without_multiplier_hands_them_on() -> None:
    motion = baselines.find("neuromorphic", "Lagrangian").build((6, 2, 17, 17), 10, 0).parts[2].eval()
    torch.nn.init.zeros_(motion.constraint.linear.weight)
    torch.nn.init.constant_(motion.constraint.linear.bias, -100.0)
    spikes = (torch.rand(2, 6, 16, 5, 5) < 0.3).float()
    assert torch.equal(motion(spikes), spikes)


def test_the_spiking_readings_are_measured_as_spiking_networks() -> None:
    from minas.measures import Trained

    for name in ("bimodal", "Lagrangian"):
        network = baselines.find("neuromorphic", name).build((6, 2, 17, 17), 10, 0).eval()
        found = Trained(network=network, inputs=recording(), targets=torch.zeros(8, dtype=torch.int64), classes=10)
        assert found.spiking.spikes > 0
        assert 0 < found.spiking.synops < found.counts.flops


def test_padding_gets_no_row_and_no_part_in_a_mean() -> None:
    words = Words(3)
    ids = torch.tensor([[4, 9, 0, 0], [5, 5, 7, 2], [0, 0, 0, 0]])
    state, mask = words(ids)
    assert (state[0, :, 2:] == 0).all()
    assert mask.squeeze(1).tolist() == [[1, 1, 0, 0], [1, 1, 1, 1], [0, 0, 0, 0]]
    means = mean_over_words(state, mask)
    torch.testing.assert_close(means[0], words.table.weight[[4, 9]].mean(0))
    assert (means[2] == 0).all()
    means.sum().backward()
    assert words.table.weight.grad is not None
    assert (words.table.weight.grad[0] == 0).all()


@pytest.mark.parametrize("name", ["bimodal", "Lagrangian"])
def test_a_texts_gradient_is_the_same_with_padding_behind_it(name: str) -> None:
    network = baselines.find("text", name).build((5,), 2, 0).double()
    ids = torch.tensor([[3, 1, 4, 1, 5], [9, 2, 6, 5, 3]])
    gradients = []
    for given in (ids, torch.nn.functional.pad(ids, (0, 7))):
        network.zero_grad()
        network(given).square().sum().backward()
        gradients.append([parameter.grad.clone() for parameter in network.parameters()])
    for bare, padded in zip(*gradients, strict=True):
        torch.testing.assert_close(bare, padded)
