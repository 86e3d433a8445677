from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from minas.data import formats
from minas.data.formats import npz
from minas.errors import DataError

X = np.random.default_rng(0).integers(0, 256, (12, 6, 6)).astype(np.uint8)
Y = np.arange(12) % 3


@pytest.fixture
def path(tmp_path):
    return tmp_path / "mine.npz"


def read(path):
    return formats.read(path, "image", formats.Options())


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_x_and_y_come_back(path, save):
    save(path, x=X, y=Y)
    data = read(path)
    assert (data.train.inputs[:, 0] == X).all()
    assert (data.train.targets == Y).all()
    assert data.classes == ("0", "1", "2")
    assert data.test is None
    assert data.validation is None


def test_another_ending_is_no_hindrance(path, tmp_path):
    np.savez(path, x=X, y=Y)
    assert len(read(path.rename(tmp_path / "mine.data")).train) == 12


@pytest.mark.parametrize(
    ("train", "validation", "test"),
    [
        (("x", "y"), None, ("x_test", "y_test")),
        (("x_train", "y_train"), ("x_val", "y_val"), ("x_test", "y_test")),
        (("X_train", "Y_train"), ("X_validation", "Y_validation"), None),
        (("train_images", "train_labels"), ("val_images", "val_labels"), ("test_images", "test_labels")),
    ],
    ids=["plain", "keras", "capitals", "medmnist"],
)
def test_given_parts_are_kept_apart(path, train, validation, test):
    parts = {"train": train, "validation": validation, "test": test}
    arrays = {}
    for number, names in enumerate(parts.values()):
        if names:
            arrays |= {names[0]: X // (number + 1), names[1]: Y.reshape(-1, 1)}
    np.savez(path, **arrays)
    data = read(path)
    for number, (part, names) in enumerate(parts.items()):
        pile = getattr(data, part)
        assert (pile is not None) == (names is not None)
        if names:
            assert (pile.inputs[:, 0] == X // (number + 1)).all()


@pytest.mark.parametrize("layout", [(0, 1, 2, 3), (0, 3, 1, 2)])
def test_colours_in_both_layouts(path, layout):
    colour = np.random.default_rng(0).random((12, 6, 5, 3))
    np.savez(path, x=colour.transpose(layout), y=Y)
    assert read(path).train.inputs == pytest.approx(colour.transpose(0, 3, 1, 2))


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (np.array(["dog", "cat", "eel"])[Y], ("cat", "dog", "eel")),
        (np.array([b"a", b"b", b"c"])[Y], ("a", "b", "c")),
        (Y.astype(float), ("0", "1", "2")),
        (Y.astype(">i2") * 10, ("0", "10", "20")),
        (Y > 0, ("0", "1")),
    ],
    ids=["texts", "bytes", "floats", "big-endian", "booleans"],
)
def test_labels_of_every_kind(path, labels, classes):
    np.savez(path, x=X, y=labels)
    data = read(path)
    assert data.classes == classes
    assert len(set(zip(data.train.targets.tolist(), labels.tolist(), strict=True))) == len(classes)


@given(
    hnp.arrays(
        st.sampled_from(["u1", "i4", ">i2", "f4", ">f8", "f2"]),
        st.tuples(st.integers(6, 9), st.integers(1, 5), st.integers(5, 7)),
        elements=st.integers(0, 100),
    ),
    st.booleans(),
)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_number_type_and_memory_order_comes_back(path, pixels, fortran):
    np.savez(path, x=np.asfortranarray(pixels) if fortran else pixels, y=np.arange(len(pixels)) % 2)
    assert (read(path).train.inputs[:, 0] == pixels).all()


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({}, "holds nothing; expected arrays named x and y"),
        ({"pictures": X, "y": Y}, "labels of the train part, but no images"),
        ({"x": X}, "images of the train part, but no labels"),
        ({"x": X, "y": Y, "x_test": X}, "images of the test part, but no labels"),
        ({"x_test": X, "y_test": Y}, "holds x_test, y_test; expected arrays named x and y"),
        ({"x": X, "y": Y, "x_train": X}, "both x and x_train"),
        ({"x": X, "y": Y[:-1]}, "12 training samples, 11 labels"),
        ({"x": X, "y": np.zeros(12, int)}, "all samples are of one class, '0'"),
        ({"x": X, "y": Y - 1}, "sample 0 has the label -1; expected whole numbers from 0"),
        ({"x": X, "y": Y + 0.5}, "sample 0 has the label 0.5"),
        ({"x": X, "y": np.where(Y == 2, np.nan, Y)}, "sample 2 has the label nan"),
        ({"x": X, "y": np.eye(3)[Y]}, r"one-hot rows become labels by argmax\(axis=1\)"),
        ({"x": X, "y": Y.astype(complex)}, "labels have dtype complex128"),
        ({"x": X, "y": Y, "x_test": X, "y_test": Y.astype(str)}, "labels are texts in one part and numbers in another"),
        ({"x": X.reshape(12, 36), "y": Y}, r"train: images of shape \(12, 36\); expected \(samples, height, width\)"),
        ({"x": X[:0], "y": Y[:0]}, "array x: an empty array"),
        ({"x": np.where(X[5, 0, 0] == X, np.nan, X), "y": Y}, "train: NaN, infinite or huge values"),
        ({"x": X, "y": Y, "x_test": X[:, :4], "y_test": Y}, "test samples have shape"),
        ({"x": X.astype(str), "y": Y}, "expected real numbers"),
    ],
)
def test_arrays_that_cannot_be_used(path, arrays, message):
    np.savez(path, **arrays)
    with pytest.raises(DataError, match=rf"mine\.npz.*{message}"):
        read(path)


class _Bomb:
    def __reduce__(self):
        return (exec, ("raise SystemExit('unpickled')",))


def test_pickled_objects_are_refused(path):
    np.savez(path, x=X, y=np.array([_Bomb()] * 12, dtype=object))
    with pytest.raises(DataError, match=r"mine.npz: array y: holds Python objects, which need pickle"):
        read(path)


def _zip(path, **members: bytes) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)


def _npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def test_a_header_that_promises_more_than_there_is(path):
    header = _npy(X).replace(b"(12, 6, 6)", b"(99999999, 9999, 9)")
    _zip(path, x=header, y=_npy(Y))
    with pytest.raises(DataError, match=r"array x:"):
        read(path)


@pytest.mark.parametrize("shape", [b"(13, 6, 6)", b"(-2,-6,36)", b"(12, 6, 5)"])
def test_a_shape_that_does_not_fit_its_bytes(path, shape):
    _zip(path, x=_npy(X).replace(b"(12, 6, 6)", shape), y=_npy(Y))
    with pytest.raises(DataError, match=r"array x: 432 bytes; expected"):
        read(path)


@pytest.mark.parametrize("content", [b"", b"hello", b"\x93NUMPY\x09\x00aaaa", b"\x93NUMPY\x01\x00\x05\x00evil("])
def test_a_member_that_is_no_array(path, content):
    _zip(path, x=content, y=_npy(Y))
    with pytest.raises(DataError, match=r"array x: .*expected a NumPy array"):
        read(path)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(path, monkeypatch):
    monkeypatch.setattr(npz, "_MOST_BYTES", 1_000_000)
    np.savez_compressed(path, x=np.zeros((1000, 40, 40), np.uint8), y=np.arange(1000) % 2)
    assert path.stat().st_size < 20_000
    with pytest.raises(DataError, match=r"bytes unpacked; expected at most 1,000,000"):
        read(path)


def test_a_truncated_archive_is_refused(path):
    np.savez(path, x=X, y=Y)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match=r"mine.npz: can't be unpacked"):
        read(path)


def test_a_damaged_archive_is_refused(path):
    np.savez_compressed(path, x=X, y=Y)
    content = bytearray(path.read_bytes())
    content[200:210] = bytes(10)
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"mine.npz: can't be unpacked"):
        read(path)


def test_a_single_array_is_refused(path):
    path.write_bytes(_npy(X))
    with pytest.raises(DataError, match=r"a single array; expected a .npz archive with x and y"):
        read(path)
