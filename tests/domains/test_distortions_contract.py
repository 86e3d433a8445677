"""What every distortion of every domain keeps to, on the domains' default data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from minas.data.task import DataSource, Part, Task
from minas.domains import DOMAINS, Distort
from minas.graph.kinds import padding_of

CASES = [(domain.name, name) for domain in DOMAINS.all().values() for name in domain.distortions]


@pytest.fixture(scope="module")
def tasks() -> dict[str, Task]:
    return {domain.name: domain.load(DataSource()) for domain in DOMAINS.all().values()}


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def some(task: Task) -> torch.Tensor:
    return torch.from_numpy(task.test.inputs[:100])


def distortion(domain: str, name: str) -> Distort:
    return DOMAINS.get(domain).distortions[name]


def test_every_domain_has_two_or_more_with_names_that_may_end_a_measures_name() -> None:
    for domain in DOMAINS.all().values():
        assert len(domain.distortions) >= 2
        assert all(name.isidentifier() and name.islower() for name in domain.distortions)


@pytest.mark.parametrize(("domain", "name"), CASES)
def test_samples_keep_their_form_and_are_changed(domain: str, name: str, tasks: dict[str, Task]) -> None:
    inputs = some(tasks[domain])
    before = inputs.clone()
    outputs = distortion(domain, name)(tasks[domain], inputs, generator())
    assert torch.equal(inputs, before), "the samples given stay as they are"
    assert (outputs.shape, outputs.dtype) == (inputs.shape, inputs.dtype)
    assert torch.isfinite(outputs).all()
    assert (outputs != inputs).flatten(1).any(1).float().mean() > 0.95, "nearly every sample is changed"


@pytest.mark.parametrize(("domain", "name"), CASES)
def test_the_generator_alone_decides(domain: str, name: str, tasks: dict[str, Task]) -> None:
    task, inputs, distort = tasks[domain], some(tasks[domain]), distortion(domain, name)
    state = torch.random.get_rng_state()
    first, again, other = (
        distort(task, inputs, generator()),
        distort(task, inputs, generator()),
        distort(task, inputs, generator(1)),
    )
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize(("domain", "name"), CASES)
def test_labels_and_other_test_samples_have_no_part_in_it(domain: str, name: str, tasks: dict[str, Task]) -> None:
    task, inputs = tasks[domain], some(tasks[domain])
    blind = replace(
        task,
        train=replace(task.train, targets=np.zeros_like(task.train.targets)),
        validation=Part(task.validation.inputs[:1], task.validation.targets[:1]),
        test=Part(task.test.inputs[:1], task.test.targets[:1]),
    )
    distort = distortion(domain, name)
    assert torch.equal(distort(task, inputs, generator()), distort(blind, inputs, generator()))


@pytest.mark.parametrize(("domain", "name"), CASES)
def test_samples_stay_such_as_networks_take(domain: str, name: str, tasks: dict[str, Task]) -> None:
    task, inputs = tasks[domain], some(tasks[domain])
    outputs = distortion(domain, name)(task, inputs, generator())
    padding = padding_of(task.kind)
    if padding is not None:
        there = outputs != padding
        assert (there[:, 1:] <= there[:, :-1]).all(), "padding stands behind the last word"
        assert there.any(1).all(), "no text is padding alone"
        assert (there.sum(1) <= (inputs != padding).sum(1)).all(), "padding never becomes a word"
        assert int(outputs.min()) >= 0
        assert int(outputs.max()) < task.preprocessing["ids"]
    if task.kind == "spikes":
        assert set(outputs.unique().tolist()) == {0.0, 1.0}
