"""Hand-made chains of convolution, batch normalisation and ReLU: what anybody would write first."""

from __future__ import annotations

from typing import Any

from torch import nn

from minas.baselines import Baseline, Family
from minas.graph import architecture as graph
from minas.network.build import build


def _dumped(width: int, inner: int) -> dict[str, Any]:
    """Return a chain as an architecture: two stages of stride 2, widths w and 2 w, features pooled to 3 x 3."""
    stages = [
        {
            "width": stage_width,
            "stride": 2,
            "nodes": [{"operator": "conv3x3"}] * (1 + inner),
            "edges": [[index, index + 1] for index in range(1 + inner)],
        }
        for stage_width in (width, 2 * width)
    ]
    return {"schema": 1, "kind": "image", "stages": stages, "head": {"grid": 3}}


def _chain(width: int, inner: int) -> Baseline:
    dumped = _dumped(width, inner)

    def network(shape: tuple[int, ...], classes: int, seed: int) -> nn.Module:
        return build(graph.load(dumped), shape=shape, classes=classes, seed=seed)

    name = f"chain w{width}" + ("" if inner else " no inner")
    return Baseline(name=name, source="reference chain of this project", build=network, architecture=dumped)


FAMILY = Family(domain="vision", baselines=(_chain(8, 0), _chain(8, 1), _chain(16, 1)))
