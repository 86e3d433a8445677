"""What studies find beside the published networks: enough of each family, at several sizes, and out of everybody else's way."""

from __future__ import annotations

import json

import pytest
import torch

import minas
from minas import baselines, resources
from minas.analysis.pictures import WITHOUT_ACTION

SAMPLES = {
    "vision": ((1, 28, 28), 10),
    "text": ((42,), 2),
    "neuromorphic": ((6, 2, 17, 17), 10),
    "physiological": ((6, 112), 2),
}
BOTH: tuple[baselines.Kind, ...] = ("conventional", "energy-first")
EACH = [(domain, family) for domain in SAMPLES for family in BOTH]


def macs(domain: str, name: str) -> int:
    shape, classes = SAMPLES[domain]
    example = torch.ones(1, *shape, dtype=torch.int64 if domain == "text" else torch.float32)
    return minas.count_flops(baselines.find(domain, name).build(shape, classes, 0).eval(), example)


@pytest.mark.parametrize(("domain", "family"), EACH)
def test_each_family_has_five_instances_or_more_published_ones_first(domain: str, family: baselines.Kind) -> None:
    names = baselines.instances(domain, family)
    found = [baselines.find(domain, name) for name in names]
    assert len(set(names)) == len(names) >= 5
    assert all(one.family == family and one.action for one in found)
    assert not any(name.endswith(WITHOUT_ACTION) for name in names)
    published = [one.variant for one in found].index(True)
    assert published >= 2
    assert all(one.variant for one in found[published:])


def test_the_two_readings_alone_are_energy_first() -> None:
    for domain in SAMPLES:
        found = baselines.of_domain(domain, variants=True)
        first = {name for name, one in found.items() if one.family == "energy-first"}
        assert first == {name for name in found if name.startswith(("bimodal", "Lagrangian"))}


@pytest.mark.parametrize(("domain", "family"), EACH)
def test_instances_spread_over_sizes_and_no_variant_costs_more_than_what_it_is_one_of(domain, family) -> None:
    costs = {name: macs(domain, name) for name in baselines.instances(domain, family)}
    assert max(costs.values()) >= 4 * min(costs.values())
    for name, cost in costs.items():
        published = [other for other in costs if name.startswith(f"{other} ") and not baselines.find(domain, other).variant]
        assert all(cost < costs[other] for other in published), name


def test_nobody_else_sees_variants() -> None:
    for domain in SAMPLES:
        given, all_of_them = baselines.of_domain(domain), baselines.of_domain(domain, variants=True)
        assert set(given) < set(all_of_them)
        assert not any(one.variant for one in given.values())
        assert not any(one.in_search for name, one in all_of_them.items() if name not in given)
        assert all(baselines.find(domain, name) == one for name, one in all_of_them.items())


def test_shipped_tables_hold_the_published_ones_of_each_domain() -> None:
    folder = resources.folder("results") / "reference" / "baselines"
    for domain in SAMPLES:
        (path,) = folder.glob(f"{domain}-*.json")
        trials = json.loads(path.read_text(encoding="utf-8"))["trials"]
        assert {trial["candidate"]["baseline"] for trial in trials} == set(baselines.of_domain(domain))


def test_a_study_takes_networks_at_sizes_that_a_hand_counts() -> None:
    assert macs("vision", "ResNet-8 w4") == 784 * 36 + 784 * 288 + 196 * 864 + 49 * 3456 + 160
    assert (
        macs("vision", "Lagrangian one step")
        == 196 * 108 + 196 * (108 + 144) + 144 + 49 * 2592 + 49 * (216 + 576) + 576 + 2160
    )
    assert macs("physiological", "ShallowConvNet 10 filters") == 10 * 6 * 25 * 88 + 10 * 1 * 2
    assert macs("neuromorphic", "spiking CNN w6") == 6 * (13 * 13 * 6 * 2 * 25 + 3 * 3 * 16 * 6 * 25 + 4 * 16 * 10)
    assert macs("text", "TextCNN 25 filters") == 42 * 12 * 64 * 25 + 2 * 75
