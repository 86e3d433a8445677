"""The `.ts` files of the UEA archive: one line a sample, its channels apart by colons, the class last."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from minas.data import files, gaps, raw, signals
from minas.data.formats import Format, Options
from minas.errors import DataError

_START = 1 << 16
"""Bytes in which a file must come to its `@` lines; comments stand before them."""
_PARTS = {"_train.ts": "train", "_test.ts": "test"}


def _recognises(path: Path) -> bool:
    if path.is_dir():
        return bool(_listed(path))
    if not path.is_file():
        return False
    with path.open("rb") as file:
        text = file.read(_START).decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    tags = [line.strip().split()[0].lower() for line in text.splitlines() if line.strip().startswith("@")]
    return text[:1] in ("#", "@") and "@problemname" in tags


def _listed(folder: Path) -> dict[str, list[Path]]:
    """Return the files of a folder by part."""
    found: dict[str, list[Path]] = {}
    for entry in sorted(folder.iterdir()):
        for ending, part in _PARTS.items():
            if entry.name.lower().endswith(ending):
                found.setdefault(part, []).append(entry)
    return found


def _read(path: Path, options: Options) -> raw.Raw:
    parts = {"train": path}
    if path.is_dir():
        found = _listed(path)
        for files_of in found.values():
            if len(files_of) > 1:
                raise DataError(f"{path}: both {files_of[0].name} and {files_of[1].name}; expected the files of one data set")
        if "train" not in found:
            raise DataError(f"{path}: {found['test'][0].name} without training samples; expected a file NAME_TRAIN.ts")
        parts = {part: files.inside(files_of[0], path) for part, files_of in found.items()}
    read = {part: read_file(file) for part, file in parts.items()}
    classes, targets = raw.names([labels for _, labels in read.values()], str(path))
    length = gaps.longest([samples for samples, _ in read.values()])
    piles = {
        part: raw.Pile(signals.values(gaps.padded(samples, length, str(parts[part])), str(parts[part])), found)
        for (part, (samples, _)), found in zip(read.items(), targets, strict=True)
    }
    return raw.Raw(train=piles["train"], test=piles.get("test"), classes=classes, source=str(path))


@dataclass(frozen=True)
class _Header:
    """What a file says of itself: class names as it lists them, the number of channels and of points, where it does.

    Where lengths are not said to be equal, and no length is said, they may differ.
    """

    classes: tuple[str, ...]
    channels: int | None
    length: int | None
    equal: bool


def read_file(path: Path) -> tuple[list[NDArray[np.float32]], NDArray[np.str_]]:
    """Read one file.

    Returns:
        The signals, each (channels, time), without gaps, and their labels as texts.

    Raises:
        DataError: a line is not as the file's header says, a channel is empty, or there are time stamps or no classes.
    """
    tags: dict[str, list[str]] = {}
    rows: list[NDArray[np.float32]] = []
    labels: list[str] = []
    header: _Header | None = None
    count = 0
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            text = line.strip()
            if not text or text.startswith("#"):
                continue
            where = f"{path}, line {number}"
            if header is not None:
                row, label = _sample(text, header, rows, where)
                rows.append(row)
                labels.append(label)
                count += row.size
                raw.check_size(count, str(path))
            elif not text.startswith("@"):
                raise DataError(f"{where}: {text[:40]!r}; expected a line that starts with @, and @data before the samples")
            elif text.lower() == "@data":
                header = _header(tags, where)
            else:
                name, *words = text.split()
                tags[name.lower()] = words
    if not rows:
        raise DataError(f"{path}: no samples; expected one a line after a line @data")
    return rows, np.array(labels, dtype=np.str_)


def _header(tags: dict[str, list[str]], where: str) -> _Header:
    if tags.get("@timestamps", ["false"])[:1] != ["false"]:
        raise DataError(f"{where}: a file with time stamps; expected values at equal distances of time: @timeStamps false")
    given = tags.get("@classlabel", [])
    if not given or given[0].lower() != "true" or len(given) < 2:
        raise DataError(f"{where}: a file without classes; expected a line @classLabel true and the classes' names before it")
    channels, length = (_number(tags, name, where) for name in ("@dimensions", "@serieslength"))
    said = tags.get("@equallength", ["false" if length is None else "true"])[:1]
    equal = [word.lower() for word in said] != ["false"]
    return _Header(tuple(given[1:]), channels, length if equal else None, equal)


def _number(tags: dict[str, list[str]], name: str, where: str) -> int | None:
    words = tags.get(name)
    if words is None:
        return None
    if len(words) != 1 or not words[0].isdecimal() or int(words[0]) < 1:
        raise DataError(f"{where}: {name} {' '.join(words)[:40]}; expected a whole number from 1")
    return int(words[0])


def _sample(text: str, header: _Header, earlier: list[NDArray[np.float32]], where: str) -> tuple[NDArray[np.float32], str]:
    """Return one line's channels, (channels, time), and its class."""
    *channels, label = text.split(":")
    label = label.strip()
    if label not in header.classes:
        raise DataError(
            f"{where}: the class {label[:40]!r}; expected one of {', '.join(header.classes)}, after the last colon"
        )
    read = [_values(channel, where) for channel in channels]
    lengths = sorted({len(channel) for channel in read})
    if header.equal and len(lengths) != 1:
        raise DataError(f"{where}: channels of {', '.join(map(str, lengths))} points of time; expected one length")
    if not lengths or not lengths[0]:
        raise DataError(f"{where}: a channel without values; expected numbers apart by commas, channels by colons")
    shape = (len(read), lengths[-1])
    expected = earlier[0].shape if earlier else (header.channels or shape[0], header.length or shape[1])
    if shape[0] != expected[0] or (header.equal and shape != expected):
        raise DataError(
            f"{where}: {shape[0]} channels of {shape[1]} points of time; expected {expected[0]} of {expected[1]}, as the "
            "samples before it or the header: lengths that differ are told by @equalLength false"
        )
    whole = [gaps.filled(channel[None], f"{where}, channel {place}") for place, channel in enumerate(read, start=1)]
    joined = np.concatenate([gaps.padded([channel], lengths[-1], where)[0] for channel in whole])
    return joined, label


def _values(channel: str, where: str) -> NDArray[np.float64]:
    """Return one channel's values, (time,), NaN where one is missing."""
    words = channel.split(",")
    try:
        return np.array(["nan" if word.strip() == "?" else word for word in words], dtype=np.float64)
    except ValueError as error:
        raise DataError(f"{where}: {error}; expected numbers apart by commas, ? where one is missing") from error


FORMAT = Format(
    name="UEA .ts",
    description=(
        "a .ts file of the UEA archive, or a folder with NAME_TRAIN.ts and NAME_TEST.ts: @ lines, then a sample a line, "
        f"values apart by commas, channels by colons, the class last, no time stamps; {gaps.STATED}"
    ),
    kind="signal",
    recognises=_recognises,
    read=_read,
)
