"""The domains' default data: what it is, where it lies, and fetching it ahead of time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from minas.data import fetch
from minas.data.resource import Shipped
from minas.data.shipped import installed
from minas.domains import DOMAINS, Domain
from minas.errors import DataError

State = Literal["installed", "fetched", "not there"]


@dataclass(frozen=True, kw_only=True)
class DefaultData:
    """A domain's default data on this machine.

    Attributes:
        domain: name of the domain.
        task: name of the task that is made of it.
        state: `installed` with a package that MINAS requires, `fetched` into the user's cache, or `not there`.
        path: the file or folder where it lies, or would lie; None where the package that ships it is missing.
        package: the package that ships it, as on the package index, with its version where only one is taken.
        source: what it is, and who made it.
        licence: under which terms.
    """

    domain: str
    task: str
    state: State
    path: Path | None
    package: str
    source: str
    licence: str


def default_data(domain: str) -> DefaultData:
    """Return where a domain's default data lies; nothing is fetched.

    Raises:
        UsageError: there is no such domain.
    """
    return _looked_up(DOMAINS.get(domain))


def all_default_data() -> list[DefaultData]:
    """Return where each domain's default data lies; nothing is fetched."""
    return [_looked_up(domain) for domain in DOMAINS.all().values()]


def fetch_default_data(domain: str) -> DefaultData:
    """Fetch a domain's default data into the user's cache, unless it is on this machine already.

    Raises:
        UsageError: there is no such domain.
        MinasError: it can't be fetched.
    """
    found = DOMAINS.get(domain)
    if isinstance(found.data, Shipped):
        installed(found.data.package, found.data.relative)
    else:
        fetch.fetched(found.data)
    return _looked_up(found)


def _looked_up(domain: Domain) -> DefaultData:
    data = domain.data
    path: Path | None
    state: State
    if isinstance(data, Shipped):
        package = data.package
        try:
            path, state = installed(data.package, data.relative), "installed"
        except DataError:
            path, state = None, "not there"
    else:
        package = f"{data.package} {data.version}"
        path, state = fetch.folder(data), "fetched" if fetch.cached(data) else "not there"
    return DefaultData(
        domain=domain.name,
        task=domain.default_task,
        state=state,
        path=path,
        package=package,
        source=data.source,
        licence=data.licence,
    )
