"""What turns the last stage's state into one number a class."""

from __future__ import annotations

from torch import nn

from minas.errors import ArchitectureError
from minas.graph.architecture import Architecture


def head(architecture: Architecture, *, classes: int) -> nn.Module:
    """Return the head for an architecture's kind of state.

    Images: average pooling to grid x grid, flattened, one linear map with bias; (batch, width, h, w) to (batch, classes).

    Raises:
        ArchitectureError: a kind of state for which there is no head.
    """
    if architecture.kind != "image":
        raise ArchitectureError(f"there is no head for states of kind '{architecture.kind}', only for 'image'")
    grid = int(dict(architecture.head)["grid"])
    width = architecture.stages[-1].width
    return nn.Sequential(nn.AdaptiveAvgPool2d(grid), nn.Flatten(), nn.Linear(width * grid * grid, classes))
