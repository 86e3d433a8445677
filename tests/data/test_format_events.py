"""Readers of event-camera recordings, with files in the true format and hostile ones."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minas.data import events, formats
from minas.data.formats import nmnist_bin
from minas.data.raw import Raw
from minas.errors import DataError

FIELDS = [("x", "<u2"), ("y", "<u2"), ("t", "<i8"), ("p", "u1")]


def read(path: Path, **options: int) -> Raw:
    return formats.read(path, "spikes", formats.Options(**options))


def as_bin(rows: list[tuple[int, int, int, int]]) -> bytes:
    """(x, y, on, microseconds) as N-MNIST writes them, with an overflow mark wherever the clock turns."""
    out, turns = bytearray(), 0
    for x, y, on, time in rows:
        while time - (turns << 13) >= 1 << 13:
            turns += 1
            out += bytes([0, 240, 0, 0, 0])
        low = time - (turns << 13)
        out += bytes([x, y, on << 7 | low >> 16, low >> 8 & 255, low & 255])
    return bytes(out)


ROWS = [(3, 5, 1, 10), (33, 0, 0, 8_000), (0, 33, 1, 9_000), (4, 4, 0, 299_000)]


def folder(root: Path, ending: str, write) -> Path:
    for part in ("Train", "Test"):
        for label in ("0", "1"):
            place = root / part / label
            place.mkdir(parents=True)
            for number in range(3):
                write(place / f"{number:05}{ending}", number)
    return root


@pytest.fixture
def nmnist(tmp_path: Path) -> Path:
    return folder(tmp_path / "nmnist", ".bin", lambda path, number: path.write_bytes(as_bin(ROWS)))


@pytest.fixture
def arrays(tmp_path: Path) -> Path:
    return folder(tmp_path / "npy", ".npy", lambda path, number: np.save(path, as_table(ROWS)))


def as_table(rows: list[tuple[int, int, int, int]]) -> np.ndarray:
    return np.array([(x, y, time, on) for x, y, on, time in rows], dtype=FIELDS)


def test_n_mnist_bytes_are_decoded() -> None:
    found = nmnist_bin.decoded(as_bin(ROWS), "here")
    assert list(zip(found.x, found.y, found.on, found.times, strict=True)) == ROWS


def test_the_large_times_of_a_record_without_marks() -> None:
    found = nmnist_bin.decoded(bytes([1, 2, 0x80 | 0x12, 0x34, 0x56]), "here")
    assert (found.times.tolist(), found.on.tolist()) == ([0x123456], [True])


@pytest.mark.parametrize("layout", ["nmnist", "arrays"])
def test_recordings_become_spikes(layout: str, request: pytest.FixtureRequest) -> None:
    found = read(request.getfixturevalue(layout))
    assert found.classes == ("0", "1")
    assert found.validation is None
    assert found.test is not None
    assert (len(found.train), len(found.test)) == (6, 6)
    one = found.train.inputs[0]
    assert (one.shape, one.dtype) == ((10, 2, 34, 34), np.uint8)
    assert {tuple(place) for place in np.argwhere(one)} == {(0, 1, 5, 3), (0, 0, 0, 33), (0, 1, 33, 0), (9, 0, 4, 4)}


def test_the_sensor_is_pooled_on_request(nmnist: Path) -> None:
    one = read(nmnist, image_size=17).train.inputs[0]
    assert one.shape == (10, 2, 17, 17)
    assert {tuple(place) for place in np.argwhere(one)} == {(0, 1, 2, 1), (0, 0, 0, 16), (0, 1, 16, 0), (9, 0, 2, 2)}


def test_a_larger_sensor_is_pooled_to_34(tmp_path: Path) -> None:
    table = as_table([(239, 100, 1, 0), (0, 179, 0, 50)])
    root = folder(tmp_path / "npy", ".npy", lambda path, number: np.save(path, table))
    assert read(root).train.inputs.shape == (6, 10, 2, 25, 34)


def test_a_single_event_and_unsorted_ones(tmp_path: Path) -> None:
    tables = [as_table([(1, 1, 1, 7)]), as_table(list(reversed(ROWS))), as_table(ROWS)]
    root = folder(tmp_path / "npy", ".npy", lambda path, number: np.save(path, tables[number]))
    found = read(root).train.inputs
    assert found[0].sum() == 1
    assert np.array_equal(found[1], found[2])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no events"),
        (as_bin(ROWS)[:-1], "bytes; expected five for each event"),
        (bytes([0, 240, 0, 0, 0]), "holds no events"),
    ],
)
def test_wrong_n_mnist_files_are_named(nmnist: Path, content: bytes, message: str) -> None:
    (nmnist / "Train" / "1" / "00001.bin").write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        read(nmnist)
    assert "00001.bin" in str(caught.value)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (np.zeros((3, 4)), "expected one entry an event, with the fields x, y, t, p"),
        (np.zeros(3, FIELDS[:3]), "expected one entry an event"),
        (np.zeros(3, [*FIELDS[:2], ("t", "f8"), ("p", "u1")]), "the field t is of float64; expected whole numbers"),
        (np.zeros(0, FIELDS), "holds no events"),
        (np.full(2, -1, [("x", "i4"), ("y", "i4"), ("t", "i8"), ("p", "i1")]), "events at negative places or times"),
        (np.full(2, 60_000, FIELDS), "expected a sensor of 4096 pixels at most"),
        (np.array([{}]), "holds Python objects, which need pickle"),
    ],
)
def test_wrong_arrays_are_named(arrays: Path, table: np.ndarray, message: str) -> None:
    np.save(arrays / "Test" / "0" / "00002.npy", table, allow_pickle=True)
    with pytest.raises(DataError, match=message):
        read(arrays)


def test_what_lies_beside_recordings_is_named(nmnist: Path) -> None:
    (nmnist / "Train" / "0" / "notes.txt").touch()
    with pytest.raises(DataError, match=r"notes.txt: not a .bin file"):
        read(nmnist)


@pytest.mark.parametrize("layout", ["nmnist", "arrays"])
@given(data=st.data())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_damaged_files_are_read_or_refused(layout: str, request: pytest.FixtureRequest, data: st.DataObject) -> None:
    root = request.getfixturevalue(layout)
    path = next((root / "Train" / "1").iterdir())
    whole = io.BytesIO()
    np.save(whole, as_table(ROWS))
    content = bytearray(as_bin(ROWS) if layout == "nmnist" else whole.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        where = data.draw(st.integers(0, len(content)))
        content[where : where + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    path.write_bytes(content)
    with contextlib.suppress(DataError):
        assert set(np.unique(read(root).train.inputs)) <= {0, 1}


def test_binned_arrays_are_clipped(tmp_path: Path) -> None:
    counts = np.random.default_rng(0).integers(0, 4, (12, 5, 2, 6, 7))
    np.savez(tmp_path / "mine.npz", x=counts, y=np.arange(12) % 3)
    found = read(tmp_path / "mine.npz")
    assert found.classes == ("0", "1", "2")
    assert np.array_equal(found.train.inputs, counts > 0)
    with pytest.raises(DataError, match="already binned, which can't be pooled"):
        read(tmp_path / "mine.npz", image_size=17)


def test_spike_trains_of_units_become_rows(tmp_path: Path) -> None:
    np.savez(tmp_path / "mine.npz", x=np.eye(8)[None].repeat(6, 0), y=list("aabbcc"))
    assert read(tmp_path / "mine.npz").train.inputs.shape == (6, 8, 1, 1, 8)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((6, 4, 4, 4)), r"shape \(6, 4, 4, 4\); expected binned recordings"),
        (np.full((6, 4, 4), -1), "expected numbers from 0"),
        (np.full((6, 4, 4), np.nan), "expected numbers from 0"),
    ],
)
def test_arrays_that_are_no_counts_are_refused(tmp_path: Path, x: np.ndarray, message: str) -> None:
    np.savez(tmp_path / "mine.npz", x=x, y=np.arange(6) % 2)
    with pytest.raises(DataError, match=message):
        read(tmp_path / "mine.npz")


def test_bins_are_of_equal_length() -> None:
    times = np.arange(100, 200)
    one = events.Events(times * 0, times * 0, times >= 0, times)
    for steps in (1, 3, 10):
        assert events.binned(one, sensor=(1, 1), pooled=(1, 1), steps=steps).shape == (steps, 2, 1, 1)
    spread = events.Events(np.arange(100), times * 0, times >= 0, times)
    found = events.binned(spread, sensor=(1, 100), pooled=(1, 100), steps=10)
    assert found.sum((1, 2, 3)).tolist() == [10] * 10
