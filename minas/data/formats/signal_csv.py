"""Tables of signals: a row a point of time, or a row a value."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from minas.data import gaps, raw, signals
from minas.data.formats import Format, Options
from minas.errors import DataError

_LABELS = ("label", "class", "target", "y")
_GROUPS = ("subject", "participant", "patient", "user", "group")
_PARTS = {"train": "train", "validation": "validation", "valid": "validation", "val": "validation", "test": "test"}
_OTHERS = ("part", "split")
_MISSING = ("", "?", "nan", "na")
_LONGEST = 1 << 16


def _recognises(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        first = file.readline(_LONGEST).decode("utf-8", "replace").lstrip("\ufeff")
    return {"trial", "time"} <= set(_names(first, _delimiter(first)))


def _delimiter(line: str) -> str:
    return max(",;\t", key=line.count)


def _names(line: str, delimiter: str) -> list[str]:
    return [name.strip().strip('"').strip().lower() for name in line.strip().split(delimiter)]


@dataclass(frozen=True)
class _Columns:
    """Where in a row what stands; `channels` are names and places, and None where a row has a channel and one value."""

    trial: int
    time: int
    label: int
    part: int | None
    group: int | None
    channel: int | None
    channels: tuple[tuple[str, int], ...]


def _columns(names: list[str], path: Path) -> _Columns:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise DataError(f"{path}: two columns named {repeated[0]!r}; expected each name once")
    place = {name: index for index, name in enumerate(names)}
    label, part, group = (_first(place, known) for known in (_LABELS, _OTHERS, _GROUPS))
    if label is None or not {"trial", "time"} <= set(place):
        raise DataError(f"{path}: columns {', '.join(names)[:200]}; expected one named label beside trial and time")
    if "channel" in place and "value" in place:
        own: tuple[tuple[str, int], ...] = (("value", place["value"]),)
    else:
        taken = {"trial", "time", label, part, group}
        own = tuple((name, index) for name, index in place.items() if name not in taken)
    if not own or ("channel" in place) != ("value" in place):
        raise DataError(
            f"{path}: columns {', '.join(names)[:200]}; expected channel and value, or one column for each channel, beside "
            "trial, time and label"
        )
    return _Columns(
        trial=place["trial"],
        time=place["time"],
        label=place[label],
        part=None if part is None else place[part],
        group=None if group is None else place[group],
        channel=place.get("channel"),
        channels=own,
    )


def _first(place: Mapping[str, int], known: tuple[str, ...]) -> str | None:
    return next((name for name in known if name in place), None)


class _Trial:
    """What the rows of one trial say."""

    def __init__(self, label: str, part: str, group: str | None) -> None:
        self.label, self.part, self.group = label, part, group
        self.values: dict[str, list[tuple[float, float]]] = {}


def _read(path: Path, options: Options) -> raw.Raw:
    trials, channels = _trials(path)
    parts: dict[str, list[str]] = {}
    for name, trial in trials.items():
        parts.setdefault(trial.part, []).append(name)
    if "train" not in parts:
        raise DataError(f"{path}: no trial of the part train; expected train, and if they are given validation and test")
    read = {
        part: [_signal(trials[name], channels, f"{path}: trial {name}") for name in names] for part, names in parts.items()
    }
    length = gaps.longest(list(read.values()))
    arrays = {part: gaps.padded(samples, length, f"{path}: {part}") for part, samples in read.items()}
    labels = [np.array([trials[name].label for name in names], dtype=np.str_) for names in parts.values()]
    classes, targets = raw.names(labels, str(path))
    piles = {
        part: raw.Pile(signals.values(array, f"{path}: {part}"), found, _groups([trials[name] for name in parts[part]]))
        for (part, array), found in zip(arrays.items(), targets, strict=True)
    }
    return raw.Raw(
        train=piles["train"], validation=piles.get("validation"), test=piles.get("test"), classes=classes, source=str(path)
    )


def _groups(trials: list[_Trial]) -> NDArray[np.str_] | None:
    groups = [trial.group for trial in trials if trial.group is not None]
    return np.array(groups, dtype=np.str_) if groups else None


def _signal(trial: _Trial, channels: list[str], where: str) -> NDArray[np.float64]:
    """Return one trial, (channels, time), its points in the order of time; a channel's own points need not be those of others.

    At a time at which another channel has a value and it has none, its value is missing.
    """
    times = sorted({time for pairs in trial.values.values() for time, _ in pairs})
    place = {time: index for index, time in enumerate(times)}
    out = np.full((len(channels), len(times)), np.nan)
    for index, channel in enumerate(channels):
        pairs = trial.values.get(channel, [])
        if len({time for time, _ in pairs}) != len(pairs):
            raise DataError(f"{where}: two values of channel {channel} at one time; expected one at each")
        for time, value in pairs:
            out[index, place[time]] = value
        gaps.filled(out[index : index + 1], f"{where}, {channel}")
    return gaps.filled(out, where)


def _trials(path: Path) -> tuple[dict[str, _Trial], list[str]]:
    """Return the trials by name and the channels' names, both in the order in which they come."""
    trials: dict[str, _Trial] = {}
    channels: dict[str, None] = {}
    count = 0
    columns: _Columns | None = None
    for where, row in _rows(path):
        if columns is None:
            columns = _columns([name.strip().lower() for name in row], path)
            width = len(row)
            continue
        if len(row) != width:
            raise DataError(f"{where}: {len(row)} columns; expected {width}, as in the first line")
        part = "train" if columns.part is None else row[columns.part].strip().lower()
        if part not in _PARTS:
            raise DataError(f"{where}: the part {part[:40]!r}; expected train, validation or test")
        group = None if columns.group is None else row[columns.group].strip()
        trial = _Trial(row[columns.label].strip(), _PARTS[part], group)
        name = row[columns.trial].strip()[:80] + ("" if group is None else f" of {group[:80]}")  # each subject counts its own
        known = trials.setdefault(name, trial)
        if (known.label, known.part) != (trial.label, trial.part):
            raise DataError(f"{where}: another label or part than earlier in trial {name}; expected one of each")
        time = _number(row[columns.time], where)
        for own, place in columns.channels:
            channel = own if columns.channel is None else row[columns.channel].strip()
            channels.setdefault(channel)
            known.values.setdefault(channel, []).append((time, _value(row[place], where)))
        count += len(columns.channels)
        raw.check_size(count, str(path))
    if columns is None or not trials:
        raise DataError(f"{path}: no rows; expected a line with the columns' names, and rows below it")
    return trials, list(channels)


def _rows(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield the rows that aren't empty, each with its place in the file."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        delimiter = _delimiter(file.readline(_LONGEST))
        file.seek(0)
        reader = csv.reader(file, delimiter=delimiter)
        try:
            for row in reader:
                if row:
                    yield f"{path}, line {reader.line_num}", row
        except csv.Error as error:
            raise DataError(f"{path}, line {reader.line_num}: {error}; expected a table in CSV") from error


def _number(text: str, where: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise DataError(f"{where}: {text[:40]!r}; expected a number")
    return number


def _value(text: str, where: str) -> float:
    """Return a value, NaN where it is missing."""
    return math.nan if text.strip().lower() in _MISSING else _number(text, where)


FORMAT = Format(
    name="signal table",
    description=(
        "a CSV file with a line of names: trial, time and label, and channel and value (a row a value) or one column for each "
        f"channel (a row a point of time), {gaps.STATED}; if there is a column part, it says train, validation or test; if "
        "there is a column subject (or participant, patient, user, group), no subject is in two parts"
    ),
    kind="signal",
    recognises=_recognises,
    read=_read,
)
