from __future__ import annotations

import dataclasses
import json
import os

import numpy as np
import pytest

from minas.data.task import DataSource, Part, Task, digest
from minas.errors import DataError, UsageError


def test_a_source_survives_json():
    source = DataSource(path="/data/mine", seed=3, image_size=20)
    assert DataSource(**json.loads(json.dumps(dataclasses.asdict(source)))) == source


def test_a_relative_path_becomes_absolute():
    assert DataSource(path="mine").path == os.path.join(os.getcwd(), "mine")
    assert DataSource().path is None


@pytest.mark.parametrize("side", [0, -3, 3, 5000])
def test_a_senseless_image_size_is_refused(side):
    with pytest.raises(UsageError, match=r"expected a side of 4 to 1024 pixels"):
        DataSource(image_size=side)


def _part(seed: int = 0, dtype: str = "u1") -> Part:
    generator = np.random.default_rng(seed)
    return Part(generator.integers(0, 255, (4, 1, 2, 2)).astype(dtype), np.array([0, 1, 1, 0]))


def test_the_digest_tells_data_splits_and_names_apart():
    parts = [_part(0), _part(1)]
    digests = {
        digest(parts, ("a", "b")),
        digest(parts[::-1], ("a", "b")),
        digest(parts, ("b", "a")),
        digest([_part(0), _part(2)], ("a", "b")),
        digest([_part(0), Part(_part(1).inputs, 1 - _part(1).targets)], ("a", "b")),
    }
    longer = _part(1).inputs.reshape(4, 1, 4, 1)
    digests.add(digest([_part(0), Part(longer, _part(1).targets)], ("a", "b")))
    assert len(digests) == 6
    assert digest([_part(0), _part(1)], ("a", "b")) in digests


def test_the_digest_knows_no_byte_order():
    assert digest([_part(dtype="<f4")], ("a", "b")) == digest([_part(dtype=">f4")], ("a", "b"))


@pytest.mark.parametrize(
    ("kind", "shape", "message"),
    [
        ("image", (2, 2), r"the task mine: the shape of a sample is \(2, 2\), expected \(channels, height, width\)"),
        ("imagge", (1, 2, 2), r"the task mine: no kind of state named 'imagge'; did you mean 'image'\?"),
    ],
)
def test_samples_that_no_network_could_take_are_refused(kind, shape, message):
    with pytest.raises(DataError, match=message):
        Task("mine", "vision", kind, shape, ("a", "b"), _part(), _part(), _part(), {}, "", "", "")
