"""Export formats: what a found network is handed over as, one file a format.

A format's module exposes `EXPORT = Export(name, description, write)`. `write` writes a folder whole or not at all, and has
compared what it wrote with the trained network before it returns. Modules whose name starts with an underscore are no
formats: they hold what formats share. `load` reads a folder back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minas.graph.architecture import Architecture
from minas.shelf import Shelf

if TYPE_CHECKING:
    from torch import Tensor

    from minas.network import Network


@dataclass(frozen=True, kw_only=True)
class Content:
    """What is handed over: a trained network, and what its user must know.

    Attributes:
        architecture: any form; exports hold the canonical one.
        state: the trained network's state dict.
        shape: the shape of a sample: (channels, height, width) for images.
        classes: the names of the classes, in the order of the logits.
        preprocessing: what must be done to a sample first, such as mean and standard deviation a channel. JSON values.
        measures: name to value, None where unavailable.
        provenance: where it comes from: run, trial, seed, versions. JSON values.
    """

    architecture: Architecture
    state: Mapping[str, Tensor]
    shape: tuple[int, ...]
    classes: tuple[str, ...]
    preprocessing: Mapping[str, Any] = field(default_factory=dict)
    measures: Mapping[str, float | None] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Export:
    """One export format.

    Attributes:
        name: what a user types.
        description: one line for the help text.
        write: `write(content, folder, force=False)` writes the folder. It raises `UsageError` where the folder holds
            something (with `force`, something that is no earlier export), and `MinasError` where writing or the comparison
            failed; either way nothing is left behind.
    """

    name: str
    description: str
    write: Callable[[Content, Path, bool], None]


EXPORTS = Shelf("minas.exports", "EXPORT", Export, "export format")


def load(folder: str | Path) -> Network:
    """Return the network of an exported folder, in eval mode. None of the folder's code is run.

    Example:
        `logits = minas.load("my-network")(images)`

    Args:
        folder: what the format `pytorch` wrote: `architecture.json` and `weights.safetensors` are read.

    Raises:
        ArchitectureError: the folder is not such an export; the message names the file and what is wrong with it.
    """
    from minas.exports._load import load as load_network

    return load_network(Path(folder))
