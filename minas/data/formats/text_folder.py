"""A folder of texts by class, with train, validation and test folders above the classes or without."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from minas.data import encodings, files, labelled, raw
from minas.data.formats import Format, Options
from minas.errors import DataError

MOST_FILES = 1_000_000
_UNLABELLED = ("unsup", "unsupervised", "unlabelled", "unlabeled")


def _recognises(path: Path) -> bool:
    if not path.is_dir():
        return False
    return any(part == "train" for part, _ in _named(path)) or len(_classes(path)) > 1


def _parts(path: Path) -> dict[str, Path]:
    """Return the folders that hold the class folders, by part; the folder itself where it holds them."""
    found: dict[str, Path] = {}
    for part, folder in _named(path):
        if part in found:
            raise DataError(f"{folder}: a second folder with the {part} part, beside {found[part].name}; expected one")
        found[part] = folder
    return found if "train" in found else {"train": path}


def _named(path: Path) -> list[tuple[str, Path]]:
    """Return the folders that are named as parts and hold class folders."""
    named = [(labelled.PARTS.get(folder.name.lower()), folder) for folder in _folders(path)]
    return [(part, folder) for part, folder in named if part is not None and _classes(folder)]


def _folders(path: Path) -> list[Path]:
    return sorted(entry for entry in path.iterdir() if entry.is_dir() and not entry.name.startswith((".", "__")))


def _classes(path: Path) -> list[Path]:
    """Return the folders in which texts lie; those of texts without a class are none."""
    return [folder for folder in _folders(path) if folder.name.lower() not in _UNLABELLED and next(_texts(folder), None)]


def _texts(folder: Path) -> Iterator[Path]:
    return (entry for entry in folder.iterdir() if entry.suffix.lower() == ".txt" and not entry.name.startswith("."))


def _read(path: Path, options: Options) -> raw.Raw:
    listed = [
        (part, folder.name, files.inside(file, path))
        for part, above in _parts(path).items()
        for folder in _classes(above)
        for file in sorted(_texts(folder))
    ]
    if len(listed) > MOST_FILES:
        raise DataError(f"{path}: {len(listed):,} texts; expected at most {MOST_FILES:,}")
    contents = encodings.decoded(_contents([file for _, _, file in listed], path), str(path))
    tables = {}
    for part in dict.fromkeys(part for part, _, _ in listed):
        chosen = [place for place, entry in enumerate(listed) if entry[0] == part]
        tables[part] = labelled.Table(
            texts=[contents[place] for place in chosen], labels=[listed[place][1] for place in chosen]
        )
    return labelled.as_raw(tables, str(path))


def _contents(paths: list[Path], where: Path) -> list[bytes]:
    contents, size = [], 0
    for path in paths:
        contents.append(encodings.read(path))
        size += len(contents[-1])
        if size > encodings.LARGEST:
            raise DataError(f"{where}: more than {encodings.LARGEST:,} bytes of text; expected no more: give fewer samples")
    return contents


FORMAT = Format(
    name="text folder",
    description=(
        "a folder with one folder for each class, two at least, and a file (.txt) for each text in them, or the same inside "
        "of folders named train, validation and test, as in aclImdb; texts in a folder named unsup are left out"
    ),
    kind="text",
    recognises=_recognises,
    read=_read,
)
