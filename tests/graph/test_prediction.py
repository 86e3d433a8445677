"""Predicted cost and graph figures, against hand-made counts and networks that were built."""

from __future__ import annotations

from dataclasses import replace

import graph_strategies as shared
import numpy as np
import pytest

from minas.graph.prediction import features
from minas.graph.structure import Architecture, Node, Stage
from minas.graph.variation import sample


def chain(width: int, inner: int) -> Architecture:
    nodes = (Node("conv3x3"),) * (1 + inner)
    edges = tuple((index, index + 1) for index in range(1 + inner))
    return Architecture("image", tuple(Stage(size, 2, nodes, edges) for size in (width, 2 * width)), (("grid", 3),))


@pytest.mark.parametrize(("width", "inner", "params"), [(8, 0, 2_722), (8, 1, 5_650), (16, 1, 19_354), (32, 1, 70_954)])
def test_chains_have_the_published_number_of_parameters(width: int, inner: int, params: int) -> None:
    assert features(chain(width, inner), shape=(1, 28, 28), classes=10).params == params


def test_a_chain_by_hand() -> None:
    found = features(chain(8, 0), shape=(1, 28, 28), classes=10)
    assert found.macs == 14 * 14 * 9 * 8 + 7 * 7 * 9 * 8 * 16 + 9 * 16 * 10
    assert found.activations == 14 * 14 * 8 + 7 * 7 * 16 + 10
    assert (found.stages, found.nodes, found.edges, found.longest_path, found.depth) == (2, 2, 2, 2, 3)


def test_odd_sides_are_rounded_up() -> None:
    found = features(replace(chain(8, 0), stages=chain(8, 0).stages[:1]), shape=(3, 15, 33), classes=2)
    assert found.macs == 8 * 17 * 9 * 3 * 8 + 9 * 8 * 2


def test_a_graph_by_hand() -> None:
    value = shared.architecture(
        ["sep5x5", "conv1x1", "squeeze_excitation", "maxpool3x3"], [(0, 1), (1, 2), (2, 4), (0, 3), (3, 4)], width=8
    )
    found = features(value, shape=(3, 8, 8), classes=4)
    separable = 16 * (25 * 3 + 3 * 8)
    squeeze = 8 * 2 + 2 * 8
    assert found.macs == separable + 16 * 8 * 8 + squeeze + 9 * 8 * 4
    assert found.params == (25 * 3 + 3 * 8 + 16) + (64 + 16) + (squeeze + 2 + 8) + (9 * 8 * 4 + 4)
    assert found.activations == 16 * (3 + 8) + 16 * 8 + (2 + 8) + 4
    assert (found.nodes, found.edges, found.longest_path, found.depth) == (4, 5, 3, 6)


def test_predictions_are_those_of_built_networks() -> None:
    torch = pytest.importorskip("torch")
    from torch.utils.flop_counter import FlopCounterMode

    from minas.network.build import build

    rng = np.random.default_rng(1)
    for _ in range(12):
        value = sample(shared.VISION, rng)
        network = build(value, shape=(3, 30, 26), classes=7, seed=0).eval()
        found = features(value, shape=(3, 30, 26), classes=7)
        assert found.params == sum(parameter.numel() for parameter in network.parameters())
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            network(torch.zeros(1, 3, 30, 26))
        assert found.macs == counter.get_total_flops() / 2
