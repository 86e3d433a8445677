"""NumPy archives with recordings that are already binned, and labels: also how arrays from Python arrive."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minas.data import raw
from minas.data.formats import Format, Options, npz
from minas.errors import DataError


def _read(path: Path, options: Options) -> raw.Raw:
    if options.image_size is not None:
        raise DataError(f"{path}: holds recordings that are already binned, which can't be pooled; leave the image size out")
    return npz.read_parts(path, clipped)


def clipped(counts: NDArray[Any], where: str) -> NDArray[np.uint8]:
    """Return binned recordings as spikes: 1 where a bin holds any event.

    Args:
        counts: (samples, time, channels, height, width), or (samples, time, units) for spike trains; no negative numbers.
        where: what errors name.

    Returns:
        (samples, time, channels, height, width), 0 or 1; spike trains with one channel and a height of 1.

    Raises:
        DataError: another shape, or values that are no counts.
    """
    if counts.ndim not in (3, 5):
        raise DataError(
            f"{where}: shape {counts.shape}; expected binned recordings, (samples, time, channels, height, width), "
            "or spike trains, (samples, time, units)"
        )
    raw.check_size(counts.size, where)
    if counts.dtype.kind not in "biuf" or not bool((counts >= 0).all()):
        raise DataError(f"{where}: values of {counts.dtype} that are no counts; expected numbers from 0")
    spikes = (counts > 0).astype(np.uint8)
    return spikes if counts.ndim == 5 else spikes[:, :, None, None, :]


FORMAT = Format(
    name="npz",
    description=(
        "a NumPy archive (.npz) with binned recordings x, of shape (samples, time, channels, height, width), or spike trains "
        "(samples, time, units), and labels y; or x_train, y_train, x_validation, y_validation, x_test, y_test; `groups` may "
        "say for each sample whose it is: no group is then in two parts"
    ),
    kind="spikes",
    recognises=npz.recognises,
    read=_read,
)
