"""Folders that are written whole or not at all, and files of strangers that are read with care."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Set
from contextlib import contextmanager
from pathlib import Path

from minas.errors import ArchitectureError, MinasError, UsageError

_CACHE = "__pycache__"


@contextmanager
def written_whole(folder: Path, *, names: Set[str], force: bool) -> Iterator[Path]:
    """Give a temporary folder beside `folder`, and put it in its place when the block has ended well.

    Args:
        folder: where the files shall be; parent folders are made.
        names: the files that an earlier export of this format may have left there.
        force: replace an earlier export.

    Raises:
        UsageError: `folder` is a file, or holds something; with `force`, something else than `names`.
        MinasError: the file system refused; nothing is left behind.
    """
    folder = Path(os.path.abspath(folder))
    try:
        _refuse_overwriting(folder, names, force)
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".tmp", dir=folder.parent))
    except OSError as error:
        raise MinasError(f"cannot write the export into {folder}: {error.strerror or error}") from error
    try:
        yield temporary
        temporary.chmod(0o777 & ~_umask())
        _put_in_place(temporary, folder)
    except OSError as error:
        raise MinasError(f"cannot write the export into {folder}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _refuse_overwriting(folder: Path, names: Set[str], force: bool) -> None:
    """Refuse a target that holds anything that may not be replaced."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise UsageError(f"{folder} is no folder; name a new or empty folder")
    held = {path.name for path in folder.iterdir()} if folder.exists() else set()
    if held and not force:
        raise UsageError(f"{folder} is not empty; name a new or empty folder, or replace an earlier export with --force")
    strangers = sorted(held - names - {_CACHE})
    if strangers:
        raise UsageError(
            f"{folder} holds '{strangers[0]}', which is no part of an export: it is not replaced, name a new folder"
        )


def _put_in_place(temporary: Path, folder: Path) -> None:
    """Rename the temporary folder; what stood there goes only after the new one stands."""
    if not folder.exists():
        temporary.rename(folder)
        return
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", suffix=".tmp", dir=folder.parent) as aside:
        old = Path(aside) / "old"
        folder.rename(old)
        try:
            temporary.rename(folder)
        except OSError:
            old.rename(folder)
            raise


def _umask() -> int:
    """Return the process's mask for new files, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def read_regular(path: Path, *, limit: int) -> bytes:
    """Return the content of a plain file of at most `limit` bytes.

    Raises:
        ArchitectureError: there is none, it is a link, device or pipe, or it is larger.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        if stat.S_ISLNK(os.lstat(path).st_mode):
            raise ArchitectureError(f"{path} is a link; an export holds plain files")
        with open(os.open(path, flags), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ArchitectureError(f"{path} is no plain file")
            if status.st_size > limit:
                raise ArchitectureError(f"{path} has {status.st_size} bytes, expected at most {limit}")
            return file.read(status.st_size)
    except FileNotFoundError as error:
        raise ArchitectureError(f"{path} does not exist; expected a folder that 'minas export' wrote") from error
    except OSError as error:
        raise ArchitectureError(f"cannot read {path}: {error.strerror or error}") from error
