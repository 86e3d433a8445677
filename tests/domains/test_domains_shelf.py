"""Every domain on the shelf: its default task, and what it promises."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch

from minas.data.task import DataSource
from minas.domains import DOMAINS
from minas.errors import ConfigError, UsageError

NAMES = DOMAINS.names()


def test_names_are_listed_and_domains_opened_without_torch_or_numpy():
    code = (
        "import sys; from minas.domains import DOMAINS; names = DOMAINS.names(); heavy = {'numpy', 'torch', 'PIL'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules); DOMAINS.all();"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules); print(names)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "vision" in out.stdout


def test_an_unknown_domain_gets_the_nearest_name():
    with pytest.raises(UsageError, match=r"no domain named 'visoin'; did you mean 'vision'"):
        DOMAINS.get("visoin")


@pytest.mark.parametrize("name", NAMES)
def test_a_domain_names_itself(name):
    domain = DOMAINS.get(name)
    assert domain.name == name
    assert domain.description


@pytest.mark.parametrize("name", NAMES)
def test_the_default_task_is_sound(name):
    domain = DOMAINS.get(name)
    task = domain.load(DataSource())
    assert task.name == domain.default_task
    assert task.domain == name
    assert task.source
    assert task.licence
    for part in (task.train, task.validation, task.test):
        assert part.inputs.shape == (len(part), *task.shape)
        assert np.isfinite(part.inputs).all()
        assert set(np.unique(part.targets)) == set(range(len(task.classes)))


@pytest.mark.parametrize("name", NAMES)
def test_the_default_task_is_the_same_each_time(name):
    first, again = (DOMAINS.get(name).load(DataSource()) for _ in range(2))
    assert first.digest == again.digest
    assert first.preprocessing == again.preprocessing
    for part in ("train", "validation", "test"):
        assert (getattr(first, part).inputs == getattr(again, part).inputs).all()
        assert (getattr(first, part).targets == getattr(again, part).targets).all()


@pytest.mark.parametrize("name", NAMES)
def test_no_augmentation_by_default_and_unknown_ones_are_refused(name):
    domain = DOMAINS.get(name)
    task = domain.load(DataSource())
    assert domain.augment(task, {}) is None
    with pytest.raises(ConfigError, match=r"no augmentation of .* named 'nonsense'"):
        domain.augment(task, {"nonsense": 1})


def test_augmentation_fills_with_the_tasks_background():
    domain = DOMAINS.get("vision")
    task = domain.load(DataSource())
    augment = domain.augment(task, {"shift": 2})
    inputs = torch.from_numpy(task.train.inputs)
    out = augment(inputs, torch.Generator().manual_seed(0))
    assert out.shape == inputs.shape
    assert not torch.equal(out, inputs)
    assert float(out.min()) == pytest.approx(float(inputs.min()), abs=1e-6)
