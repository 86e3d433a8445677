"""Reading a file from a package index without pip: bounded, and nothing of it is run.

An index's page of a package is as PEP 503 (HTML) or PEP 691 (JSON) says.
"""

from __future__ import annotations

import base64
import json
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from html.parser import HTMLParser
from http.client import HTTPException
from pathlib import Path

from minas.data import pip_settings, shipped
from minas.errors import DataError, MinasError

_LARGEST_PAGE = 1 << 25
_SECONDS = 30
_SCHEMES = ("https", "http", "file")
_ACCEPTED = "application/vnd.pypi.simple.v1+json, text/html;q=0.5"


def file(package: str, name: str, *, size: int, settings: pip_settings.PipSettings | None = None) -> bytes:
    """Return a package's file, from the first index that has it.

    Args:
        package: the package's name.
        name: the file's name on the index.
        size: in bytes; nothing longer is read.
        settings: the indexes; those of pip by default.

    Raises:
        MinasError: no index can be reached, or none has the file; for each the reason.
    """
    settings = settings or pip_settings.read()
    opener = _opener(settings)
    reasons = []
    for address in settings.indexes:
        try:
            return _from(address, package, name, size, opener)
        except (OSError, HTTPException, ValueError, MinasError) as error:
            reasons.append(f"{_without_password(address)}: {getattr(error, 'reason', None) or error}")
    raise MinasError("; ".join(reasons))


def _from(address: str, package: str, name: str, size: int, opener: urllib.request.OpenerDirector) -> bytes:
    normal = re.sub(r"[-_.]+", "-", package).lower()
    page = f"{address.rstrip('/')}/{normal}/"
    links, base = _links(page, opener)
    if name not in links:
        raise MinasError(f"has no file {name}")
    content, _, _ = _read(urllib.parse.urljoin(base, links[name]), size, opener, secret_of=page)
    if len(content) != size:
        raise MinasError(f"{name} has {len(content):,} bytes; expected {size:,}")
    return content


def _links(page: str, opener: urllib.request.OpenerDirector) -> tuple[dict[str, str], str]:
    """Return the addresses of a package's files by name, and the address that they are relative to."""
    local = page + "index.html" if page.startswith("file:") else page
    content, kind, base = _read(local, _LARGEST_PAGE, opener, secret_of=page)
    text = content.decode("utf-8", "replace")
    if "json" in kind:
        try:
            return {str(entry["filename"]): str(entry["url"]) for entry in json.loads(text)["files"]}, base
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise MinasError("not a page of a package index") from error
    anchors = _Anchors()
    anchors.feed(text)
    return anchors.found, base


class _Anchors(HTMLParser):
    """Collects the addresses of a page's links by their texts."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self._address: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._address = dict(attrs).get("href")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._address = None

    def handle_data(self, data: str) -> None:
        if self._address is not None and data.strip():
            self.found[data.strip()] = self._address


def _read(address: str, most: int, opener: urllib.request.OpenerDirector, *, secret_of: str) -> tuple[bytes, str, str]:
    """Return a page's content, its type and where it really lies.

    A user name and a password in an index's address are given to the machine that they belong to, and to no other.
    """
    parts = urllib.parse.urlsplit(address)
    secret = urllib.parse.urlsplit(secret_of)
    if parts.scheme not in _SCHEMES:
        raise MinasError(f"{_without_password(address)}: expected an address with {', '.join(_SCHEMES)}")
    if parts.scheme == "file" and secret.scheme != "file":
        raise MinasError(f"a page that leads to {address}; expected an address on the net")
    request = urllib.request.Request(_without_password(address), headers={"Accept": _ACCEPTED})
    if secret.username and (parts.scheme, parts.hostname, parts.port) == (secret.scheme, secret.hostname, secret.port):
        pair = f"{urllib.parse.unquote(secret.username)}:{urllib.parse.unquote(secret.password or '')}"
        request.add_unredirected_header("Authorization", "Basic " + base64.b64encode(pair.encode()).decode())
    with opener.open(request, timeout=_SECONDS) as answer:
        content = answer.read(most + 1)
        if len(content) > most:
            raise MinasError(f"{_without_password(address)}: more than {most:,} bytes; expected no more")
        return content, str(answer.headers.get("Content-Type", "")), str(answer.url)


def _without_password(address: str) -> str:
    parts = urllib.parse.urlsplit(address)
    return urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _opener(settings: pip_settings.PipSettings) -> urllib.request.OpenerDirector:
    proxies: Mapping[str, str] | None = {"http": settings.proxy, "https": settings.proxy} if settings.proxy else None
    context = ssl.create_default_context()
    for certificates in (settings.certificates, _pip_certificates()):
        if certificates and Path(certificates).exists():
            context.load_verify_locations(
                cafile=certificates if Path(certificates).is_file() else None,
                capath=certificates if Path(certificates).is_dir() else None,
            )
    return urllib.request.build_opener(
        urllib.request.ProxyHandler(dict(proxies) if proxies else None), urllib.request.HTTPSHandler(context=context)
    )


def _pip_certificates() -> str | None:
    """The certificates that pip brings: Python itself finds none on some machines."""
    try:
        return str(shipped.installed("pip", "_vendor/certifi/cacert.pem"))
    except DataError:
        return None
