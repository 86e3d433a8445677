"""Formats: one reader of data files each, found by what a path holds.

A format's module exposes `FORMAT = Format(...)`. `recognises` looks at the content, briefly, and never raises for a file of
another kind; `read` checks what it reads and raises DataError with the name of the file that is at fault and what was
expected in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from minas.errors import DataError
from minas.shelf import Shelf

if TYPE_CHECKING:
    from minas.data.raw import Raw


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a user may say about the reading.

    Attributes:
        image_size: side in pixels to which images are resized; None keeps them, or lets the format decide.
    """

    image_size: int | None = None


@dataclass(frozen=True, kw_only=True)
class Format:
    """One way in which data sets are stored.

    Attributes:
        name: how messages name it.
        description: what is expected in it: files, layout, labels.
        kind: kind of its samples, such as `image`.
        recognises: whether a path holds this format.
        read: the path's samples, labels and class names.
    """

    name: str
    description: str
    kind: str
    recognises: Callable[[Path], bool]
    read: Callable[[Path, Options], Raw]


FORMATS: Shelf[Format] = Shelf("minas.data.formats", "FORMAT", Format, "data format")


def read(path: str | Path, kind: str, options: Options) -> Raw:
    """Read a user's data, in whichever format it is.

    Args:
        path: a file or a folder.
        kind: kind of samples that the domain takes, such as `image`.
        options: what the user said about the reading.

    Raises:
        DataError: there is no such path, it is in no known format or in several, or it can't be used.
    """
    from minas.data import raw

    place = Path(path).expanduser()
    found = detect(place, kind)
    try:
        return raw.check(found.read(place, options))
    except DataError as error:
        raise DataError(f"{error}\n(read as {found.name}: {found.description})") from error
    except (OSError, EOFError) as error:
        named = getattr(error, "filename", None) or place
        raise DataError(f"{named}: can't be read: {error}\n(read as {found.name}: {found.description})") from error


def detect(path: Path, kind: str) -> Format:
    """Return the format of a path's content.

    Raises:
        DataError: there is no such path, or its content is in none of the formats of that kind, or in several.
    """
    known = [form for form in FORMATS.all().values() if form.kind == kind]
    accepted = "".join(f"\n- {form.name}: {form.description}" for form in known)
    try:
        if not path.exists():
            raise DataError(f"{path}: no such file or folder; expected {kind} data, one of:{accepted}")
        found = [form for form in known if form.recognises(path)]
    except OSError as error:
        raise DataError(f"{error.filename or path}: can't be read: {error.strerror or error}") from error
    if len(found) > 1:
        names = " and ".join(form.name for form in found)
        raise DataError(f"{path}: holds data in several formats, {names}; expected one: keep them in folders of their own")
    if not found:
        raise DataError(f"{path}: {_content(path)}; expected {kind} data, one of:{accepted}")
    return found[0]


def _content(path: Path) -> str:
    if path.is_dir():
        return "holds nothing that can be read as data" if any(path.iterdir()) else "an empty folder"
    if path.stat().st_size == 0:
        return "an empty file"
    return "not a file that can be read as data; an archive must be unpacked first"
