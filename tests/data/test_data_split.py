from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minas.data import split
from minas.data.raw import Pile, Raw
from minas.errors import DataError


@st.composite
def problems(draw):
    shares = draw(st.lists(st.floats(0.05, 1), min_size=1, max_size=4))
    counts = draw(st.lists(st.integers(len(shares), 40), min_size=1, max_size=6))
    targets = np.repeat(np.arange(len(counts)), counts)
    order = np.random.default_rng(draw(st.integers(0, 99))).permutation(len(targets))
    return targets[order], shares


@given(problems(), st.integers(0, 2**40))
@settings(deadline=None)
def test_parts_are_complete_and_disjoint(problem, seed):
    targets, shares = problem
    indices = split.stratified(targets, shares, seed=seed)
    assert len(indices) == len(shares)
    assert sorted(np.concatenate(indices)) == list(range(len(targets)))


@given(problems(), st.integers(0, 2**40))
@settings(deadline=None)
def test_each_class_has_its_share_in_each_part(problem, seed):
    targets, shares = problem
    exact = np.array(shares) / sum(shares)
    for label in np.unique(targets):
        members = (targets == label).sum()
        counts = np.array([(targets[chosen] == label).sum() for chosen in split.stratified(targets, shares, seed=seed)])
        assert (counts >= 1).all()
        if (np.floor(members * exact + 1e-9) >= 1).all():
            assert (abs(counts - members * exact) < 1).all()


@given(problems(), st.integers(0, 2**40))
@settings(deadline=None)
def test_the_seed_decides(problem, seed):
    targets, shares = problem
    first = split.stratified(targets, shares, seed=seed)
    again = split.stratified(targets, shares, seed=seed)
    assert all((a == b).all() for a, b in zip(first, again, strict=True))


def test_other_seeds_give_other_parts():
    targets = np.repeat(np.arange(10), 50)
    first, second = (set(split.stratified(targets, (0.5, 0.5), seed=seed)[0]) for seed in (0, 1))
    assert 80 < len(first & second) < 170


def test_totals_fit_although_every_class_is_rounded():
    # Seven of each of 100 classes: 4.2 / 1.4 / 1.4 a class; rounding each class alike would give 500 / 100 / 100.
    sizes = [len(part) for part in split.stratified(np.repeat(np.arange(100), 7), (0.6, 0.2, 0.2), seed=0)]
    assert sizes == pytest.approx([420, 140, 140], abs=2)


def test_parts_are_shuffled():
    targets = np.repeat(np.arange(10), 100)
    for part in split.stratified(targets, (0.6, 0.4), seed=0):
        assert len(np.unique(targets[part[:60]])) == 10


def _raw(train: list[int], validation: list[int] | None = None, test: list[int] | None = None) -> Raw:
    def pile(counts: list[int], offset: int) -> Pile:
        targets = np.repeat(np.arange(len(counts)), counts)
        return Pile(offset + np.arange(len(targets)).reshape(-1, 1, 1, 1), targets)

    return Raw(
        train=pile(train, 0),
        validation=None if validation is None else pile(validation, 10_000),
        test=None if test is None else pile(test, 20_000),
        classes=tuple(f"class {index}" for index in range(len(train))),
        source="/some/where",
    )


def test_one_pile_is_cut_60_20_20():
    train, validation, test = split.parts(_raw([100, 50]), seed=3)
    assert [len(part) for part in (train, validation, test)] == [90, 30, 30]
    assert list(np.bincount(test.targets)) == [20, 10]


def test_a_given_test_part_is_kept_and_validation_is_a_sixth():
    train, validation, test = split.parts(_raw([60, 60], test=[5, 7]), seed=3)
    assert [len(part) for part in (train, validation, test)] == [100, 20, 12]
    assert sorted(test.inputs.ravel()) == list(range(20_000, 20_012))
    assert max(validation.inputs.ravel()) < 10_000


def test_a_given_validation_part_is_kept_and_test_is_a_sixth():
    train, validation, test = split.parts(_raw([60, 60], validation=[5, 7]), seed=3)
    assert [len(part) for part in (train, validation, test)] == [100, 12, 20]
    assert sorted(validation.inputs.ravel()) == list(range(10_000, 10_012))


def test_given_parts_are_all_kept_and_inputs_stay_with_their_targets():
    raw = _raw([3, 1], validation=[1, 1], test=[1, 0])
    train, validation, test = split.parts(raw, seed=3)
    assert [len(part) for part in (train, validation, test)] == [4, 2, 1]
    assert (train.targets == raw.train.targets[train.inputs.ravel()]).all()


@pytest.mark.parametrize(("raw", "needed"), [(_raw([50, 2]), 3), (_raw([50, 1], test=[3, 3]), 2)])
def test_a_class_with_too_few_samples_is_named(raw, needed):
    with pytest.raises(
        DataError, match=rf"/some/where: too few samples of class 'class 1' \(\d\); expected at least {needed}"
    ):
        split.parts(raw, seed=0)


def grouped(groups: list[list[str]], *, targets: list[list[int]] | None = None) -> Raw:
    """Three piles, or fewer, whose samples are numbered through, of two classes in turn."""
    number, piles = 0, []
    for place, names in enumerate(groups):
        inputs = np.arange(number, number + len(names))[:, None]
        labels = np.array(targets[place]) if targets else inputs[:, 0] % 2
        piles.append(Pile(inputs, labels.astype(np.int64), np.array(names)))
        number += len(names)
    names = ("train", "validation", "test")[: len(piles)] if len(piles) != 2 else ("train", "test")
    return Raw(**dict(zip(names, piles, strict=True)), classes=("a", "b"), source="a file")


def test_a_group_left_out_is_the_test_part_and_in_no_other_wherever_it_was():
    raw = grouped([["s1"] * 8 + ["s2"] * 8 + ["s3"] * 8, ["s4"] * 8, ["s5"] * 8 + ["s6"] * 8])
    for group in ("s1", "s4", "s6"):
        train, validation, test = split.parts(raw, seed=0, left_out=group)
        assert set(test.groups) == {group}
        assert sorted(np.concatenate([part.inputs[:, 0] for part in (train, validation, test)])) == list(range(48))
        assert not set(train.groups) & set(validation.groups)
        assert group not in {*train.groups, *validation.groups}


def test_beside_one_other_group_validation_is_cut_from_its_samples():
    train, validation, test = split.parts(grouped([["1"] * 12 + ["2"] * 12]), seed=0, left_out="2")
    assert (len(train), len(validation), len(test)) == (10, 2, 12)
    assert set(test.inputs[:, 0]) == set(range(12, 24))


@pytest.mark.parametrize(
    ("raw", "group", "words"),
    [
        (grouped([["s1"] * 8 + ["s2"] * 8]), "s3", "no group 's3' beside others; there are s1, s2"),
        (grouped([["s1"] * 8]), "s1", "no group 's1' beside others"),
        (grouped([["s1"] * 4 + ["s2"] * 4], targets=[[0] * 4 + [1] * 4]), "s2", "class 'b' is in the group 's2' alone"),
        (Raw(train=Pile(np.zeros((8, 1)), np.arange(8) % 2), classes=("a", "b"), source="a file"), "s1", "have no groups"),
    ],
)
def test_a_group_that_cannot_be_left_out_is_refused(raw, group, words):
    with pytest.raises(DataError, match=words):
        split.parts(raw, seed=0, left_out=group)
