"""Long recordings of signals, cut into samples at their events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minas.data import raw, signals
from minas.errors import DataError


@dataclass(frozen=True, kw_only=True)
class Recording:
    """One file.

    Attributes:
        path: where it lies, as errors name it.
        channels: their names.
        rate: points of time a second.
        values: its signals, (channels, time).
        events: where samples begin, in points of time, and their classes.
        room: points of time that each event has for itself.
        subject: of whom it is.
    """

    path: Path
    channels: tuple[str, ...]
    rate: float
    values: NDArray[np.float32]
    events: tuple[tuple[int, str], ...]
    room: int
    subject: str


def room(starts: Sequence[int], lengths: Sequence[int], end: int, where: str) -> int:
    """Return how many points of time every event has: the least of the lengths, or the smallest distance where none is said.

    Args:
        starts: where the events begin, in ascending order.
        lengths: those that are known, from 1.
        end: points of time in the whole recording.
        where: what errors name.

    Raises:
        DataError: no event lasts.
    """
    gaps = np.diff([*starts, end])
    found = min(lengths) if lengths else int(min((gap for gap in gaps if gap > 0), default=0))
    if found < 1:
        raise DataError(f"{where}: events without a length; expected events that last, or that follow one another")
    return found


def cut(recordings: Sequence[Recording], path: Path) -> raw.Raw:
    """Return a sample for each event with all of its points, as many as the event with the least room has.

    Where there are several subjects, they are the samples' groups.

    Raises:
        DataError: recordings differ in their channels or rates, or no event is whole.
    """
    _check_alike(recordings)
    length = min(recording.room for recording in recordings)
    inputs, labels, groups = [], [], []
    for recording in recordings:
        for first, text in recording.events:
            if first + length <= recording.values.shape[1]:
                inputs.append(recording.values[:, first : first + length])
                labels.append(text)
                groups.append(recording.subject)
        raw.check_size(len(inputs) * length * len(recording.channels), str(path))
    if not inputs:
        raise DataError(f"{path}: no event with all of its {length} points of time; expected some of at least two kinds")
    classes, (targets,) = raw.names([np.array(labels, dtype=np.str_)], str(path))
    apart = np.array(groups, dtype=np.str_) if len(set(groups)) > 1 else None
    return raw.Raw(
        train=raw.Pile(signals.values(np.stack(inputs), str(path)), targets, apart),
        classes=classes,
        source=str(path),
        rate=recordings[0].rate,
    )


def _check_alike(recordings: Sequence[Recording]) -> None:
    first = recordings[0]
    for other in recordings[1:]:
        facts: Mapping[str, tuple[Any, Any]] = {
            "channels": (other.channels, first.channels),
            "points of time a second": (other.rate, first.rate),
        }
        for what, (given, expected) in facts.items():
            if given != expected:
                raise DataError(f"{other.path}: {what} {given}; expected {expected}, as in {first.path.name}")
