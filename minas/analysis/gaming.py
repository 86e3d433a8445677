"""What tells a frugal network from one that only looks so: rescale gap, zero fraction, participation ratio, over lambda."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from minas.analysis.cells import Cell


@dataclass(frozen=True, kw_only=True)
class Gaming:
    """Networks of a domain and family at one lambda of one functional.

    Attributes:
        functional: in the loss; "" at lambda 0.
        cells: complete ones.
        rescale_gap: how much rescaling could still lower the action.
        zero_fraction: share of states that are 0.
        participation_ratio: share of the units that carry a state.
        action, activation_energy: geometric means, whatever the loss held.
        error: mean on validation samples.
    """

    domain: str
    family: str
    functional: str
    lambda_: float
    cells: int
    rescale_gap: float | None
    zero_fraction: float | None
    participation_ratio: float | None
    action: float | None
    activation_energy: float | None
    error: float | None


def gaming(cells: Iterable[Cell]) -> tuple[Gaming, ...]:
    """Return a row for each domain, family, functional and lambda, lambda 0 first."""
    groups: dict[tuple[str, str, str, float], list[Cell]] = {}
    for cell in cells:
        functional = cell.functional if cell.lambda_ > 0 else ""
        groups.setdefault((cell.domain, cell.family, functional, cell.lambda_), []).append(cell)
    order = list(dict.fromkeys(place[:2] for place in groups))
    return tuple(
        _row(place, [cell for cell in groups[place] if cell.complete])
        for place in sorted(groups, key=lambda place: (order.index(place[:2]), place[2], place[3]))
    )


def _row(place: tuple[str, str, str, float], own: Sequence[Cell]) -> Gaming:
    domain, family, functional, weight = place
    return Gaming(
        domain=domain,
        family=family,
        functional=functional,
        lambda_=weight,
        cells=len(own),
        rescale_gap=_mean(own, "rescale_gap"),
        zero_fraction=_mean(own, "zero_fraction"),
        participation_ratio=_mean(own, "participation_ratio"),
        action=_geometric(own, "action"),
        activation_energy=_geometric(own, "activation_energy"),
        error=_mean(own, "error"),
    )


def _mean(cells: Sequence[Cell], measure: str) -> float | None:
    found = [value for cell in cells if (value := cell.value(measure)) is not None]
    return float(np.mean(found)) if found else None


def _geometric(cells: Sequence[Cell], measure: str) -> float | None:
    found = [math.log(value) for cell in cells if (value := cell.value(measure)) is not None and value > 0]
    return math.exp(float(np.mean(found))) if found else None
