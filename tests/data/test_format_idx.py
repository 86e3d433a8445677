from __future__ import annotations

import gzip
import struct

import numpy as np
import pytest

from minas.data import formats, raw
from minas.errors import DataError


def idx(array: np.ndarray) -> bytes:
    """Write the format as its specification says: two zeros, the type, the number of axes, the lengths, the bytes."""
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.astype("u1").tobytes()


def digits(samples: int = 30, classes: int = 3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    labels = np.arange(samples) % classes
    return np.random.default_rng(seed).integers(0, 256, (samples, 6, 5)), labels


def write(folder, zipped: bool = False, test: bool = True, prefix: str = "", dot: bool = False) -> None:
    for part, seed in (("train", 0), ("t10k", 1))[: 1 + test]:
        for name, array in zip(("images-idx3-ubyte", "labels-idx1-ubyte"), digits(seed=seed), strict=True):
            path = folder / f"{prefix}{part}-{name.replace('-idx', '.idx') if dot else name}"
            if zipped:
                path.with_name(path.name + ".gz").write_bytes(gzip.compress(idx(array)))
            else:
                path.write_bytes(idx(array))


def read(folder):
    return formats.read(folder, "image", formats.Options())


@pytest.mark.parametrize(
    "how", [{}, {"zipped": True}, {"prefix": "emnist-letters-"}, {"dot": True}], ids=["plain", "gzip", "emnist", "kaggle"]
)
def test_both_parts_come_back(tmp_path, how):
    write(tmp_path, **how)
    data = read(tmp_path)
    for pile, seed in ((data.train, 0), (data.test, 1)):
        pixels, labels = digits(seed=seed)
        assert (pile.inputs[:, 0] == pixels).all()
        assert pile.inputs.dtype == np.uint8
        assert (pile.targets == labels).all()
    assert data.classes == ("0", "1", "2")
    assert data.validation is None


def test_without_a_test_part(tmp_path):
    write(tmp_path, test=False)
    assert read(tmp_path).test is None


def test_labels_need_not_start_at_zero(tmp_path):
    write(tmp_path, test=False)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(digits()[1] * 5 + 7))
    data = read(tmp_path)
    assert data.classes == ("7", "12", "17")
    assert (data.train.targets == digits()[1]).all()


def test_zipped_and_unzipped_copies_side_by_side(tmp_path):
    write(tmp_path)
    write(tmp_path, zipped=True)
    assert len(read(tmp_path).train) == 30


IMAGES = idx(digits()[0])
LABELS = idx(digits()[1])
WHOLE = gzip.compress(IMAGES)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "an empty file; expected an IDX file"),
        (b"<html>not found</html>", "starts with 3c68746d; expected an IDX file, which starts with 00000803"),
        (LABELS, "starts with 00000801; expected an IDX file, which starts with 00000803"),
        (b"\0\0\x0d\x03" + IMAGES[4:], "starts with 00000d03"),
        (IMAGES[:9], "ends within its header"),
        (IMAGES[:-1], "only 899 bytes after the header; expected 900, for an array of shape"),
        (IMAGES + b"x", "more bytes after the header; expected 900"),
        (struct.pack(">BBBB3I", 0, 0, 8, 3, 0, 28, 28), "an empty array"),
        (struct.pack(">BBBB3I", 0, 0, 8, 3, 2**32 - 1, 2**20, 2**20), "values; expected at most"),
        (WHOLE[:-30], "can't be unpacked"),
        (WHOLE[:40] + b"\xff\xff\xff\xff" + WHOLE[44:], "can't be unpacked|bytes after the header"),
        (gzip.compress(IMAGES + bytes(50_000_000)), "more bytes after the header"),
        (idx(digits(29)[0]), "labels-idx1-ubyte: 30 labels; expected 29, one for each image of train-images-idx3-ubyte"),
    ],
)
def test_broken_files_are_named(tmp_path, content, message):
    write(tmp_path)
    (tmp_path / "train-images-idx3-ubyte").write_bytes(content)
    with pytest.raises(DataError, match=rf"train-.*{message}"):
        read(tmp_path)


@pytest.mark.parametrize("missing", ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte"])
def test_a_missing_file_is_named(tmp_path, missing):
    write(tmp_path)
    (tmp_path / missing).unlink()
    with pytest.raises(DataError, match=rf"expected the file {missing}"):
        read(tmp_path)


def test_a_header_cannot_ask_for_more_memory_than_is_allowed(tmp_path, monkeypatch):
    monkeypatch.setattr(raw, "LARGEST_ARRAY", 899)
    write(tmp_path)
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte: 900 values; expected at most 899"):
        read(tmp_path)


def test_one_class_is_refused(tmp_path):
    write(tmp_path, test=False)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(np.full(30, 4)))
    with pytest.raises(DataError, match=r"all samples are of one class, '4'"):
        read(tmp_path)


def test_a_label_that_training_never_sees_is_refused(tmp_path):
    write(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(idx(np.full(30, 9)))
    with pytest.raises(DataError, match=r"no training sample of '9'"):
        read(tmp_path)


def test_parts_of_different_size_are_refused(tmp_path):
    write(tmp_path)
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(idx(np.zeros((30, 6, 6))))
    with pytest.raises(DataError, match=r"test samples have shape \(1, 6, 6\), training samples \(1, 6, 5\)"):
        read(tmp_path)


def test_two_data_sets_in_one_folder_are_refused(tmp_path):
    write(tmp_path, prefix="emnist-letters-")
    write(tmp_path, prefix="emnist-digits-")
    with pytest.raises(DataError, match=r"both emnist-digits-.* and emnist-letters-.*; expected the files of one data set"):
        read(tmp_path)


def test_a_single_file_is_refused(tmp_path):
    write(tmp_path, zipped=True)
    with pytest.raises(DataError, match=r"one IDX file; expected the folder"):
        read(tmp_path / "train-images-idx3-ubyte.gz")


def test_a_link_out_of_the_folder_is_refused(tmp_path):
    (tmp_path / "mine").mkdir()
    write(tmp_path / "mine")
    (tmp_path / "mine" / "train-labels-idx1-ubyte").unlink()
    (tmp_path / "secret").write_bytes(LABELS)
    (tmp_path / "mine" / "train-labels-idx1-ubyte").symlink_to(tmp_path / "secret")
    with pytest.raises(DataError, match=r"train-labels-idx1-ubyte: a link out of"):
        read(tmp_path / "mine")


def test_a_folder_in_the_place_of_a_file_is_refused(tmp_path):
    write(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte").unlink()
    (tmp_path / "train-labels-idx1-ubyte").mkdir()
    with pytest.raises(DataError, match=r"train-labels-idx1-ubyte: not a file"):
        read(tmp_path)
