"""Physics-Lagrangian in our own reading for images: see `minas.baselines._motion`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from torch import nn

from minas.baselines import Baseline, Family, at_sizes, both_ways
from minas.baselines._motion import NAME, SOURCE, STEPS, Lagrangian
from minas.network.initialise import seeded

_WIDTHS = ((12, 2), (24, 2))


def _build(
    shape: tuple[int, ...], classes: int, seed: int, *, widths: Sequence[tuple[int, int]] = _WIDTHS, steps: int = STEPS
) -> nn.Module:
    with seeded(seed):
        return Lagrangian(shape, classes, widths=widths, steps=steps)


_LAGRANGIAN = Baseline(name=NAME, source=SOURCE, build=_build, in_search=False, family="energy-first")

_SIZES = {"w6": partial(_build, widths=((6, 2), (12, 2))), "one step": partial(_build, steps=1)}

FAMILY = Family(domain="vision", baselines=(*both_ways(_LAGRANGIAN), *at_sizes(_LAGRANGIAN, _SIZES)))
