"""Getting a file of a package index, by pip or past it, with pip's settings."""

from __future__ import annotations

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import packaged
import pytest

from minas.data import download, index
from minas.data.pip_settings import PYPI, PipSettings, parse, read
from minas.errors import MinasError

SDIST = "toy-1.0.tar.gz"
WHEEL = "toy-1.0-py3-none-any.whl"


@pytest.fixture
def toy_index(tmp_path, monkeypatch):
    """An index on disk that pip's environment points to; the user's own settings are left out."""
    address = packaged.index(tmp_path, {SDIST: packaged.sdist(), WHEEL: packaged.wheel()})
    monkeypatch.setenv("PIP_INDEX_URL", address)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    return address


def test_a_source_archive_comes_without_its_setup_being_run(toy_index):
    assert download.archive(packaged.sdist_resource()) == packaged.sdist()


def test_a_wheel_comes_by_pip(toy_index, monkeypatch):
    monkeypatch.setattr(index, "file", None)
    content = packaged.wheel()
    assert download.archive(packaged.resource(content, WHEEL)) == content


def test_a_wheel_comes_without_pip_too(toy_index, monkeypatch):
    monkeypatch.setattr("sys.executable", "/no/such/python")
    content = packaged.wheel()
    assert download.archive(packaged.resource(content, WHEEL)) == content


def test_a_file_named_pip_in_the_users_folder_is_not_run(toy_index, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pip.py").write_text("open('ran', 'w')")
    download.archive(packaged.resource(packaged.wheel(), WHEEL))
    read()
    assert not (tmp_path / "ran").exists()


def test_what_no_index_has_is_an_error_that_names_them(toy_index):
    with pytest.raises(MinasError, match=f"{toy_index}: has no file toy-2.0.zip"):
        index.file("toy", "toy-2.0.zip", size=10)


def test_the_next_index_is_asked_too(tmp_path, toy_index):
    settings = PipSettings(indexes=((tmp_path / "none").as_uri(), toy_index))
    assert index.file("toy", SDIST, size=len(packaged.sdist()), settings=settings) == packaged.sdist()


def test_nothing_longer_than_expected_is_read(toy_index):
    with pytest.raises(MinasError, match="more than 10 bytes"):
        index.file("toy", SDIST, size=10)


class _Server:
    """An index on the net for one test, which keeps the headers of what was asked for."""

    def __init__(self, pages: dict[str, tuple[str, bytes]]) -> None:
        self.asked: dict[str, str | None] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked[self.path] = self.headers.get("Authorization")
                kind, content = pages.get(self.path, ("", b""))
                self.send_response(200 if kind else 404)
                self.send_header("Content-Type", kind)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.port = self.server.server_port


@pytest.fixture
def serve(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")
    servers = []

    def start(pages):
        servers.append(_Server(pages))
        return servers[-1]

    yield start
    for server in servers:
        server.server.shutdown()
        server.server.server_close()


def test_a_json_page_is_understood_and_a_password_goes_to_its_own_machine_alone(serve):
    other = serve({"/toy.bin": ("application/octet-stream", b"data")})
    page = {"files": [{"filename": "toy.bin", "url": f"http://127.0.0.1:{other.port}/toy.bin"}]}
    own = serve({"/simple/toy/": ("application/vnd.pypi.simple.v1+json", json.dumps(page).encode())})
    settings = PipSettings(indexes=(f"http://me:a%40b@127.0.0.1:{own.port}/simple",))
    assert index.file("Toy", "toy.bin", size=4, settings=settings) == b"data"
    assert own.asked == {"/simple/toy/": "Basic " + base64.b64encode(b"me:a@b").decode()}
    assert other.asked == {"/toy.bin": None}


def test_an_error_shows_no_password(serve):
    own = serve({})
    settings = PipSettings(indexes=(f"http://me:secret@127.0.0.1:{own.port}/simple",))
    with pytest.raises(MinasError, match=r"127\.0\.0\.1") as caught:
        index.file("toy", "toy.bin", size=4, settings=settings)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("address", ["file:///etc/hostname", "ftp://127.0.0.1/a", "data:text/plain,abcd"])
def test_a_page_on_the_net_leads_to_no_other_kind_of_place(serve, address):
    own = serve({"/toy/": ("text/html", f'<a href="{address}">toy.bin</a>'.encode())})
    with pytest.raises(MinasError, match="expected an address"):
        index.file("toy", "toy.bin", size=4, settings=PipSettings(indexes=(f"http://127.0.0.1:{own.port}",)))


@pytest.mark.parametrize(
    "page", [b"{", b"[]", b'{"files": [{}]}', b'{"files": 3}', b"\xff", b'{"files": [{"filename": "toy.bin"}]}']
)
def test_a_page_that_is_not_one_is_an_error(serve, page):
    own = serve({"/toy/": ("application/vnd.pypi.simple.v1+json", page)})
    with pytest.raises(MinasError, match=r"127\.0\.0\.1"):
        index.file("toy", "toy.bin", size=4, settings=PipSettings(indexes=(f"http://127.0.0.1:{own.port}",)))


def test_settings_are_those_of_pip(toy_index, monkeypatch):
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "https://a.example/simple https://b.example/simple")
    monkeypatch.setenv("PIP_CERT", "/some/where.pem")
    expected = PipSettings(
        indexes=(toy_index, "https://a.example/simple", "https://b.example/simple"), certificates="/some/where.pem"
    )
    assert read() == expected
    monkeypatch.setattr("sys.executable", "/no/such/python")
    assert read() == expected


def test_the_nearer_setting_decides_as_in_pip():
    lines = ["global.index-url='https://g'", ":env:.proxy='http://p'", "download.index-url='https://d'", "nonsense", "a.b=c d"]
    assert parse("\n".join(lines)) == PipSettings(indexes=("https://d",), proxy="http://p")
    assert parse("") == PipSettings(indexes=(PYPI,))
