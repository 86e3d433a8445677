"""BimodalTrue in our own reading for signals: see `minas.baselines._two_pathways`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from torch import nn

from minas.baselines import Baseline, Family, at_sizes, both_ways
from minas.baselines._two_pathways import NAME, SOURCE, Bimodal
from minas.network.initialise import seeded

_WIDTHS = ((8, 2), (16, 2))
_KERNEL = 31


def _build(shape: tuple[int, ...], classes: int, seed: int, *, widths: Sequence[tuple[int, int]] = _WIDTHS) -> nn.Module:
    with seeded(seed):
        return Bimodal(shape, classes, widths=widths, kernel=_KERNEL)


_BIMODAL = Baseline(name=NAME, source=SOURCE, build=_build, in_search=False, family="energy-first")

_SIZES = {"w4": partial(_build, widths=((4, 2), (8, 2))), "one layer": partial(_build, widths=((8, 2),))}

FAMILY = Family(domain="physiological", baselines=(*both_ways(_BIMODAL), *at_sizes(_BIMODAL, _SIZES)))
