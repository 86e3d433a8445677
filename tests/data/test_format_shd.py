"""The reader of SHD and SSC: HDF5 files in the true form, and hostile ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from minas.data import formats
from minas.data.raw import Raw
from minas.errors import DataError, MissingExtraError

h5py = pytest.importorskip("h5py", reason="h5py is not installed: pip install 'minas[hdf5]'")


def read(path: Path, **options: int) -> Raw:
    return formats.read(path, "spikes", formats.Options(**options))


def write(path: Path, trains: list[tuple[list[float], list[int]]], labels: list[int], speakers: list[int]) -> Path:
    with h5py.File(path, "w") as file:
        times = file.create_dataset("spikes/times", (len(trains),), h5py.vlen_dtype(np.float16))
        units = file.create_dataset("spikes/units", (len(trains),), h5py.vlen_dtype(np.uint16))
        for index, (when, where) in enumerate(trains):
            times[index], units[index] = np.array(when, np.float16), np.array(where, np.uint16)
        file["labels"] = np.array(labels, np.uint16)
        file["extra/speaker"] = np.array(speakers, np.uint16)
    return path


TRAINS = [([0.0, 0.25, 1.0], [0, 350, 699])] * 12
LABELS, SPEAKERS = [0, 1, 2] * 4, [0] * 3 + [1] * 3 + [2] * 3 + [3] * 3


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "shd_train.h5", TRAINS, LABELS, SPEAKERS)
    write(tmp_path / "shd_test.h5", TRAINS[:3], [0, 1, 2], [7, 7, 8])
    return tmp_path


def test_spike_trains_are_binned(folder: Path) -> None:
    found = read(folder, image_size=700)
    assert found.classes == ("0", "1", "2")
    assert found.train.inputs.shape == (12, 10, 1, 1, 700)
    assert {tuple(place) for place in np.argwhere(found.train.inputs[0])} == {(0, 0, 0, 0), (2, 0, 0, 350), (9, 0, 0, 699)}
    assert found.train.groups.tolist() == SPEAKERS
    assert found.test.groups.tolist() == [7, 7, 8]
    assert found.validation is None


def test_units_are_pooled_as_asked(folder: Path) -> None:
    assert read(folder).train.inputs.shape[-1] == 34
    assert read(folder, image_size=70).train.inputs.shape[-1] == 70


def test_one_file_is_one_pile(tmp_path: Path) -> None:
    found = read(write(tmp_path / "mine.h5", TRAINS, LABELS, SPEAKERS))
    assert (len(found.train), found.test) == (12, None)


def test_links_that_lead_elsewhere_are_refused(folder: Path) -> None:
    with h5py.File(folder / "shd_test.h5", "r+") as file:
        del file["labels"]
        file["labels"] = h5py.ExternalLink("shd_train.h5", "/labels")
    with pytest.raises(DataError, match=r"shd_test.h5: has no labels of its own"):
        read(folder)


@pytest.mark.parametrize(
    ("trains", "labels", "message"),
    [
        ([([0.1], [1, 2]), ([0.1], [1])], [0, 1], r"recording 0: \(1,\) times, \(2,\) units"),
        ([([], []), ([0.1], [1])], [0, 1], "recording 0: holds no events"),
        ([([float("nan")], [1]), ([0.1], [1])], [0, 1], "expected seconds and whole numbers"),
        ([([0.1], [1])], [0, 1], "expected the same number of lists"),
    ],
)
def test_wrong_trains_are_named(tmp_path: Path, trains: list, labels: list, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(write(tmp_path / "mine.h5", trains, labels, labels))


def test_a_broken_file_is_named(folder: Path) -> None:
    content = (folder / "shd_train.h5").read_bytes()
    (folder / "shd_train.h5").write_bytes(content[: len(content) // 3])
    with pytest.raises(DataError, match=r"shd_train.h5: can't be read as HDF5"):
        read(folder)


def test_without_the_library_the_extra_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    with pytest.raises(MissingExtraError, match=r"needs the package h5py: pip install 'minas\[hdf5\]'"):
        read(folder)
