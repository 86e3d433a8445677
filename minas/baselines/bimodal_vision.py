"""BimodalTrue in our own reading for images: see `minas.baselines._two_pathways`."""

from __future__ import annotations

from torch import nn

from minas.baselines import Baseline, Family, both_ways
from minas.baselines._two_pathways import NAME, SOURCE, Bimodal
from minas.network.initialise import seeded

_WIDTHS = ((12, 2), (12, 1), (24, 2), (24, 1))


def _build(shape: tuple[int, ...], classes: int, seed: int) -> nn.Module:
    with seeded(seed):
        return Bimodal(shape, classes, widths=_WIDTHS)


FAMILY = Family(
    domain="vision",
    baselines=both_ways(Baseline(name=NAME, source=SOURCE, build=_build, in_search=False)),
)
