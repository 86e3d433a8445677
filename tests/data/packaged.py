"""A small package index on disk, with a wheel and a source archive that hold two data files."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from functools import cache
from pathlib import Path

from minas.data.resource import Member, Resource

TEXT = b"1\t2.5\tfine\r\n" * 20
TABLE = b"1,2,3\n" * 50


def tar_of(files: dict[str, bytes], *, mode: str = "w:gz") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def zip_of(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


@cache
def sdist() -> bytes:
    """A source archive whose setup.py would fail loudly, and whose data lies in an archive inside."""
    inner = tar_of({"set/reviews.txt": TEXT})
    return tar_of({"toy-1.0/setup.py": b"raise SystemExit('run')", "toy-1.0/more/set.tar.gz": inner, "toy-1.0/t.csv": TABLE})


@cache
def wheel() -> bytes:
    info = b"Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n"
    kind = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    return zip_of({"toy/t.csv": TABLE, "toy-1.0.dist-info/METADATA": info, "toy-1.0.dist-info/WHEEL": kind})


def member(*path: str, content: bytes) -> Member:
    return Member(path=path, size=len(content), sha256=hashlib.sha256(content).hexdigest())


def resource(content: bytes, archive: str, *members: Member) -> Resource:
    return Resource(
        name="toy-data",
        package="Toy",
        version="1.0",
        archive=archive,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        members=members,
        source="toy data, made up",
        licence="CC0",
    )


def sdist_resource() -> Resource:
    members = (
        member("toy-1.0/more/set.tar.gz", "set/reviews.txt", content=TEXT),
        member("toy-1.0/t.csv", content=TABLE),
    )
    return resource(sdist(), "toy-1.0.tar.gz", *members)


def index(folder: Path, files: dict[str, bytes]) -> str:
    """Write an index with one package, and return its address."""
    page = folder / "simple" / "toy"
    page.mkdir(parents=True)
    for name, content in files.items():
        (page / name).write_bytes(content)
    links = "".join(f'<a href="{name}#sha256={hashlib.sha256(c).hexdigest()}">{name}</a><br/>' for name, c in files.items())
    (page / "index.html").write_text(f"<!DOCTYPE html><html><body>{links}</body></html>")
    return (folder / "simple").as_uri()
