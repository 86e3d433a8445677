from __future__ import annotations

import pytest
import torch

import minas
from minas import baselines
from minas.errors import UsageError
from minas.graph import architecture as graphs
from minas.network.build import build


@pytest.mark.parametrize(
    ("name", "params", "macs"),
    [("chain w8 no inner", 2_722, 70_000), ("chain w8", 5_650, 300_000), ("chain w16", 19_354, 1_200_000)],
)
def test_chains_have_the_sizes_that_they_are_known_by(name, params, macs):
    network = baselines.find("vision", name).build((1, 28, 28), 10, 0).eval()
    assert sum(parameter.numel() for parameter in network.parameters()) == params
    assert minas.count_flops(network, torch.zeros(1, 1, 28, 28)) == pytest.approx(macs, rel=0.05)


@pytest.mark.parametrize("shape", [(3, 32, 32), (1, 9, 13)])
def test_every_baseline_takes_any_image(shape):
    for baseline in baselines.of_domain("vision", variants=True).values():
        network = baseline.build(shape, 4, 1).eval()
        assert network(torch.zeros(2, *shape)).shape == (2, 4)


def test_every_family_names_itself_and_its_source():
    for family in baselines.FAMILIES.all().values():
        assert family.baselines
        names = [baseline.name for baseline in family.baselines]
        assert len(set(names)) == len(names)
        assert all(baseline.source for baseline in family.baselines)
        assert set(names) <= set(baselines.of_domain(family.domain, variants=True))


def test_a_baselines_architecture_is_the_network_that_it_builds():
    for baseline in baselines.of_domain("vision").values():
        if baseline.architecture is None:
            continue
        own = baseline.build((1, 28, 28), 10, 5)
        other = build(graphs.load(dict(baseline.architecture)), shape=(1, 28, 28), classes=10, seed=5)
        assert own.state_dict().keys() == other.state_dict().keys()
        assert all(torch.equal(a, b) for a, b in zip(own.state_dict().values(), other.state_dict().values(), strict=True))


def test_an_unknown_baseline_is_named_with_its_nearest():
    with pytest.raises(UsageError, match="no baseline named 'chain w9' in the domain vision; did you mean 'chain w8'"):
        baselines.find("vision", "chain w9")
    assert baselines.of_domain("no such domain") == {}
