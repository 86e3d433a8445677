"""NumPy archives with signals x and labels y."""

from __future__ import annotations

from pathlib import Path

from minas.data import raw, signals
from minas.data.formats import Format, Options, npz


def _read(path: Path, options: Options) -> raw.Raw:
    return npz.read_parts(path, signals.values)


FORMAT = Format(
    name="npz",
    description=(
        "a NumPy archive (.npz) with signals x, of shape (samples, channels, time), or (samples, time) of one channel, and "
        "labels y, and if there is a test part x_test and y_test; or x_train, y_train, x_validation, y_validation, x_test and "
        "y_test; `groups` (or groups_train and so on) may say for each sample whose it is: no group is then in two parts"
    ),
    kind="signal",
    recognises=npz.recognises,
    read=_read,
)
