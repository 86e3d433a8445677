"""The reader of AEDAT 3.1, with files in the true form and hostile ones."""

from __future__ import annotations

import contextlib
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minas.data import formats
from minas.data.formats import aedat
from minas.data.raw import Raw
from minas.errors import DataError

HEADER = b"#!AER-DAT3.1\r\n#Format: RAW\r\n#!END-HEADER\r\n"
LABELS = "class,startTime_usec,endTime_usec\n{}"


def packet(rows: list[tuple[int, int, int, int]], *, kind: int = 1, turns: int = 0, valid: int = 1) -> bytes:
    """(x, y, on, microseconds)."""
    body = b"".join(struct.pack("<Ii", x << 17 | y << 2 | on << 1 | valid, time) for x, y, on, time in rows)
    return struct.pack("<hhiiiiii", kind, 1, 8, 4, turns, len(rows), len(rows), len(rows)) + body


CONTENT = (
    HEADER
    + packet([(127, 3, 1, 100), (0, 127, 0, 190)])
    + packet([(5, 5, 1, 120)], kind=2)
    + packet([(6, 6, 1, 130)], valid=0)
    + packet([(64, 64, 1, 1000)])
)


def read(path: Path, **options: int) -> Raw:
    return formats.read(path, "spikes", formats.Options(**options))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for user in range(4):
        name = tmp_path / f"user0{user}_natural"
        name.with_suffix(".aedat").write_bytes(CONTENT)
        name.with_name(f"{name.name}_labels.csv").write_text(LABELS.format("1,100,200\n2,1000,1001\n"))
    return tmp_path


def test_packets_are_decoded() -> None:
    found = aedat.decoded(CONTENT, "here")
    rows = list(zip(found.x, found.y, found.on, found.times, strict=True))
    assert rows == [(127, 3, 1, 100), (0, 127, 0, 190), (64, 64, 1, 1000)]
    later = aedat.decoded(HEADER + packet([(1, 2, 0, 7)], turns=1), "here")
    assert later.times.tolist() == [2**31 + 7]


def test_labelled_pieces_become_samples_and_users_groups(folder: Path) -> None:
    found = read(folder, image_size=128)
    assert found.classes == ("1", "2")
    assert found.train.inputs.shape == (8, 10, 2, 128, 128)
    assert found.train.targets.tolist() == [0, 1] * 4
    assert found.train.groups.tolist() == [f"user0{user}" for user in range(4) for _ in range(2)]
    assert {tuple(place) for place in np.argwhere(found.train.inputs[0])} == {(0, 1, 3, 127), (9, 0, 127, 0)}
    assert read(folder).train.inputs.shape == (8, 10, 2, 34, 34)


def test_lists_of_trials_are_parts(folder: Path) -> None:
    (folder / "trials_to_train.txt").write_text("user00_natural.aedat\nuser01_natural.aedat\nuser02_natural.aedat\n")
    (folder / "trials_to_test.txt").write_text("user03_natural.aedat\n")
    found = read(folder)
    assert found.test is not None
    assert (len(found.train), found.test.groups.tolist()) == (6, ["user03"] * 2)
    (folder / "trials_to_test.txt").write_text("user09_natural.aedat\n")
    with pytest.raises(DataError, match=r"trials_to_test.txt: names 'user09_natural.aedat', which is not there"):
        read(folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"#!AER-DAT2.0\r\n", "expected AEDAT 3.1"),
        (b"#!AER-DAT3.1\r\n", "a header without end"),
        (CONTENT[:-3], "goes beyond the file"),
        (HEADER + b"\x01", "ends inside of a packet's header"),
        (HEADER + struct.pack("<hhiiiiii", 1, 1, 8, 4, 0, 1, -1, 1), "goes beyond the file"),
        (HEADER + packet([(1, 1, 1, 5)]), "holds no events"),
    ],
)
def test_wrong_files_are_named(folder: Path, content: bytes, message: str) -> None:
    (folder / "user02_natural.aedat").write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        read(folder)
    assert "user02_natural.aedat" in str(caught.value)


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "class,startTime_usec,endTime_usec\n1,x,3\n", "\0"])
def test_wrong_tables_are_named(folder: Path, text: str) -> None:
    (folder / "user02_natural_labels.csv").write_text(text)
    with pytest.raises(DataError, match=r"user02_natural_labels.csv: .*; expected the columns class, startTime_usec"):
        read(folder)


def test_a_missing_table_is_named(folder: Path) -> None:
    (folder / "user02_natural_labels.csv").unlink()
    with pytest.raises(DataError, match=r"without user02_natural_labels.csv beside it"):
        read(folder)


@given(data=st.data())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_damaged_files_are_read_or_refused(folder: Path, data: st.DataObject) -> None:
    content = bytearray(CONTENT)
    for _ in range(data.draw(st.integers(1, 4))):
        where = data.draw(st.integers(0, len(content)))
        content[where : where + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    (folder / "user01_natural.aedat").write_bytes(content)
    with contextlib.suppress(DataError):
        assert set(np.unique(read(folder).train.inputs)) <= {0, 1}
