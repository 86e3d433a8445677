"""Whatever a file holds, reading it as text gives texts or an error that says what is wrong."""

from __future__ import annotations

import contextlib
import gzip
import io

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minas.data import formats
from minas.errors import DataError

NAMES = ["a.csv", "a.tsv", "a.csv.gz", "a.jsonl", "a.txt", "a.npz"]
HERE = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _read_or_refused(path):
    with contextlib.suppress(DataError):
        found = formats.read(path, "text", formats.Options())
        assert all(isinstance(text, str) for text in found.train.inputs)
        assert all(text.encode("utf-8") is not None for text in found.train.inputs)
        assert len(found.classes) > 1


@pytest.mark.parametrize("name", NAMES)
@given(content=st.binary(max_size=300))
@HERE
def test_random_bytes_are_read_or_refused(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    _read_or_refused(path)


def _valid(name: str) -> bytes:
    if name.endswith(".npz"):
        file = io.BytesIO()
        np.savez(file, x=["a film", "größer"], y=[0, 1])
        return file.getvalue()
    if name.endswith(".jsonl"):
        return '{"text": "a film", "label": 0}\n{"text": "größer", "label": 1}\n'.encode()
    table = 'text,label\n"a, film",0\ngrößer,1\n'.replace(",", "\t" if name.endswith(".tsv") else ",").encode()
    return gzip.compress(table) if name.endswith(".gz") else table


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@HERE
def test_damaged_files_are_read_or_refused(tmp_path, name, data):
    content = bytearray(_valid(name))
    for _ in range(data.draw(st.integers(1, 4))):
        where = data.draw(st.integers(0, len(content)))
        content[where : where + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    path = tmp_path / name
    path.write_bytes(content)
    _read_or_refused(path)


@pytest.mark.parametrize("name", NAMES)
def test_the_files_that_are_damaged_are_read_while_they_are_whole(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(_valid(name))
    assert formats.read(path, "text", formats.Options()).train.inputs[1] == "größer"


@pytest.mark.parametrize("name", ["a.npz", "a.zip"])
def test_an_archive_with_a_broken_name_is_refused(tmp_path, name):
    content = bytearray(_valid("a.npz"))
    directory = content.find(b"PK\x01\x02")
    content[directory + 9] |= 8  # the name is said to be UTF-8
    content[directory + 46] = 0xB0
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=r"can't be unpacked, .*utf-8|can be read as data"):
        formats.read(tmp_path / name, "text", formats.Options())


@pytest.mark.parametrize("text", ["a fine film", "2+2", ""])
def test_a_plain_text_is_no_data_set(tmp_path, text):
    (tmp_path / "a.txt").write_text(text)
    with pytest.raises(
        DataError, match=r"expected text data, one of:\n- CSV: .*\n- text folder: .*\n- JSON lines: .*\n- npz: "
    ):
        formats.read(tmp_path / "a.txt", "text", formats.Options())
