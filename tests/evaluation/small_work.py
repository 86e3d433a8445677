"""A run's work on a handful of small images, and candidates for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from minas import resources
from minas.evaluation.work import Work
from minas.trial import Candidate

CHAIN = {
    "schema": 1,
    "kind": "image",
    "stages": [
        {"width": 4, "stride": 2, "nodes": [{"operator": "conv3x3"}, {"operator": "sep3x3"}], "edges": [[0, 1], [1, 2]]},
        {"width": 8, "stride": 2, "nodes": [{"operator": "conv3x3"}], "edges": [[0, 1]]},
    ],
    "head": {"grid": 1},
}
TRAINING = {"epochs": 3, "batch_size": 16, "learning_rate": 0.01, "lambda": 1e-5, "augmentation": {"shift": 1}}


def images(folder: Path) -> Path:
    """Write 90 images of 8 x 8 pixels, a bright row for each of three classes, and return the file."""
    rng = np.random.default_rng(0)
    targets = np.arange(90) % 3
    pixels = rng.integers(0, 80, size=(90, 8, 8))
    pixels[np.arange(90), targets * 2 + 1] += 150
    path = folder / "rows.npz"
    np.savez(path, x=pixels.astype(np.uint8), y=targets)
    return path


def work(where: Path, **changes: Any) -> str:
    values: dict[str, Any] = {
        "domain": "vision",
        "source": {"path": str(images(where)), "seed": 0},
        "space": (resources.folder("search_spaces") / "vision.toml").read_text(encoding="utf-8"),
        "space_source": "vision.toml",
        "training": TRAINING,
        "measures": ("error", "action", "flops", "params", "activations"),
        "limits": {},
        "folder": str(where),
    }
    (where / "weights").mkdir(exist_ok=True)
    return Work(**{**values, **changes}).to_json()


def candidate(**changes: Any) -> Candidate:
    values = {"role": "search", "number": 3, "key": "k", "architecture": CHAIN, "seed": 7, "epochs": 3}
    return Candidate(**{**values, **changes})
