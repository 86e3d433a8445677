"""The shelf of measures: what one trained candidate is judged by, one file a measure.

Each module exposes `MEASURE = Measure(...)`, whose `compute` takes a `Trained` candidate and returns one number, or raises
`Unavailable` with the reason. Neither this module nor any measure's module imports torch when it is imported, so names,
units and descriptions can be listed without it.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from minas.errors import MinasError
from minas.shelf import Shelf

if TYPE_CHECKING:
    from minas.measures._counters import EnergyCounter, find_counter
    from minas.measures._trained import Trained

__all__ = [
    "MEASURES",
    "EnergyCounter",
    "Measure",
    "Measured",
    "Trained",
    "Unavailable",
    "find_counter",
    "known_before_training",
    "measure",
    "scores",
]

_ELSEWHERE = {"EnergyCounter": "_counters", "Trained": "_trained", "find_counter": "_counters"}
"""Public names of modules that are loaded when first used: a file without an underscore would be a measure."""


def __getattr__(name: str) -> Any:
    if name in _ELSEWHERE:
        return getattr(importlib.import_module(f"{__name__}.{_ELSEWHERE[name]}"), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


class Unavailable(MinasError):
    """A measure cannot be had here. Its text is the reason, and is shown where the number would stand."""


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A function of a trained candidate that returns one number.

    Attributes:
        name: how objective sets, tables and users name it: the name of its module.
        unit: unit of the number, as `front --json` lists it.
        description: one sentence for help texts and reports; it states the convention.
        compute: the number for one trained candidate; raises `Unavailable` where it cannot be had.
        on_request: it takes seconds rather than milliseconds, or means nothing for most networks, and is computed only
            where an objective set or a user asks.
        before_training: training does not change it, so it is computed before, once, and can be limited.
        score: more of it is better, and 1 is the best: an objective set minimises 1 - x, and a limit on it is a least value.
    """

    name: str
    unit: str
    description: str
    compute: Callable[[Trained], float]
    on_request: bool = False
    before_training: bool = False
    score: bool = False


MEASURES: Shelf[Measure] = Shelf("minas.measures", "MEASURE", Measure, "measure")


def known_before_training() -> list[str]:
    """Return the names of the measures that need no training, sorted: limits on them are checked before it."""
    return [name for name, part in MEASURES.all().items() if part.before_training]


def scores() -> list[str]:
    """Return the names of the measures of which more is better, sorted."""
    return [name for name, part in MEASURES.all().items() if part.score]


@dataclass(frozen=True)
class Measured:
    """What measuring one candidate gave.

    Attributes:
        values: measure to number; None where it was unavailable.
        reasons: measure to the reason why it was unavailable.
    """

    values: dict[str, float | None]
    reasons: dict[str, str]


def measure(trained: Trained, names: Iterable[str] | None = None) -> Measured:
    """Compute measures of one trained candidate.

    Args:
        trained: the candidate.
        names: which measures; by default all that are not `on_request`.

    Returns:
        Every name with its number, or None and a reason. A number that is not finite is none.

    Raises:
        UsageError: a name that is not on the shelf.
    """
    chosen = [MEASURES.get(name) for name in (MEASURES.names() if names is None else names)]
    measured = Measured({}, {})
    for part in chosen:
        if names is not None or not part.on_request:
            _add(measured, part, trained)
    return measured


def _add(measured: Measured, part: Measure, trained: Trained) -> None:
    """Compute one measure, and keep its value or the reason why there is none."""
    measured.values[part.name] = None
    try:
        value = float(part.compute(trained))
    except Unavailable as unavailable:
        measured.reasons[part.name] = str(unavailable)
        return
    if math.isfinite(value):
        measured.values[part.name] = value
    else:
        measured.reasons[part.name] = f"not a finite number: {value}"
