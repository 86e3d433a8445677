"""Samples of unequal lengths that come as arrays: how they become samples of one shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from minas.data.gaps import padded
from minas.data.raw import check_size
from minas.errors import DataError

Behind = Literal["last value", "nothing"]
"""What stands behind the end of a sample that is shorter than others: of a signal its last values, of a recording no event."""


def equalised(parts: Sequence[Any], behind: Behind) -> list[Any]:
    """Return the samples of all parts in one length, that of the longest; what is of one shape already stays as it is.

    Args:
        parts: the samples of each part, an array or a sequence of arrays: with `last value` each (channels, time) or (time,);
            with `nothing` each (time, ...).
        behind: what stands behind a shorter sample's end.

    Raises:
        DataError: samples differ in more than their length, or together they are too large.
    """
    samples = [[np.asarray(sample) for sample in part] for part in parts]
    shapes = {sample.shape for part in samples for sample in part}
    if len(shapes) < 2:
        return list(parts)
    time = -1 if behind == "last value" else 0
    expected = "(channels, time) or (time,)" if behind == "last value" else "(time, units) or (time, channels, height, width)"
    rest = {shape[1:] if behind == "nothing" else shape[:-1] for shape in shapes}
    if len(rest) > 1 or () in shapes or any(0 in shape for shape in shapes) or (time == -1 and len(next(iter(shapes))) > 2):
        listed = ", ".join(str(shape) for shape in sorted(shapes, key=str)[:3])
        raise DataError(f"samples of shapes {listed}; expected {expected}, which may differ in time alone")
    length = max(shape[time] for shape in shapes)
    if behind == "nothing":
        return [_silent(part, length) for part in samples]
    rows = [[sample if sample.ndim == 2 else sample[None] for sample in part] for part in samples]
    return [padded(part, length, "the data given as arrays") for part in rows]


def _silent(part: Sequence[NDArray[Any]], length: int) -> NDArray[Any]:
    """Return recordings of one length, zero behind the end of the shorter ones."""
    rest = part[0].shape[1:]
    check_size(len(part) * length * int(np.prod(rest)), "the data given as arrays")
    out = np.zeros((len(part), length, *rest), np.result_type(*part))
    for place, sample in zip(out, part, strict=True):
        place[: len(sample)] = sample
    return out
