"""Ninapro's MATLAB files, written by scipy with the variables and shapes of the originals."""

from __future__ import annotations

import contextlib
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.io import savemat

import minas
from minas.data import formats
from minas.data.formats import ninapro_mat
from minas.errors import DataError

PLAIN = formats.Options()
RATE, LASTS, CHANNELS, MOVEMENTS, REPETITIONS = 100, 70, 3, 2, 6
LENGTH = (30 + LASTS) * MOVEMENTS * REPETITIONS


def content(**changed: Any) -> dict[str, Any]:
    """Movements made again and again, with rest between; `None` leaves a variable out."""
    movement = np.concatenate([[0] * 30 + [m] * LASTS for m in range(1, MOVEMENTS + 1) for _ in range(REPETITIONS)])
    number = np.concatenate([[0] * 30 + [r] * LASTS for _ in range(MOVEMENTS) for r in range(1, REPETITIONS + 1)])
    emg = 10_000.0 * np.arange(CHANNELS) + np.arange(len(movement))[:, None]
    known = {
        "emg": emg.astype(np.float32),
        "restimulus": movement.astype(np.int8)[:, None],
        "stimulus": np.ones((len(emg), 1), np.int8),
        "rerepetition": number.astype(np.int8)[:, None],
        "repetition": np.ones((len(emg), 1), np.int8),
        "subject": np.array([[1]], np.uint16),
        "frequency": np.array([[RATE]], np.uint16),
    } | changed
    return {name: values for name, values in known.items() if values is not None}


def written(path: Path, *, packed: bool = True, **changed: Any) -> Path:
    savemat(path, content(**changed), do_compression=packed)
    return path


@pytest.mark.parametrize("packed", [True, False])
def test_repetitions_are_cut_into_windows_and_rest_is_left_out(tmp_path: Path, packed: bool) -> None:
    found = formats.read(written(tmp_path / "S1_E1_A1.mat", packed=packed), "signal", PLAIN)
    assert found.classes == ("01", "02")
    each = LASTS // 20
    assert found.train.inputs.shape == (MOVEMENTS * REPETITIONS * each, CHANNELS, 20)
    assert found.train.targets.tolist() == [0] * REPETITIONS * each + [1] * REPETITIONS * each
    assert found.train.groups is not None
    assert found.train.groups.tolist() == [str(r) for r in range(1, REPETITIONS + 1) for _ in range(each)] * MOVEMENTS
    np.testing.assert_array_equal(found.train.inputs[0, 1], 10_000 + np.arange(30, 50))
    np.testing.assert_array_equal(found.train.inputs[each, 0], np.arange(130, 150))


def test_without_a_frequency_a_window_is_a_part_of_the_repetition(tmp_path: Path) -> None:
    found = formats.read(written(tmp_path / "a.mat", frequency=None), "signal", PLAIN)
    assert found.train.inputs.shape[2] == LASTS // ninapro_mat.PARTS


def test_what_was_not_refined_is_taken_where_nothing_else_is_there(tmp_path: Path) -> None:
    plain = content()
    changed = {"restimulus": None, "stimulus": plain["restimulus"], "rerepetition": None, "repetition": plain["rerepetition"]}
    found = formats.read(written(tmp_path / "a.mat", **changed), "signal", PLAIN)
    expected = formats.read(written(tmp_path / "b.mat"), "signal", PLAIN)
    np.testing.assert_array_equal(found.train.inputs, expected.train.inputs)


def test_subjects_are_groups_and_exercises_have_movements_of_their_own(tmp_path: Path) -> None:
    for subject in (1, 2):
        for exercise in (1, 2):
            path = tmp_path / f"S{subject}_E{exercise}_A1.mat"
            written(path, subject=np.array([[subject]]), exercise=np.array([[exercise]]))
    found = formats.read(tmp_path, "signal", PLAIN)
    assert found.classes == tuple(f"exercise {e} movement {m:02d}" for e in (1, 2) for m in (1, 2))
    assert found.train.groups is not None
    assert sorted(set(found.train.groups.tolist())) == ["1", "2"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"emg": None}, "holds restimulus, .*expected emg"),
        ({"stimulus": None, "restimulus": None}, "holds emg, .*restimulus or stimulus"),
        ({"emg": np.array([[1, "a"]], dtype=object)}, "emg: cell; expected one numeric array"),
        ({"subject": {"name": 1}}, "subject: struct; expected one numeric array"),
        ({"emg": np.zeros((5, 2, 2))}, r"emg of shape \(5, 2, 2\)"),
        ({"emg": np.zeros((5, 2))}, "restimulus of shape .*each of emg's 5 points"),
        ({"restimulus": np.full((LENGTH, 1), 0.5)}, "restimulus holds what is no whole number"),
        ({"restimulus": np.zeros((LENGTH, 1))}, "rest alone"),
        ({"emg": np.zeros((LENGTH, 2), complex)}, "no real numbers"),
        ({"frequency": np.array([[0]])}, "frequency of shape .*one number above 0"),
        ({"frequency": np.array([[1000]])}, "no repetition with 200 points of time"),
        ({"emg": np.full((LENGTH, 2), np.nan)}, "NaN"),
    ],
)
def test_what_is_no_such_recording_is_refused(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        formats.read(written(tmp_path / "a.mat", **changed), "signal", PLAIN)


def test_files_that_differ_are_refused(tmp_path: Path) -> None:
    written(tmp_path / "a.mat")
    written(tmp_path / "b.mat", emg=np.zeros((LENGTH, 5)))
    with pytest.raises(DataError, match=r"b.mat: 5 channels; expected 3"):
        formats.read(tmp_path, "signal", PLAIN)
    written(tmp_path / "b.mat", frequency=np.array([[200]]))
    with pytest.raises(DataError, match=r"b.mat: another frequency than in a.mat"):
        formats.read(tmp_path, "signal", PLAIN)


def test_a_size_that_is_only_declared_is_refused_before_the_reading(tmp_path: Path) -> None:
    path = written(tmp_path / "a.mat", packed=False)
    data = path.read_bytes()
    sides = np.array([LENGTH, CHANNELS], "<i4").tobytes()
    assert data.count(sides) == 1
    path.write_bytes(data.replace(sides, np.array([2**30, 2**30], "<i4").tobytes()))
    with pytest.raises(DataError, match=r"emg: 1,152,921,504,606,846,976 values; expected at most"):
        formats.read(path, "signal", PLAIN)


def test_a_variable_that_unpacks_to_more_than_it_declares_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ninapro_mat, "LARGEST_FILE", 1 << 20)
    path = written(tmp_path / "a.mat")
    bomb = zlib.compress(bytes(1 << 22))
    path.write_bytes(path.read_bytes() + np.array([15, len(bomb)], "<u4").tobytes() + bomb)
    with pytest.raises(DataError, match="unpacks to more than 1,048,576 bytes"):
        formats.read(path, "signal", PLAIN)


def test_a_file_of_version_7_3_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "a.mat").write_bytes(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(512) + b"\x89HDF\r\n\x1a\n")
    with pytest.raises(DataError, match=r"version 7.3; expected version 5 to 7: .*-v7"):
        formats.read(tmp_path / "a.mat", "signal", PLAIN)


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    written(tmp_path / "a.mat")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "b.mat").symlink_to(tmp_path / "a.mat")
    with pytest.raises(DataError, match="a link out of"):
        formats.read(tmp_path / "folder", "signal", PLAIN)


@pytest.mark.filterwarnings("ignore")
@given(st.data())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_damaged_matlab_files_are_read_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    damaged = bytearray(written(tmp_path / "whole.mat", packed=data.draw(st.booleans())).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        where = data.draw(st.integers(7, len(damaged)))
        damaged[where : where + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    path = tmp_path / "broken.mat"
    path.write_bytes(damaged)
    with contextlib.suppress(DataError):
        assert np.isfinite(formats.read(path, "signal", PLAIN).train.inputs).all()


@pytest.mark.slow
def test_a_search_on_muscle_signals(tmp_path: Path) -> None:
    movement = content()["restimulus"]
    noise = np.random.default_rng(0).normal(size=(len(movement), CHANNELS)) * (1 + movement)
    written(tmp_path / "S1_E1_A1.mat", emg=noise)
    run = minas.search(
        "physiological", data=tmp_path, trials=4, out=tmp_path / "run", population=4, window=2, epochs=2, members=1,
        confirmation_epochs=2, confirmation_seeds=2,
    )  # fmt: skip
    assert run.configuration.task.shape == (CHANNELS, 20)
    assert len(run.front) >= 1
