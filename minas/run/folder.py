"""The folder of one run: made, locked, and written so that a crash never leaves half a file."""

from __future__ import annotations

import contextlib
import datetime
import itertools
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import filelock

from minas.errors import MinasError, UsageError

CONFIGURATION = "run.toml"
DATABASE = "run.db"
WEIGHTS = "weights"
LOCK = "run.lock"
PROBE = ".probe"


def create(out: str | os.PathLike[str] | None, *, domain: str, base: Path | None = None) -> Path:
    """Make a new run folder and return it.

    Args:
        out: the folder that the user asked for, or None for `results/DOMAIN-DATE-TIME`.
        domain: part of the default name.
        base: where default folders go; the current folder's `results` unless given.

    Raises:
        UsageError: the folder exists and is not empty, or cannot be written.
    """
    parent = base if base is not None else Path("results")
    path = parent / domain if out is None else Path(os.path.expanduser(out))
    if out is not None:
        _refuse_what_is_in_use(path)
    try:
        path = _reserved(parent, domain) if out is None else path
        (path / WEIGHTS).mkdir(parents=True, exist_ok=True)
        probe = path / WEIGHTS / PROBE
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise UsageError(
            f"cannot write to {path}: {error.strerror or error}; give a folder you may write to with --out"
        ) from error
    return path


def _reserved(parent: Path, domain: str) -> Path:
    """Make a folder of a name that nobody else has, not even a search that starts in the same second."""
    stamp = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    for number in itertools.count(1):
        path = parent / (f"{domain}-{stamp}" if number == 1 else f"{domain}-{stamp}-{number}")
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            if not os.path.lexists(path):  # it is `parent` that exists, and is no folder
                raise
        else:
            break
    return path


def _refuse_what_is_in_use(path: Path) -> None:
    if path.is_dir() and (path / CONFIGURATION).exists():
        raise UsageError(f"{path} already holds a run: go on with it by --resume {path}, or give another --out")
    if path.exists() and (not path.is_dir() or not all(_left_by_a_start(entry) for entry in path.iterdir())):
        raise UsageError(f"{path} exists and is not an empty folder: give another --out")


def _left_by_a_start(entry: Path) -> bool:
    """Tell whether an entry is what a search leaves that was killed before it had written its configuration."""
    if entry.name == WEIGHTS and entry.is_dir():
        return all(inner.name == PROBE for inner in entry.iterdir())
    return entry.name == LOCK or (entry.name.startswith(f".{CONFIGURATION}.") and entry.name.endswith(".tmp"))


def discard(folder: Path, files: Iterable[Path], *, keep: bool) -> None:
    """Remove a run's folder that came to nothing, as far as there is nothing in it that the start has not made.

    Args:
        folder: what `create` returned.
        files: what was written into it since.
        keep: the folder was there before, and stays.
    """
    for path in files:
        path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # it holds something else
            path.parent.rmdir()
    with contextlib.suppress(OSError):
        (folder / WEIGHTS).rmdir()
        if not keep:
            folder.rmdir()


def existing(path: str | os.PathLike[str]) -> Path:
    """Return a run folder that must be there.

    Raises:
        UsageError: it is not a run folder.
    """
    folder = Path(os.path.expanduser(path))
    if not folder.is_dir():
        raise UsageError(f"no run folder at {folder}")
    if not (folder / CONFIGURATION).is_file():
        raise UsageError(f"{folder} is not a run folder: it has no {CONFIGURATION}")
    return folder


@contextlib.contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Hold a run folder for writing, for as long as the context lasts; a killed process lets go of it.

    Raises:
        UsageError: another process holds it.
    """
    guard = filelock.FileLock(folder / LOCK)
    try:
        guard.acquire(timeout=0)
    except filelock.Timeout:
        raise UsageError(f"another process is working on {folder}: wait until it has ended, or give another --out") from None
    except OSError as error:
        raise UsageError(f"cannot write to {folder}: {error.strerror or error}") from error
    try:
        _sweep(folder)
        yield
    finally:
        guard.release()


def _sweep(folder: Path) -> None:
    """Remove half-written files of a sitting that was killed."""
    for path in [*folder.glob(".*.tmp"), *(folder / WEIGHTS).glob(".*.tmp")]:
        path.unlink(missing_ok=True)


def write_atomically(path: Path, content: bytes | str) -> None:
    """Write a whole file under a temporary name and rename it, so that readers see the old file or the new one.

    Raises:
        MinasError: the disk is full or the folder cannot be written.
    """
    data = content.encode() if isinstance(content, str) else content
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):  # on a read-only disk even a file that is not there can't be removed
            temporary.unlink()
        raise MinasError(f"cannot write {path}: {error.strerror or error}") from error


def weights_path(folder: Path, role: str, number: int) -> Path:
    """Return where the weights of one trial lie."""
    if not re.fullmatch(r"[a-z]+", role):
        raise ValueError(f"not a role: {role!r}")
    return folder / WEIGHTS / f"{role}-{number:05d}.safetensors"
