"""The numbers behind the plot of a sweep: a panel for each network and functional."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from minas.analysis.confirmation import Interval
from minas.analysis.limits import log_limits
from minas.analysis.sweep import SweepRow

DRAWN = ("activation_energy", "kinetic", "potential")
"""The energies that are drawn, as ratios to lambda 0."""

LEAST_ERROR = 1e-3
"""Below which an error is drawn as if it were that: a logarithmic axis has no zero."""

HIGHEST_ERROR = 1.05
"""Where an axis of errors ends at the latest; what is drawn ends at 1."""

FURTHEST = 3.0
"""How many times the highest mean an axis reaches, and the lowest: with two seeds an interval may span ten decades."""


@dataclass(frozen=True, kw_only=True)
class SweepSubject:
    """A sweep, as far as its plot needs it.

    Attributes:
        name: name of its folder.
        task: name of its task.
        rows: what `minas.analysis.sweep.sweep_rows` gives.
    """

    name: str
    task: str
    rows: Sequence[SweepRow]


@dataclass(frozen=True, kw_only=True)
class SweepPanel:
    """One network with one functional.

    Attributes:
        lambdas: ascending; 0 first, where there is one.
        errors: on test samples, one for each lambda; None where no training completed.
        ratios: energy to one for each lambda.
        short: for each lambda, how many of its trainings are missing.
    """

    instance: str
    functional: str
    lambdas: tuple[float, ...]
    errors: tuple[Interval | None, ...]
    ratios: Mapping[str, tuple[Interval | None, ...]]
    short: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class SweepPicture:
    """What the plot of a sweep shows.

    Attributes:
        title: the words over it.
        instances: the rows of panels.
        functionals: the columns of panels.
        panels: instance and functional to its panel.
        error_limits: instance to the ends of its axis of errors, logarithmic.
        ratio_limits: the ends of the axis of ratios, the same everywhere, logarithmic.
    """

    title: str
    instances: tuple[str, ...]
    functionals: tuple[str, ...]
    panels: Mapping[tuple[str, str], SweepPanel]
    error_limits: Mapping[str, tuple[float, float]]
    ratio_limits: tuple[float, float]


def sweep_picture(sweep: SweepSubject) -> SweepPicture:
    """Work out what the plot of a sweep shows; there are no panels where no lambda is above 0."""
    weighed = [row for row in sweep.rows if row.lambda_ > 0]
    names = dict.fromkeys((row.instance, row.functional) for row in weighed)
    panels = {name: _panel(*name, sweep.rows) for name in names}
    instances = tuple(dict.fromkeys(instance for instance, _ in names))
    return SweepPicture(
        title=f"{sweep.name}, {sweep.task}: accuracy and energies over lambda, means and 95% intervals over {_seeds(weighed)}",
        instances=instances,
        functionals=tuple(dict.fromkeys(functional for _, functional in names)),
        panels=panels,
        error_limits={
            name: _error_limits([found for panel in panels.values() if panel.instance == name for found in panel.errors])
            for name in instances
        },
        ratio_limits=_limits(found for panel in panels.values() for each in panel.ratios.values() for found in each),
    )


def _panel(instance: str, functional: str, rows: Sequence[SweepRow]) -> SweepPanel:
    own = [row for row in rows if row.instance == instance and (row.functional == functional or row.lambda_ == 0)]
    own.sort(key=lambda row: row.lambda_)
    return SweepPanel(
        instance=instance,
        functional=functional,
        lambdas=tuple(row.lambda_ for row in own),
        errors=tuple(None if row.accuracy is None else _as_error(row.accuracy) for row in own),
        ratios={name: tuple(row.ratios[name] for row in own) for name in DRAWN},
        short=tuple(row.planned - row.complete for row in own),
    )


def _as_error(accuracy: Interval) -> Interval:
    """Return an accuracy as an error that a logarithmic axis can show."""
    low, high = (None if end is None else max(LEAST_ERROR, 1.0 - end) for end in (accuracy.high, accuracy.low))
    return Interval(mean=max(LEAST_ERROR, 1.0 - accuracy.mean), low=low, high=high, seeds=accuracy.seeds)


def _error_limits(found: Iterable[Interval | None]) -> tuple[float, float]:
    low, high = _limits(found)
    return low, min(high, HIGHEST_ERROR)


def _limits(found: Iterable[Interval | None]) -> tuple[float, float]:
    """Return limits that show all means, and the ends of intervals as far as they leave the means most of the room."""
    known = [one for one in found if one is not None]
    means = [one.mean for one in known]
    ends = [end for one in known for end in (one.low, one.high) if end is not None]
    if means:
        ends = [min(max(end, min(means) / FURTHEST), max(means) * FURTHEST) for end in ends]
    return log_limits([np.array([*means, *ends], dtype=np.float64)])


def _seeds(rows: Sequence[SweepRow]) -> str:
    most = max((row.planned for row in rows), default=0)
    return f"{most} {'seed' if most == 1 else 'seeds'}"
