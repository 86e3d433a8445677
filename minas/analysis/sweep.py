"""A sweep over lambda: what weight of a functional in the loss does to accuracy and to each energy, seed by seed.

Everything is compared with the same network and seed at lambda 0: accuracy as a difference in points, energies as ratios.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from minas.analysis.cells import COMPLETE, Cell, along_path
from minas.analysis.confirmation import Interval, interval

ENERGIES = ("activation_energy", "action", "kinetic", "potential")
"""Measures of which ratios to lambda 0 are taken."""

BESIDE = ("zero_fraction", "participation_ratio", "rescale_gap")
"""Measures that tell a frugal network from one that is merely rescaled or asleep."""

NOTHING = "none"
"""The functional of a row at lambda 0, which stands once, whatever functionals there are."""

DIVERGED = "diverged"
"""The status of a cell whose training broke down, which lambda may be to blame for."""


@dataclass(frozen=True, kw_only=True)
class SweepRow:
    """One network at one lambda of one functional, over its seeds.

    Attributes:
        domain, family, instance: which network.
        functional: what stands in the loss beside the cross-entropy; `none` at lambda 0.
        lambda_: its weight.
        planned: trainings that the sweep has here.
        complete: those that finished.
        left_out: how the others ended, and how many each; they are in no mean.
        pairs: complete trainings whose partner at lambda 0 is complete too.
        accuracy: on test samples, as a share.
        validation_accuracy: on validation samples, as a share.
        loss: percentage points of test accuracy lost against lambda 0, paired; below 0 where accuracy was won.
        validation_loss: likewise on validation samples.
        means: measure to its mean: the energies, and what stands beside them.
        ratios: energy to how many times as much there is of it as at lambda 0: the geometric mean over pairs; seeds at which
            either is 0 have no ratio, and are not among its seeds.
    """

    domain: str
    family: str
    instance: str
    functional: str
    lambda_: float
    planned: int
    complete: int
    left_out: tuple[tuple[str, int], ...]
    pairs: int
    accuracy: Interval | None
    validation_accuracy: Interval | None
    loss: Interval | None
    validation_loss: Interval | None
    means: dict[str, Interval | None]
    ratios: dict[str, Interval | None]

    @property
    def diverged(self) -> int:
        """How many trainings broke down."""
        return sum(count for reason, count in self.left_out if reason.split(":")[0] == DIVERGED)


def sweep_rows(cells: Iterable[Cell]) -> tuple[SweepRow, ...]:
    """Return a row for each network, functional and lambda; lambda 0 comes once, first.

    Networks and functionals stand in the order of their first cells.
    """
    everything = list(cells)
    functionals = list(dict.fromkeys(cell.functional for cell in everything if cell.lambda_ > 0))
    rows = []
    for architecture in dict.fromkeys(cell.architecture for cell in everything):
        own = [cell for cell in everything if cell.architecture == architecture]
        bare = along_path([cell for cell in own if cell.lambda_ == 0], NOTHING)
        if bare:
            rows.append(_row(bare, bare))
        for functional in functionals:
            weighed = [cell for cell in own if cell.functional == functional and cell.lambda_ > 0]
            for weight in sorted({cell.lambda_ for cell in weighed}):
                rows.append(_row([cell for cell in weighed if cell.lambda_ == weight], bare))
    return tuple(rows)


def _row(own: Sequence[Cell], bare: Sequence[Cell]) -> SweepRow:
    partners = {(cell.strategy, cell.seed): cell for cell in bare}
    pairs = [
        (cell, partner)
        for cell in own
        if cell.complete and (partner := partners.get((cell.strategy, cell.seed))) is not None and partner.complete
    ]
    first = own[0]
    return SweepRow(
        domain=first.domain,
        family=first.family,
        instance=first.instance,
        functional=first.functional,
        lambda_=first.lambda_,
        planned=len(own),
        complete=sum(cell.complete for cell in own),
        left_out=_left_out(own),
        pairs=len(pairs),
        accuracy=_mean([1.0 - error for cell in own if (error := cell.value("test_error")) is not None]),
        validation_accuracy=_mean([1.0 - error for cell in own if (error := cell.value("error")) is not None]),
        loss=_loss(pairs, "test_error"),
        validation_loss=_loss(pairs, "error"),
        means={name: _mean([v for cell in own if (v := cell.value(name)) is not None]) for name in (*ENERGIES, *BESIDE)},
        ratios={name: _ratio(pairs, name) for name in ENERGIES},
    )


def _left_out(own: Sequence[Cell]) -> tuple[tuple[str, int], ...]:
    ends = (f"{cell.status}: {cell.reason}" if cell.reason else cell.status for cell in own if cell.status != COMPLETE)
    return tuple(sorted(Counter(ends).items()))


def _mean(values: Sequence[float]) -> Interval | None:
    return interval(values) if values else None


def _loss(pairs: Sequence[tuple[Cell, Cell]], error: str) -> Interval | None:
    both = ((cell.value(error), partner.value(error)) for cell, partner in pairs)
    return _mean([100.0 * (here - there) for here, there in both if here is not None and there is not None])


def _ratio(pairs: Sequence[tuple[Cell, Cell]], measure: str) -> Interval | None:
    both = ((cell.value(measure), partner.value(measure)) for cell, partner in pairs)
    logs = _mean([math.log(here / there) for here, there in both if here and there and here > 0 and there > 0])
    if logs is None:
        return None
    low, high = (None if end is None else math.exp(end) for end in (logs.low, logs.high))
    return Interval(mean=math.exp(logs.mean), low=low, high=high, seeds=logs.seeds)
