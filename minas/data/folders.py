"""Folders with one folder for each class, or the same inside of folders named train, validation and test."""

from __future__ import annotations

from pathlib import Path

from minas.data import files
from minas.errors import DataError

_PARTS = {
    "train": "train", "training": "train",
    "val": "validation", "valid": "validation", "validation": "validation", "dev": "validation",
    "test": "test", "testing": "test",
}  # fmt: skip


def holds(path: Path, ending: str) -> bool:
    """Tell whether a folder has class folders with files of an ending in them, briefly."""
    if not path.is_dir():
        return False
    folders = _folders(path)
    below = [inner for folder in folders for inner in (_folders(folder) if folder.name.lower() in _PARTS else ())]
    return any(entry.suffix.lower() == ending for folder in (*folders, *below) for entry in folder.iterdir())


def listed(path: Path, ending: str) -> dict[str, list[tuple[Path, str]]]:
    """Return the files of each part, each with its class, sorted.

    Raises:
        DataError: something else lies among them, or a class is empty.
    """
    parts = {"train": path}
    folders = _folders(path)
    if any(_PARTS.get(folder.name.lower()) == "train" and _folders(folder) for folder in folders):
        parts = {}
        for folder in folders:
            part = _PARTS.get(folder.name.lower())
            if part is None or part in parts:
                raise DataError(
                    f"{folder}: beside the training samples; expected folders train, validation and test, one of each"
                )
            parts[part] = folder
    return {part: _classes(folder, path, ending) for part, folder in parts.items()}


def _classes(folder: Path, root: Path, ending: str) -> list[tuple[Path, str]]:
    found = []
    for label in _entries(folder):
        if not label.is_dir():
            raise DataError(f"{label}: beside the folders of the classes; expected folders alone, one for each class")
        inside = _entries(label)
        if not inside:
            raise DataError(f"{label}: an empty folder; expected {ending} files of the class {label.name!r}")
        for file in inside:
            if file.suffix.lower() != ending:
                raise DataError(f"{file}: not a {ending} file; expected those alone in the folder of a class")
            found.append((files.inside(file, root), label.name))
    if not found:
        raise DataError(f"{folder}: holds no samples; expected one folder for each class with {ending} files in it")
    return found


def _folders(path: Path) -> list[Path]:
    return [entry for entry in _entries(path) if entry.is_dir()]


def _entries(path: Path) -> list[Path]:
    return sorted(entry for entry in path.iterdir() if not entry.name.startswith("."))
