"""BimodalTrue in our own reading for images: see `minas.baselines._two_pathways`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from torch import nn

from minas.baselines import Baseline, Family, at_sizes, both_ways
from minas.baselines._two_pathways import NAME, SOURCE, Bimodal
from minas.network.initialise import seeded

_WIDTHS = ((12, 2), (12, 1), (24, 2), (24, 1))


def _build(shape: tuple[int, ...], classes: int, seed: int, *, widths: Sequence[tuple[int, int]] = _WIDTHS) -> nn.Module:
    with seeded(seed):
        return Bimodal(shape, classes, widths=widths)


_BIMODAL = Baseline(name=NAME, source=SOURCE, build=_build, in_search=False, family="energy-first")

_SIZES = {
    "w6": partial(_build, widths=((6, 2), (6, 1), (12, 2), (12, 1))),
    "two layers": partial(_build, widths=((12, 2), (24, 2))),
}

FAMILY = Family(domain="vision", baselines=(*both_ways(_BIMODAL), *at_sizes(_BIMODAL, _SIZES)))
