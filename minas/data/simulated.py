"""Simulated events from real images, kept in the user's cache: the simulation takes seconds, every worker loads the task."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from minas.data import saccades
from minas.errors import MinasError

_DIGEST = hashlib.sha256().digest_size


def events_of(images: NDArray[np.uint8], *, steps: int, halved: bool) -> NDArray[np.uint8]:
    """Return the simulated events of images: from the cache, or else simulated and kept there where that is possible.

    Args:
        images: (samples, height, width), grey, at most 34 x 34.
        steps: time bins of a recording.
        halved: whether the sensor is pooled from 34 x 34 to 17 x 17 pixels.

    Returns:
        Whether any event came, (samples, steps, 2, side, side), 0 or 1, OFF before ON.
    """
    side = saccades.SENSOR // 2 if halved else saccades.SENSOR
    shape = (len(images), steps, 2, side, side)
    path = place(images, steps=steps, halved=halved)
    found = _read(path, shape)
    if found is None:
        found, _ = saccades.simulate(images, steps=steps)
        found = saccades.pooled(found) if halved else found
        _keep(path, found)
    return found


def place(images: NDArray[np.uint8], *, steps: int, halved: bool) -> Path:
    """Return the file in the user's cache for these events: another simulation of other images has another name."""
    import platformdirs

    said = [saccades.trajectory(), saccades.THRESHOLD, saccades.SENSOR, steps, halved, images.shape]
    name = hashlib.sha256(json.dumps(said).encode() + np.ascontiguousarray(images).tobytes()).hexdigest()
    return Path(platformdirs.user_cache_dir("minas")) / "data" / "simulated-events" / f"{name[:32]}.bits"


def _read(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8] | None:
    """Return what a file holds, or None where there is none, or it is not whole."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, bits = content[:_DIGEST], content[_DIGEST:]
    count = int(np.prod(shape))
    if hashlib.sha256(bits).digest() != digest or len(bits) != -(-count // 8):
        return None
    return np.unpackbits(np.frombuffer(bits, np.uint8), count=count).reshape(shape)


def _keep(path: Path, spikes: NDArray[np.uint8]) -> None:
    """Write a file so that another process sees it whole or not at all; without a place to write, it is done without."""
    from minas.run.folder import write_atomically

    bits = np.packbits(spikes).tobytes()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, hashlib.sha256(bits).digest() + bits)
    except (OSError, MinasError):
        return
