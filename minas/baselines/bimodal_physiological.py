"""BimodalTrue in our own reading for signals: see `minas.baselines._two_pathways`."""

from __future__ import annotations

from torch import nn

from minas.baselines import Baseline, Family, both_ways
from minas.baselines._two_pathways import NAME, SOURCE, Bimodal
from minas.network.initialise import seeded

_WIDTHS = ((8, 2), (16, 2))
_KERNEL = 31


def _build(shape: tuple[int, ...], classes: int, seed: int) -> nn.Module:
    with seeded(seed):
        return Bimodal(shape, classes, widths=_WIDTHS, kernel=_KERNEL)


FAMILY = Family(
    domain="physiological",
    baselines=both_ways(Baseline(name=NAME, source=SOURCE, build=_build, in_search=False)),
)
