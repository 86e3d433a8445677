"""Physics-Lagrangian in our own reading for signals: see `minas.baselines._motion`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from torch import nn

from minas.baselines import Baseline, Family, at_sizes, both_ways
from minas.baselines._motion import NAME, SOURCE, STEPS, Lagrangian
from minas.network.initialise import seeded

_WIDTHS = ((8, 2), (16, 2))
_KERNEL = 15


def _build(
    shape: tuple[int, ...], classes: int, seed: int, *, widths: Sequence[tuple[int, int]] = _WIDTHS, steps: int = STEPS
) -> nn.Module:
    with seeded(seed):
        return Lagrangian(shape, classes, widths=widths, kernel=_KERNEL, steps=steps)


_LAGRANGIAN = Baseline(name=NAME, source=SOURCE, build=_build, in_search=False, family="energy-first")

_SIZES = {"w3": partial(_build, widths=((3, 2), (6, 2))), "one step": partial(_build, steps=1)}

FAMILY = Family(domain="physiological", baselines=(*both_ways(_LAGRANGIAN), *at_sizes(_LAGRANGIAN, _SIZES)))
