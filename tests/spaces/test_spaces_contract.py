"""One contract for every kind of space on the shelf, by which the search knows it."""

from __future__ import annotations

import json

import pytest

from minas import config, resources, seeds
from minas.errors import ArchitectureError
from minas.spaces import SPACES

SHAPE, CLASSES = (1, 28, 28), 10
FILES = {"graph": ["vision"]}
"""A space's kind to the shipped files that describe such spaces; those of a kind without any have a test of their own."""


@pytest.fixture(params=[(kind, name) for kind in SPACES.names() for name in FILES.get(kind, ())], ids="-".join)
def space(request):
    kind, name = request.param
    return SPACES.get(kind).open(config.read(resources.find("search_spaces", name)))


def rng(number: int):
    return seeds.generator(number, "contract")


def test_everything_is_a_function_of_the_generator(space):
    for number in range(10):
        first, second = space.sample(rng(number)), space.sample(rng(number))
        assert space.key(first) == space.key(second)
        assert space.key(space.mutate(first, rng(1))) == space.key(space.mutate(second, rng(1)))
        other = space.sample(rng(number + 100))
        assert space.key(space.cross(first, other, rng(2))) == space.key(space.cross(second, other, rng(2)))


def test_architectures_survive_json_with_their_key(space):
    for number in range(30):
        architecture = space.sample(rng(number))
        for changed in (
            architecture,
            space.mutate(architecture, rng(7)),
            space.cross(architecture, space.sample(rng(8)), rng(9)),
        ):
            again = space.load(json.loads(json.dumps(space.dump(changed))))
            assert space.key(again) == space.key(changed)
            assert space.dump(again) == space.dump(space.load(space.dump(changed)))


def test_variation_gives_something_else_and_sampling_covers_the_space(space):
    architecture = space.sample(rng(0))
    assert {space.key(space.mutate(architecture, rng(number))) for number in range(20)} != {space.key(architecture)}
    assert len({space.key(space.sample(rng(number))) for number in range(50)}) > 40


def test_neighbours_are_other_architectures_of_the_space(space):
    architecture = space.sample(rng(3))
    for _, neighbour in zip(range(20), space.neighbours(architecture), strict=False):
        assert space.key(neighbour) != space.key(architecture)
        space.load(space.dump(neighbour))


def test_limits_are_of_features_and_most_samples_keep_them(space):
    limits = space.limits(SHAPE)
    kept = 0
    for number in range(50):
        features = space.features(space.sample(rng(number)), SHAPE, CLASSES)
        assert set(limits) <= set(features)
        assert all(value >= 0 for value in features.values())
        kept += all(features[name] <= largest for name, largest in limits.items())
    assert kept > 25


def test_what_was_told_before_building_is_what_the_network_has(space):
    import numpy as np
    import torch

    import minas
    from minas.data.task import Part, Task

    part = Part(np.zeros((4, *SHAPE), dtype=np.float32), np.arange(4) % CLASSES)
    task = Task("t", space.domain, "image", SHAPE, tuple("0123456789"), part, part, part, {}, "", "", "")
    for number in range(5):
        architecture = space.sample(rng(number))
        features = space.features(architecture, SHAPE, CLASSES)
        network = space.build(architecture, task, 3)
        assert sum(p.numel() for p in network.parameters()) == features["params"]
        assert minas.count_flops(network.eval(), torch.zeros(1, *SHAPE)) == features["flops"]
        assert network(torch.zeros(2, *SHAPE)).shape == (2, CLASSES)


@pytest.mark.parametrize(
    "dumped", [{}, {"schema": 99}, {"schema": 1, "kind": "image", "stages": 3, "head": {}}, {"stages": []}]
)
def test_what_is_no_architecture_is_refused(space, dumped):
    with pytest.raises(ArchitectureError):
        space.load(dumped)


def test_a_space_says_its_name_and_domain(space):
    assert (space.name, space.domain) == ("vision", "vision")
