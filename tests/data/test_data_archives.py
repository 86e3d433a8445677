"""Single files out of archives that may be hostile."""

from __future__ import annotations

import contextlib
import gzip
import io
import tarfile
import zipfile

import packaged
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minas.data import archives
from minas.errors import DataError

CONTENT = b"some data, " * 30
SIZE = len(CONTENT)
ARCHIVES = {
    "zip": packaged.zip_of({"a/b.txt": CONTENT, "c": b"c"}),
    "tar.gz": packaged.tar_of({"a/b.txt": CONTENT, "c": b"c"}),
    "tar": packaged.tar_of({"a/b.txt": CONTENT, "c": b"c"}, mode="w"),
}
KINDS = list(ARCHIVES)


def _read(content, *path, size=SIZE):
    return archives.read(content, path or ("a/b.txt",), size=size, where="toy")


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_is_read(kind):
    assert _read(ARCHIVES[kind]) == CONTENT


@pytest.mark.parametrize("outer", [packaged.zip_of, packaged.tar_of])
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_an_archive_in_an_archive_is_read(outer, kind):
    assert _read(outer({"inner": ARCHIVES[kind]}), "inner", "a/b.txt") == CONTENT


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_missing_is_named(kind):
    with pytest.raises(DataError, match=r"toy: b.txt: in the archive 0 times; expected once"):
        _read(ARCHIVES[kind], "b.txt")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [len(CONTENT) - 1, len(CONTENT) + 1, 0])
def test_another_size_is_refused(kind, size):
    with pytest.raises(DataError, match=r"a/b.txt: .*bytes; expected"):
        _read(ARCHIVES[kind], size=size)


def test_a_name_that_is_there_twice_is_refused():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for _ in range(2):
            archive.addfile(tarfile.TarInfo("a"))
    with pytest.raises(DataError, match="in the archive 2 times"):
        _read(out.getvalue(), "a", size=0)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE])
def test_what_is_no_regular_file_in_a_tar_is_refused(kind):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        entry = tarfile.TarInfo("a")
        entry.type, entry.linkname = kind, "/etc/hostname"
        archive.addfile(entry)
    with pytest.raises(DataError, match="not a regular file"):
        _read(out.getvalue(), "a", size=0)


def test_a_link_in_a_zip_is_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        entry = zipfile.ZipInfo("a")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/hostname")
    with pytest.raises(DataError, match="not a regular file"):
        _read(out.getvalue(), "a", size=13)


def test_a_bomb_is_read_no_further_than_its_bound(monkeypatch):
    monkeypatch.setattr(archives, "LARGEST", 1 << 16)
    bomb = gzip.compress(bytes(1 << 22))
    with pytest.raises(DataError, match="more than 65,536 bytes"):
        _read(bomb)
    with pytest.raises(DataError, match="more than 65,536 bytes"):
        _read(packaged.zip_of({"inner": bytes(1 << 22)}), "inner", "a/b.txt")


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_damaged_archives_are_read_right_or_refused(kind, data):
    content = bytearray(ARCHIVES[kind])
    for _ in range(data.draw(st.integers(1, 4))):
        where = data.draw(st.integers(0, len(content)))
        content[where : where + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    with contextlib.suppress(DataError):
        assert len(_read(bytes(content))) == len(CONTENT)


@given(st.binary(max_size=300))
def test_random_bytes_are_refused(content):
    with pytest.raises(DataError):
        _read(content)
