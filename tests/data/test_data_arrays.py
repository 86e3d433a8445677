from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.utils.data import TensorDataset

from minas.data import arrays, formats
from minas.errors import DataError, MinasError

X = np.random.default_rng(0).random((12, 6, 6)).astype(np.float32)
Y = np.arange(12) % 3


def _read(source) -> formats.Raw:
    return formats.read(source.path, "image", formats.Options())


def test_x_and_y(tmp_path):
    source = arrays.store((X, Y), tmp_path, seed=4, image_size=8)
    assert (source.seed, source.image_size) == (4, 8)
    data = _read(source)
    assert (data.train.inputs[:, 0] == X).all()
    assert (data.train.targets == Y).all()
    assert data.test is None


@pytest.mark.parametrize(
    "pair",
    [
        [X, Y],
        (X.tolist(), Y.tolist()),
        (torch.tensor(X), torch.tensor(Y)),
        TensorDataset(torch.tensor(X), torch.tensor(Y)),
        (list(X), [str(label) for label in Y]),
        (X, np.array([str(label) for label in Y], dtype=object)),
    ],
    ids=["list", "lists", "tensors", "data set", "texts", "object texts"],
)
def test_pairs_of_many_kinds(tmp_path, pair):
    data = _read(arrays.store(pair, tmp_path))
    assert (data.train.inputs[:, 0] == X).all()
    assert (data.train.targets == Y).all()
    assert data.classes == ("0", "1", "2")


def test_parts_given_apart(tmp_path):
    two = _read(arrays.store(((X, Y), (X / 2, Y)), tmp_path))
    assert (two.test.inputs[:, 0] == X / 2).all()
    assert two.validation is None
    three = _read(arrays.store(((X, Y), TensorDataset(torch.tensor(X / 3), torch.tensor(Y)), (X / 2, Y)), tmp_path))
    assert (three.validation.inputs[:, 0] == X / 3).all()
    assert (three.test.inputs[:, 0] == X / 2).all()


def test_ten_and_more_classes_keep_their_order(tmp_path):
    labels = np.arange(24) % 12
    assert (_read(arrays.store((np.tile(X, (2, 1, 1)), labels), tmp_path)).train.targets == labels).all()


@pytest.mark.parametrize("data", [X, None, "path", {"x": X, "y": Y}, (X,), (X, Y, X, Y), ((X, Y),) * 4])
def test_other_forms_are_refused(tmp_path, data):
    with pytest.raises(DataError, match=r"expected \(x, y\), or \(train, test\)"):
        arrays.store(data, tmp_path)


def test_samples_of_different_shapes_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"samples of train: .* expected"):
        arrays.store(([X[0], X[0, :3]], [0, 1]), tmp_path)


def test_objects_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"labels of train: an array of Python objects"):
        arrays.store((X, np.array([object()] * 12)), tmp_path)


def test_a_data_set_with_one_hot_labels_is_told_what_to_do():
    with pytest.raises(DataError, match=r"train: item 0 has a label of shape \(3,\); expected one label .* argmax"):
        arrays.named(TensorDataset(torch.tensor(X), torch.eye(3)[Y]))


def test_arrays_that_cannot_be_written_are_an_error_in_words(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(MinasError, match=r"cannot write .*data\.npz: Not a directory"):
        arrays.store((np.zeros((4, 4, 4)), [0, 1, 0, 1]), tmp_path / "file" / "data")


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["a", None, "b"], "samples of train: the one at place 1, from 0, is None; expected a text, as others of them are"),
        (["a", "b", b"c"], "samples of train: the one at place 2, from 0, is of type bytes; expected a text"),
        (["a", float("nan"), "b"], "samples of train: the one at place 1, from 0, is of type float; expected a text"),
        (np.array(["a", "b", None], object), "samples of train: the one at place 2, from 0, is None; expected a text"),
        ([b"a", b"b", b"c"], r"samples of train: they are bytes; expected texts: decode them first"),
    ],
)
def test_what_is_no_text_among_texts_is_named(texts, message):
    with pytest.raises(DataError, match=message):
        arrays.named((texts, ["x", "y", "x"]))
    with pytest.raises(DataError, match=message.replace("samples", "labels")):
        arrays.named((["a", "b", "c"], texts))


def test_texts_and_whole_numbers_as_labels_are_fine():
    found = arrays.named((np.array(["a", "bc"], object), ["x", 1]))
    assert found["x_train"].tolist() == ["a", "bc"]
    assert found["y_train"].tolist() == ["x", "1"]
