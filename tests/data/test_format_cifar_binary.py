from __future__ import annotations

import numpy as np
import pytest

from minas.data import formats, raw
from minas.errors import DataError

NAMES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


def records(samples: int, labels: int, classes: int, seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    table = generator.integers(0, 256, (samples, labels + 3072)).astype(np.uint8)
    table[:, labels - 1] = np.arange(samples) % classes
    return table


@pytest.fixture
def ten(tmp_path):
    for batch in range(1, 6):
        records(20, 1, 10, batch).tofile(tmp_path / f"data_batch_{batch}.bin")
    records(10, 1, 10, 9).tofile(tmp_path / "test_batch.bin")
    (tmp_path / "batches.meta.txt").write_text("\n".join(NAMES) + "\n\n")
    (tmp_path / "readme.html").write_text("<html>")
    return tmp_path


@pytest.fixture
def hundred(tmp_path):
    records(200, 2, 100, 1).tofile(tmp_path / "train.bin")
    records(100, 2, 100, 2).tofile(tmp_path / "test.bin")
    (tmp_path / "fine_label_names.txt").write_text("\n".join(f"thing {index}" for index in range(100)))
    return tmp_path


def read(folder):
    return formats.read(folder, "image", formats.Options())


def test_cifar_10_comes_back(ten):
    data = read(ten)
    assert data.classes == tuple(NAMES)
    assert data.train.inputs.shape == (100, 3, 32, 32)
    assert data.test.inputs.shape == (10, 3, 32, 32)
    third = records(20, 1, 10, 3)[7]
    assert data.train.targets[47] == 7
    # The red plane comes first, and each plane is stored row by row.
    assert data.train.inputs[47, 1, 5, 9] == third[1 + 1024 + 5 * 32 + 9]


def test_cifar_100_comes_back_with_its_fine_labels(hundred):
    data = read(hundred)
    assert data.classes[42] == "thing 42"
    assert (data.train.targets == np.arange(200) % 100).all()
    assert data.train.inputs[3, 2, 1, 0] == records(200, 2, 100, 1)[3, 2 + 2048 + 32]


def test_names_may_be_missing(ten):
    (ten / "batches.meta.txt").unlink()
    assert read(ten).classes == tuple("0123456789")


def test_a_missing_test_part_is_no_error(ten):
    (ten / "test_batch.bin").unlink()
    assert read(ten).test is None


def test_a_truncated_file_is_named(ten):
    with (ten / "data_batch_3.bin").open("ab") as file:
        file.truncate(5000)
    with pytest.raises(DataError, match=r"data_batch_3.bin: 5000 bytes; expected whole records of 3073 bytes"):
        read(ten)


def test_an_empty_file_is_named(ten):
    (ten / "test_batch.bin").write_bytes(b"")
    with pytest.raises(DataError, match=r"test_batch.bin: 0 bytes; expected whole records"):
        read(ten)


def test_a_label_out_of_range_is_named(ten):
    table = records(20, 1, 10, 2)
    table[5, 0] = 10
    table.tofile(ten / "data_batch_2.bin")
    with pytest.raises(DataError, match=r"data_batch_2.bin: record 5 has the label 10; expected 0 to 9"):
        read(ten)


def test_names_must_be_as_many_as_the_classes(ten):
    (ten / "batches.meta.txt").write_text("cat\ndog\n")
    with pytest.raises(DataError, match=r"batches.meta.txt: 2 names; expected 10"):
        read(ten)


def test_a_class_without_samples_is_named(ten):
    for path in ten.glob("data_batch_*.bin"):
        table = records(20, 1, 10, 1)
        table[table[:, 0] == 8, 0] = 0
        table.tofile(path)
    with pytest.raises(DataError, match=r"no training sample of 'ship'"):
        read(ten)


def test_the_python_version_is_refused(tmp_path):
    (tmp_path / "data_batch_1").write_bytes(b"\x80\x02}q\x01.")
    with pytest.raises(
        DataError, match=r"data_batch_1: the python version of CIFAR, which is pickle; expected the binary version"
    ):
        read(tmp_path)


def test_too_large_files_are_refused_before_they_are_read(ten, monkeypatch):
    monkeypatch.setattr(raw, "LARGEST_ARRAY", 100_000)
    with pytest.raises(DataError, match=r"values; expected at most 100,000"):
        read(ten)


def test_a_link_out_of_the_folder_is_refused(ten, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "secret.bin"
    records(20, 1, 10, 2).tofile(outside)
    (ten / "data_batch_2.bin").unlink()
    (ten / "data_batch_2.bin").symlink_to(outside)
    with pytest.raises(DataError, match=r"data_batch_2.bin: a link out of"):
        read(ten)
