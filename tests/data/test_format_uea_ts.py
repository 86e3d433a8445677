"""The reader of the UEA archive's .ts files."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minas.data import formats
from minas.errors import DataError

PLAIN = formats.Options()
HEADER = """#A comment, \u00b5Volt
#
@problemName Toy
@timeStamps false
@missing false
@univariate false
@dimensions 2
@equalLength true
@seriesLength 3
@classLabel true left right
@data
"""
ROWS = "1,2,3:-4,5e-1,6:left\n1.5,2,3:4,5,6:right\n\n7,8,9:10,11,12:left\n0,0,1:1,0,0:right\n"


def written(folder: Path, text: str = HEADER + ROWS, name: str = "Toy_TRAIN.ts", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_text(text, encoding=encoding)
    return path


def test_a_file_is_one_pile_of_samples(tmp_path: Path) -> None:
    found = formats.read(written(tmp_path), "signal", PLAIN)
    assert found.train.inputs.dtype == np.float32
    assert found.train.inputs.tolist()[:2] == [[[1, 2, 3], [-4, 0.5, 6]], [[1.5, 2, 3], [4, 5, 6]]]
    assert found.classes == ("left", "right")
    assert found.train.targets.tolist() == [0, 1, 0, 1]
    assert found.test is None


def test_a_folder_gives_the_parts_as_they_are_shipped(tmp_path: Path) -> None:
    written(tmp_path)
    written(tmp_path, HEADER + "1,1,1:2,2,2:right\n", "Toy_TEST.ts")
    found = formats.read(tmp_path, "signal", PLAIN)
    assert len(found.train) == 4
    assert found.test is not None
    assert (found.test.inputs.tolist(), found.test.targets.tolist()) == ([[[1, 1, 1], [2, 2, 2]]], [1])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_comments_may_be_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    assert len(formats.read(written(tmp_path, encoding=encoding), "signal", PLAIN).train) == 4


def test_one_channel_and_no_sizes_in_the_header(tmp_path: Path) -> None:
    header = "@problemName Toy\n@timestamps FALSE\n@univariate true\n@classLabel true 0 1\n@data\n".replace("FALSE", "false")
    found = formats.read(written(tmp_path, header + "1,2:0\n3,4:1\n"), "signal", PLAIN)
    assert found.train.inputs.shape == (2, 1, 2)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("5e-1", "", "line 12: could not convert string to float: ''; expected numbers apart by commas"),
        ("-4,5e-1,6", "?,?,?", "line 12, channel 2: channel 1 holds no value"),
        ("5e-1", "five", "line 12: could not convert string to float: 'five'; expected numbers"),
        ("5e-1", "inf", "NaN, infinite or huge values in 1 samples"),
        (":left\n1.5", ":up\n1.5", "line 12: the class 'up'; expected one of left, right"),
        ("1.5,2,3:", "1.5,2:", "line 13: channels of 2, 3 points of time; expected one length"),
        ("1.5,2,3:4,5,6:", "1.5,2:4,5:", "line 13: 2 channels of 2 points of time; expected 2 of 3"),
        ("1,2,3:-4,5e-1,6:", "1,2,3:", "line 12: 1 channels of 3 points of time; expected 2 of 3"),
        ("@timeStamps false", "@timeStamps true", "a file with time stamps"),
        ("@classLabel true left right", "@classLabel false", "a file without classes"),
        ("@dimensions 2", "@dimensions two", "@dimensions two; expected a whole number from 1"),
        ("@data\n", "", "line 11: '1,2,3:-4,5e-1,6:left'; expected a line that starts with @"),
        (ROWS, "", "no samples; expected one a line after a line @data"),
        (":right", ":left", "all samples are of one class|no training sample"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = HEADER + ROWS
    assert old in text
    with pytest.raises(DataError, match=message) as caught:
        formats.read(written(tmp_path, text.replace(old, new)), "signal", PLAIN)
    assert "Toy_TRAIN.ts" in str(caught.value)


UNEQUAL = HEADER.replace("@equalLength true\n@seriesLength 3", "@equalLength false")


def test_missing_values_lie_between_their_neighbours(tmp_path: Path) -> None:
    text = HEADER.replace("3\n", "5\n") + "?,1,?,NaN,4:2,?,?,?,?:left\n1,2,3,4,?:5,4,3,2,1:right\n1,1,1,1,1:1,1,1,1,1:left\n"
    text += "2,2,2,2,2:1,1,1,1,1:right\n"
    found = formats.read(written(tmp_path, text), "signal", PLAIN)
    assert found.train.inputs[0].tolist() == [[1, 1, 2, 3, 4], [2, 2, 2, 2, 2]]
    assert found.train.inputs[1].tolist() == [[1, 2, 3, 4, 4], [5, 4, 3, 2, 1]]


def test_shorter_series_stay_at_their_last_values(tmp_path: Path) -> None:
    written(tmp_path, UNEQUAL + "1,2:3,4:left\n1,2,3,4:5,6,7:right\n1:2:left\n")
    written(tmp_path, UNEQUAL + "9,8,7,6,?:0,1,2,3,4:left\n", "Toy_TEST.ts")
    found = formats.read(tmp_path, "signal", PLAIN)
    assert found.train.inputs.tolist() == [
        [[1, 2, 2, 2, 2], [3, 4, 4, 4, 4]],
        [[1, 2, 3, 4, 4], [5, 6, 7, 7, 7]],
        [[1, 1, 1, 1, 1], [2, 2, 2, 2, 2]],
    ]
    assert found.test is not None
    assert found.test.inputs.tolist() == [[[9, 8, 7, 6, 6], [0, 1, 2, 3, 4]]]


def test_unequal_series_need_not_be_told_where_no_length_is(tmp_path: Path) -> None:
    header = UNEQUAL.replace("@equalLength false\n", "")
    assert formats.read(written(tmp_path, header + "1,2:3,4:left\n1:2:right\n"), "signal", PLAIN).train.inputs.shape == (
        2,
        2,
        2,
    )


def test_folders_with_more_or_less_than_one_data_set_are_refused(tmp_path: Path) -> None:
    written(tmp_path, name="Toy_TEST.ts")
    with pytest.raises(DataError, match=r"Toy_TEST\.ts without training samples; expected a file NAME_TRAIN\.ts"):
        formats.read(tmp_path, "signal", PLAIN)
    written(tmp_path, name="A_TRAIN.ts")
    written(tmp_path, name="B_TRAIN.ts")
    with pytest.raises(DataError, match=r"both A_TRAIN\.ts and B_TRAIN\.ts; expected the files of one data set"):
        formats.read(tmp_path, "signal", PLAIN)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    written(tmp_path)
    (tmp_path / "in" / "Toy_TRAIN.ts").symlink_to(tmp_path / "Toy_TRAIN.ts")
    with pytest.raises(DataError, match="a link out of"):
        formats.read(tmp_path / "in", "signal", PLAIN)


@given(st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_damaged_files_are_read_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray((HEADER + ROWS).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        where = data.draw(st.integers(0, len(content)))
        content[where : where + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    path = tmp_path / f"{len(list(tmp_path.iterdir()))}.ts"
    path.write_bytes(content)
    with contextlib.suppress(DataError):
        assert np.isfinite(formats.read(path, "signal", PLAIN).train.inputs).all()
