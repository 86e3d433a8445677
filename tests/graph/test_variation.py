"""Sampling, mutation and crossover give valid canonical architectures of the space, and reach all of it."""

from __future__ import annotations

from dataclasses import replace

import graph_strategies as shared
import numpy as np
import pytest
from hypothesis import given, settings

from minas.errors import ConfigError
from minas.graph.architecture import canonical, dump, key, load, validate
from minas.graph.changes import CHANGES, neighbours
from minas.graph.space import GraphSpace, Limits, contains
from minas.graph.structure import Architecture
from minas.graph.variation import WEIGHTS, cross, mutate, sample

SPACES = {"vision": shared.VISION, "small": shared.small_space(), "tight": replace(shared.VISION, limits=Limits(nodes=5))}


def check(space: GraphSpace, found: Architecture) -> None:
    validate(found)
    assert canonical(found) == found
    assert contains(space, found)
    assert load(dump(found)) == found


@pytest.mark.parametrize("name", SPACES)
@settings(deadline=None)
@given(seed=shared.seeds)
def test_whatever_is_generated_is_valid_and_in_the_space(name: str, seed: int) -> None:
    space, rng = SPACES[name], np.random.default_rng(seed)
    first, second = sample(space, rng), sample(space, rng)
    mutant = mutate(space, first, rng)
    for found in (first, second, mutant, cross(space, first, second, rng), cross(space, first, mutant, rng)):
        check(space, found)
    assert key(mutant) != key(first)


@settings(deadline=None, max_examples=50)
@given(shared.seeds)
def test_the_numbering_of_a_parent_does_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = sample(shared.VISION, rng), sample(shared.VISION, rng)
    renumbered = shared.renumbered(first, rng)
    for parent in (first, renumbered):
        assert mutate(shared.VISION, parent, np.random.default_rng(seed)) == mutate(
            shared.VISION, first, np.random.default_rng(seed)
        )
        assert cross(shared.VISION, parent, second, np.random.default_rng(seed)) == cross(
            shared.VISION, first, second, np.random.default_rng(seed)
        )


@settings(max_examples=8, deadline=None)
@given(shared.seeds)
def test_neighbours_are_other_architectures_of_the_space_each_once(seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = sample(shared.VISION, rng)
    near = list(neighbours(shared.VISION, found))
    keys = [key(other) for other in near]
    assert len(set(keys)) == len(keys) > 50
    assert key(found) not in keys
    for other in near[:: max(1, len(near) // 20)]:
        check(shared.VISION, other)
    assert near == list(neighbours(shared.VISION, shared.renumbered(found, rng)))
    assert all(key(mutate(shared.VISION, found, rng)) in keys for _ in range(20))


def test_neighbourhood_is_mutual_but_for_stages() -> None:
    space = replace(shared.VISION, stages=shared.VISION.stages[:2])
    rng = np.random.default_rng(1)
    found = sample(space, rng)
    while len(found.stages[1].nodes) < 3:
        found = sample(space, rng)
    for other in list(neighbours(space, found))[::25]:
        assert key(found) in {key(back) for back in neighbours(space, other)} or sum(
            len(stage.nodes) for stage in other.stages
        ) != sum(len(stage.nodes) for stage in found.stages)


def test_steps_lead_from_anywhere_to_all_of_a_small_space() -> None:
    space = shared.small_space(shared.SMALL.replace("nodes = [0, 1]", "nodes = [0, 0]").replace("grid = [1, 2]", "grid = [1]"))
    rng = np.random.default_rng(2)
    sampled = {key(sample(space, rng)) for _ in range(1000)}

    def reached(start: Architecture) -> set[str]:
        seen, waiting = {key(start)}, [start]
        while waiting:
            for other in neighbours(space, waiting.pop()):
                if (name := key(other)) not in seen:
                    seen.add(name)
                    waiting.append(other)
        return seen

    everything = reached(sample(space, rng))
    assert sampled <= everything
    assert reached(sample(space, rng)) == everything


def test_repeated_mutation_reaches_every_choice_of_the_vision_space() -> None:
    space, rng = shared.VISION, np.random.default_rng(3)
    found = sample(space, rng)
    seen: set[object] = set()
    for _ in range(2500):
        found = mutate(space, found, rng)
        seen.add(("stages", len(found.stages)))
        seen.update(found.head)
        for index, stage in enumerate(found.stages):
            seen |= {(index, "width", stage.width), (index, "stride", stage.stride), (index, "nodes", len(stage.nodes) - 1)}
            seen |= {(index, "entry", stage.nodes[0]), *((index, "inner", node) for node in stage.nodes[1:])}
    wanted: set[object] = {("stages", 2), ("stages", 3), *(("grid", grid) for grid in space.head["grid"])}
    for index, part in enumerate(space.stages):
        wanted |= {(index, "width", width) for width in part.widths} | {(index, "stride", stride) for stride in part.strides}
        wanted |= {(index, "nodes", count) for count in range(part.nodes[0], part.nodes[1] + 1)}
        wanted |= {(index, "entry", node) for node in space.entries} | {(index, "inner", node) for node in space.inner}
    assert wanted <= seen


def test_sampling_reaches_every_choice_too() -> None:
    rng = np.random.default_rng(4)
    found = [sample(shared.VISION, rng) for _ in range(2000)]
    for index, part in enumerate(shared.VISION.stages):
        stages = [value.stages[index] for value in found if len(value.stages) > index]
        assert {stage.width for stage in stages} == set(part.widths)
        assert {node for stage in stages for node in stage.nodes[1:]} == set(shared.VISION.inner)
        assert {stage.output - 1 for stage in stages} == set(range(part.nodes[0], part.nodes[1] + 1))
    assert len({key(value) for value in found}) > 1900


@pytest.mark.parametrize("kind", CHANGES)
def test_every_kind_of_change_does_something_and_is_drawn(kind: str) -> None:
    rng = np.random.default_rng(5)
    found = [sample(shared.VISION, rng) for _ in range(30)]
    changed = [(value, other) for value in found for other in CHANGES[kind](shared.VISION, value)]
    assert any(key(value) != key(other) for value, other in changed)
    assert WEIGHTS[kind] > 0
    for _, other in changed[:: max(1, len(changed) // 50)]:
        validate(other)


def test_a_child_takes_each_stage_and_the_head_from_a_parent() -> None:
    rng = np.random.default_rng(6)
    mixed = 0
    for _ in range(300):
        parents = sample(shared.VISION, rng), sample(shared.VISION, rng)
        child = cross(shared.VISION, *parents, rng)
        assert len(child.stages) in {len(parent.stages) for parent in parents}
        assert child.head in {parent.head for parent in parents}
        for index, stage in enumerate(child.stages):
            assert stage in {parent.stages[index] for parent in parents if len(parent.stages) > index}
        mixed += key(child) not in {key(parent) for parent in parents}
    assert mixed > 290


def test_a_child_has_as_many_stages_as_either_parent() -> None:
    rng = np.random.default_rng(9)
    long = next(value for value in iter(lambda: sample(shared.VISION, rng), None) if len(value.stages) == 3)
    short = next(value for value in iter(lambda: sample(shared.VISION, rng), None) if len(value.stages) == 2)
    for parents in ((long, short), (short, long)):
        assert {len(cross(shared.VISION, *parents, rng).stages) for _ in range(40)} == {2, 3}


def test_no_mutation_gives_its_parent_back_under_another_numbering() -> None:
    nodes, edges = ["conv3x3", "conv3x3", "conv3x3", "maxpool3x3"], [(0, 1), (0, 2), (1, 3), (1, 4), (2, 4), (3, 4)]
    found = replace(shared.VISION, stages=shared.VISION.stages[:1]), canonical(shared.architecture(nodes, edges))
    assert key(found[1]) in {key(other) for other in CHANGES["edge moved"](*found)}
    rng = np.random.default_rng(10)
    assert all(key(mutate(*found, rng)) != key(found[1]) for _ in range(2000))


def test_a_space_of_one_architecture_gives_it_back() -> None:
    text = """
    space = {schema = 1, name = "one", domain = "vision", kind = "image"}
    stages = [{name = "s", widths = [4], strides = [1], nodes = [0, 0]}]
    operators = {entry = ["conv3x3"], inner = ["conv3x3"]}
    head = {grid = [1]}
    """
    space, rng = shared.small_space(text), np.random.default_rng(7)
    only = sample(space, rng)
    assert list(neighbours(space, only)) == []
    assert mutate(space, only, rng) == cross(space, only, only, rng) == only


def test_a_space_that_cannot_be_met_is_named() -> None:
    text = shared.SMALL.replace('inner = ["conv3x3", "maxpool3x3", "identity"]', 'inner = ["identity", "conv3x3"]').replace(
        "nodes = [1, 2]", "nodes = [20, 20]"
    )
    with pytest.raises(ConfigError, match="search space small: its limits leave next to nothing to sample"):
        sample(shared.small_space(text), np.random.default_rng(8))
