"""Groups: none is ever divided, the shares hold as nearly as that allows, and what can't be done is said."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minas.data import arrays, formats, grouped, split
from minas.data.grouped import by_group
from minas.data.raw import Pile, Raw
from minas.errors import DataError

SHARES = (0.6, 0.2, 0.2)


def raw(groups, targets=None, *, test=None, classes=2) -> Raw:
    groups = np.asarray(groups)
    targets = np.arange(len(groups)) % classes if targets is None else np.asarray(targets)
    pile = Pile(np.arange(len(groups)).reshape(-1, 1, 1, 1), targets, groups)
    return Raw(train=pile, test=test, classes=tuple("abcdef"[:classes]), source="/some/where")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_group_is_divided_and_no_sample_lost(data):
    groups = np.array(data.draw(st.lists(st.integers(0, 12), min_size=3, max_size=80).filter(lambda g: len(set(g)) >= 3)))
    targets = np.array(data.draw(st.lists(st.integers(0, 2), min_size=len(groups), max_size=len(groups))))
    parts = by_group(targets, groups, SHARES, seed=data.draw(st.integers(0, 3)))
    assert sorted(np.concatenate(parts)) == list(range(len(groups)))
    held = [set(groups[part]) for part in parts]
    assert all(held)
    assert not held[0] & held[1] and not held[0] & held[2] and not held[1] & held[2]  # noqa: PT018


def test_shares_hold_as_nearly_as_groups_allow():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(40), rng.integers(5, 40, 40))
    targets = rng.choice(3, len(groups), p=[0.6, 0.3, 0.1])
    parts = by_group(targets, groups, SHARES, seed=1)
    for part, share in zip(parts, SHARES, strict=True):
        for label in range(3):
            assert np.mean(targets[part] == label) == pytest.approx(np.mean(targets == label), abs=0.02)
        assert len(part) / len(groups) == pytest.approx(share, abs=0.02)


def test_groups_of_one_class_each_still_leave_every_class_in_every_part():
    """As in a study of patients and controls, whose every subject has one label."""
    groups = np.repeat(np.arange(12), 10)
    targets = (groups >= 8).astype(int)
    for seed in range(5):
        for part in by_group(targets, groups, SHARES, seed=seed):
            assert set(targets[part]) == {0, 1}


def test_the_seed_decides_and_nothing_else_does():
    groups, targets = np.repeat(np.arange(20), 5), np.tile(np.arange(5), 20)
    first, second, other = (by_group(targets, groups, SHARES, seed=seed) for seed in (1, 1, 2))
    assert all((a == b).all() for a, b in zip(first, second, strict=True))
    assert any(set(a) != set(b) for a, b in zip(first, other, strict=True))
    renamed = by_group(targets, np.array([f"subject {group:02}" for group in groups]), SHARES, seed=1)
    assert all((a == b).all() for a, b in zip(first, renamed, strict=True))


def test_many_groups_take_no_longer_than_few(monkeypatch):
    placed = []
    real = grouped._divided
    monkeypatch.setattr(grouped, "_divided", lambda table, wanted, rng: placed.append(len(table)) or real(table, wanted, rng))
    by_group(np.arange(15_000) % 2, np.arange(15_000), SHARES, seed=0)
    assert sum(placed) <= grouped.PLACED


def test_a_task_is_divided_by_its_groups():
    data = raw(np.repeat(np.arange(10), 6))
    train, validation, test = split.parts(data, seed=0)
    assert [len(part) for part in (train, validation, test)] == [36, 12, 12]
    for part in (train, validation, test):
        assert (part.groups == data.train.groups[part.inputs.ravel()]).all()
        assert (part.targets == data.train.targets[part.inputs.ravel()]).all()
    assert not set(train.groups) & set(test.groups)


def test_validation_is_cut_by_group_where_the_test_part_is_given():
    given_test = Pile(np.zeros((4, 1, 1, 1)), np.arange(4) % 2, np.array([90, 90, 91, 91]))
    train, validation, test = split.parts(raw(np.repeat(np.arange(6), 4), test=given_test), seed=0)
    assert not set(train.groups) & set(validation.groups)
    assert sorted(test.groups) == [90, 90, 91, 91]


def test_too_few_groups_are_an_error():
    with pytest.raises(
        DataError, match=r"/some/where: 2 groups in the samples to be divided; expected at least 3, one for each"
    ):
        split.parts(raw([0] * 5 + [1] * 5), seed=0)
    with pytest.raises(ValueError, match="2 groups can't be divided into 3 parts"):
        by_group(np.zeros(4, dtype=int), np.array([0, 0, 1, 1]), SHARES, seed=0)


def test_a_class_in_one_group_stays_in_the_training_part():
    data = raw(np.repeat(np.arange(9), 4), [0] * 32 + [1] * 4)
    for seed in range(5):
        assert 1 in split.parts(data, seed=seed)[0].targets


def test_a_class_that_no_division_leaves_for_training_is_named():
    data = raw([0, 0, 1, 1, 2, 2], [0, 0, 1, 1, 2, 2], classes=3)
    with pytest.raises(DataError, match="is in too few groups: no division leaves some of it for training"):
        split.parts(data, seed=0)


X = np.random.default_rng(0).random((12, 6, 6)).astype(np.float32)
Y = np.arange(12) % 3
SUBJECTS = np.repeat(["anna", "bo", "cleo", "dan"], 3)


def read(path):
    return formats.read(path, "image", formats.Options())


@pytest.mark.parametrize("groups", [SUBJECTS, SUBJECTS.tolist(), np.repeat(np.arange(4), 3), np.repeat(np.arange(4.0), 3)])
def test_groups_come_back_from_arrays(tmp_path, groups):
    found = read(arrays.store((X, Y), tmp_path, groups=groups).path).train
    assert found.groups is not None
    assert found.groups.tolist() == np.asarray(groups).tolist()


def test_groups_of_parts_given_apart(tmp_path):
    data = read(arrays.store(((X, Y), (X, Y)), tmp_path, groups=(SUBJECTS, np.repeat("eve", 12))).path)
    assert set(data.test.groups) == {"eve"}
    with pytest.raises(DataError, match=r"expected a sequence of 2 arrays, of the groups of train, test"):
        arrays.store(((X, Y), (X, Y)), tmp_path, groups=SUBJECTS)


@pytest.mark.parametrize("name", ["groups", "groups_train", "Groups"])
def test_groups_in_an_archive(tmp_path, name):
    np.savez(tmp_path / "mine.npz", x=X, y=Y, **{name: SUBJECTS})
    assert (read(tmp_path / "mine.npz").train.groups == SUBJECTS).all()


@pytest.mark.parametrize(
    ("groups", "says"),
    [
        (SUBJECTS[:5], r"groups of the training part: shape \(5,\) for 12 samples; expected one group a sample, \(12,\)"),
        (SUBJECTS[:, None], r"shape \(12, 1\)"),
        (np.linspace(0, 1, 12), "fractions, missing values or dtype float64; expected whole numbers or texts"),
        (np.array([np.nan, *range(11)]), "missing values"),
    ],
)
def test_what_is_no_group_is_an_error(tmp_path, groups, says):
    np.savez(tmp_path / "mine.npz", x=X, y=Y, groups=groups)
    with pytest.raises(DataError, match=says):
        read(tmp_path / "mine.npz")


def test_given_parts_that_share_a_group_are_an_error(tmp_path):
    source = arrays.store(((X, Y), (X, Y)), tmp_path, groups=(SUBJECTS, np.repeat(["eve", "bo"], 6)))
    with pytest.raises(DataError, match="the group 'bo' is in the training and in the test part; expected each in one part"):
        read(source.path)
