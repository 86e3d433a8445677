"""Cross-validation inside training and validation samples."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest
import torch
from small_work import TRAINING, candidate, work

from minas.data.task import Part, Task
from minas.errors import UsageError
from minas.evaluation.evaluate import evaluate, network_of
from minas.evaluation.folds import folded, possible
from minas.evaluation.work import prepared
from minas.training.loop import train
from minas.trial import Status, Trial

FOLDS = 3


def task(groups: bool = False) -> Task:
    sizes, first, parts = (24, 12, 6), 0, []
    for size in sizes:
        inputs = np.arange(first, first + size, dtype=np.float32).reshape(size, 1, 1, 1)
        owner = (np.arange(first, first + size) // 4) if groups else None
        parts.append(Part(inputs, np.arange(size) % 3, owner))
        first += size
    return Task("t", "vision", "image", (1, 1, 1), ("a", "b", "c"), *parts, {}, "", "", "")


def figures(trial: Trial) -> Trial:
    return dataclasses.replace(trial, cost=type(trial.cost)())


def test_every_sample_but_the_tests_is_validated_on_once() -> None:
    held = []
    for parts in folded(task(), FOLDS):
        training, validation = (set(parts[name][0].flatten().tolist()) for name in ("train", "validation"))
        assert training | validation == set(range(36))
        assert not training & validation
        assert np.bincount(parts["validation"][1]).tolist() == [4, 4, 4]
        held += sorted(validation)
    assert sorted(held) == list(range(36))


def test_folds_are_the_same_each_time_and_keep_labels_with_samples() -> None:
    for first, again in zip(folded(task(), FOLDS), folded(task(), FOLDS), strict=True):
        for name in ("train", "validation"):
            assert all(torch.equal(a, b) for a, b in zip(first[name], again[name], strict=True))
            inputs, labels = first[name]
            places = inputs.flatten().long()
            assert torch.equal(labels, torch.where(places < 24, places, places - 24) % 3)


def test_no_group_is_divided() -> None:
    for parts in folded(task(groups=True), FOLDS):
        training, validation = (set((parts[name][0].flatten() // 4).tolist()) for name in ("train", "validation"))
        assert validation
        assert not training & validation


@pytest.mark.parametrize("groups", [False, True])
def test_more_folds_than_there_can_be_are_refused(groups: bool) -> None:
    with pytest.raises(UsageError, match=r"the task t can't be cut into 13 folds: .*; ask for fewer"):
        next(iter(folded(task(groups), 13)))


@pytest.mark.parametrize(("groups", "wanted", "most"), [(False, 4, 4), (False, 13, 12), (True, 13, 9), (False, 1, 1)])
def test_as_many_folds_as_classes_and_groups_suffice_for(groups: bool, wanted: int, most: int) -> None:
    # 12 samples of each class; 9 groups of 4 samples.
    assert possible(task(groups), wanted) == most


@pytest.mark.parametrize("groups", [1, 2, 3])
def test_a_few_groups_are_cut_into_as_many_folds(groups: int) -> None:
    whole = task()
    few = [dataclasses.replace(part, groups=np.arange(len(part)) % groups) for part in (whole.train, whole.validation)]
    assert possible(dataclasses.replace(whole, train=few[0], validation=few[1]), 4) == groups


def test_a_searchs_trial_is_the_mean_of_its_folds(tmp_path: Path) -> None:
    asked = work(tmp_path, training={**TRAINING, "folds": FOLDS, "augmentation": {}})
    trial = evaluate(asked, candidate())
    assert (trial.status, trial.reasons) == (Status.COMPLETE, {})
    ready, errors, samples = prepared(asked), [], 0
    for parts in folded(ready.task, FOLDS):
        network = network_of(ready, candidate())
        done = train(network, *parts["train"], ready.training, classes=3, epochs=3, seed=7)
        inputs, targets = parts["validation"]
        with torch.no_grad():
            errors.append(float((network.eval()(inputs).argmax(1) != targets).double().mean()))
        samples += done.samples
    assert trial.measures["error"] == pytest.approx(fmean(errors))
    assert trial.cost.training_macs == 3 * trial.measures["flops"] * samples
    assert figures(evaluate(asked, candidate())) == figures(trial)
    assert figures(evaluate(asked, candidate(role="control"))).measures == trial.measures


@pytest.mark.parametrize("folds", [1, FOLDS])
def test_each_networks_best_epoch_is_told_by_what_it_is_validated_on(folds: int, tmp_path: Path) -> None:
    asked = work(tmp_path, training={**TRAINING, "folds": folds, "augmentation": {}, "patience": 1})
    trial = evaluate(asked, candidate(epochs=8))
    ready, errors, passed = prepared(asked), [], 0
    for parts in folded(ready.task, folds) if folds > 1 else [ready.parts]:
        network = network_of(ready, candidate())
        held = parts["validation"]
        done = train(network, *parts["train"], ready.training, classes=3, epochs=8, seed=7, validation=held)
        with torch.no_grad():
            errors.append(float((network.eval()(held[0]).argmax(1) != held[1]).double().mean()))
        assert done.validated == done.epochs * len(held[0])
        passed += 3 * done.samples + done.validated
    assert trial.measures["error"] == pytest.approx(fmean(errors))
    assert trial.cost.training_macs == trial.measures["flops"] * passed
    assert figures(evaluate(asked, candidate(epochs=8))) == figures(trial)


def test_confirmation_and_a_search_without_folds_keep_the_tasks_own_parts(tmp_path: Path) -> None:
    plain, asked = work(tmp_path), work(tmp_path, training={**TRAINING, "folds": FOLDS})
    one = work(tmp_path, training={**TRAINING, "folds": 1})
    confirmation = candidate(role="confirmation", part="test")
    assert figures(evaluate(asked, confirmation)) == figures(evaluate(plain, confirmation))
    assert figures(evaluate(one, candidate())) == figures(evaluate(plain, candidate()))
    assert evaluate(asked, candidate()).measures["error"] != pytest.approx(evaluate(plain, candidate()).measures["error"])


def test_what_is_over_a_limit_or_diverges_ends_with_its_first_fold(tmp_path: Path) -> None:
    training = {**TRAINING, "folds": FOLDS}
    assert evaluate(work(tmp_path, training=training, limits={"flops": 1}), candidate()).status is Status.INFEASIBLE
    wild = evaluate(work(tmp_path, training={**training, "learning_rate": 1e12}), candidate())
    assert wild.status is Status.DIVERGED
    assert wild.reason
