"""Physics-Lagrangian in our own reading for images: see `minas.baselines._motion`."""

from __future__ import annotations

from torch import nn

from minas.baselines import Baseline, Family, both_ways
from minas.baselines._motion import NAME, SOURCE, Lagrangian
from minas.network.initialise import seeded

_WIDTHS = ((12, 2), (24, 2))


def _build(shape: tuple[int, ...], classes: int, seed: int) -> nn.Module:
    with seeded(seed):
        return Lagrangian(shape, classes, widths=_WIDTHS)


FAMILY = Family(
    domain="vision",
    baselines=both_ways(Baseline(name=NAME, source=SOURCE, build=_build, in_search=False)),
)
