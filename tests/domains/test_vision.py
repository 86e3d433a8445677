from __future__ import annotations

import gzip
import json

import numpy as np
import pytest
from PIL import Image

from minas.data import arrays, fetch, normalise
from minas.data.task import DataSource, Task
from minas.domains import vision
from minas.errors import DataError


@pytest.fixture(scope="module")
def digits() -> Task:
    return vision.load(DataSource())


def test_the_default_task_is_3000_1000_1000_and_stratified(digits):
    assert digits.name == "mnist-5k"
    assert digits.shape == (1, 28, 28)
    assert digits.classes == tuple("0123456789")
    for part, each in ((digits.train, 300), (digits.validation, 100), (digits.test, 100)):
        assert list(np.bincount(part.targets)) == [each] * 10


def test_the_parts_share_no_sample(digits):
    parts = [{image.tobytes() for image in part.inputs} for part in (digits.train, digits.validation, digits.test)]
    assert [len(part) for part in parts] == [3000, 1000, 1000]
    assert len(set.union(*parts)) == 5000


def test_the_labels_belong_to_the_images(digits):
    # The nearest class mean; with shuffled labels it would find one in ten.
    flat = digits.train.inputs.reshape(3000, -1)
    means = np.stack([flat[digits.train.targets == label].mean(axis=0) for label in range(10)])
    distances = ((digits.test.inputs.reshape(1000, 1, -1) - means) ** 2).sum(axis=2)
    assert (distances.argmin(axis=1) == digits.test.targets).mean() > 0.75


def test_preprocessing_is_fitted_on_the_training_part_alone(digits):
    assert digits.train.inputs.mean() == pytest.approx(0, abs=1e-5)
    assert digits.train.inputs.std() == pytest.approx(1, abs=1e-5)
    assert abs(digits.test.inputs.mean()) > 1e-4
    json.dumps(digits.preprocessing)


def test_preprocessing_treats_raw_data_alike(digits):
    raw = vision.digits()
    out = {image.tobytes() for image in normalise.apply(digits.preprocessing, raw.train.inputs)}
    assert {image.tobytes() for image in digits.test.inputs} <= out


def test_first_samples_stand_for_all(digits):
    for part in (digits.train, digits.validation, digits.test):
        assert len(np.unique(part.targets[:100])) == 10


def test_the_seed_changes_the_split_and_the_digest(digits):
    other = vision.load(DataSource(seed=1))
    assert other.digest != digits.digest
    assert other.name == "mnist-5k"
    assert {image.tobytes() for image in other.test.inputs} != {image.tobytes() for image in digits.test.inputs}


def test_another_size_is_another_task():
    task = vision.load(DataSource(image_size=14))
    assert task.shape == (1, 14, 14)
    assert task.name.startswith("mnist-5k-")


@pytest.mark.filterwarnings("ignore:loadtxt")
@pytest.mark.parametrize("content", [b"", b"1,2,3\n", b"a,b\n", b"1,2\n1,2,3\n"])
def test_a_broken_default_file_is_named(monkeypatch, tmp_path, content):
    path = tmp_path / "mnist_5k.csv.gz"
    path.write_bytes(gzip.compress(content))
    monkeypatch.setattr(fetch, "installed", lambda *_: path)
    with pytest.raises(DataError, match=r"mnist_5k.csv.gz: .*784 pixels and a label"):
        vision.load(DataSource())


def test_a_folder_of_images_becomes_a_task(tmp_path):
    generator = np.random.default_rng(0)
    for label, count in (("cat", 40), ("dog", 10)):
        (tmp_path / "My Pets" / label).mkdir(parents=True)
        for index in range(count):
            pixels = generator.integers(0, 256, (9, 8, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "My Pets" / label / f"{index}.png")
    task = vision.load(DataSource(path=str(tmp_path / "My Pets")))
    assert task.name == f"my-pets-{task.digest[:8]}"
    assert task.shape == (3, 9, 8)
    assert task.classes == ("cat", "dog")
    assert [list(np.bincount(part.targets)) for part in (task.train, task.validation, task.test)] == [[24, 6], [8, 2], [8, 2]]
    assert task.source == str(tmp_path / "My Pets")


def test_arrays_become_a_task_with_their_own_test_part(tmp_path):
    generator = np.random.default_rng(0)
    x, y = generator.random((60, 3, 10, 10)), np.arange(60) % 3
    source = arrays.store(((x, y), (x[:6] + 5, y[:6])), tmp_path, image_size=8)
    task = vision.load(source)
    assert task.shape == (3, 8, 8)
    assert (len(task.train), len(task.validation), len(task.test)) == (50, 10, 6)
    assert task.test.inputs.min() > task.train.inputs.max()


def test_a_class_that_is_too_rare_is_refused(tmp_path):
    source = arrays.store((np.random.default_rng(0).random((9, 6, 6)), np.array([0] * 7 + [1] * 2)), tmp_path)
    with pytest.raises(DataError, match=r"data.npz: too few samples of class '1' \(2\); expected at least 3"):
        vision.load(source)
