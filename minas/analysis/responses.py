"""What a study asks of its cells: responses, each a number of a cell, and which cells have none, and why."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from minas.analysis.cells import Cell


@dataclass(frozen=True, kw_only=True)
class Response:
    """A number that is worked out of a cell's measures.

    Attributes:
        name: how tables call it.
        measures: what it needs.
        logarithm: whether it is a natural logarithm, so that its measures have to be above 0.
        work: from the measures, in order, to the number.
    """

    name: str
    measures: tuple[str, ...]
    logarithm: bool
    work: Callable[..., float]

    def of(self, cell: Cell) -> float | str:
        """Return the number, or why there is none."""
        if not cell.complete:
            return f"{cell.status}: {cell.reason}" if cell.reason else cell.status
        values = [cell.value(name) for name in self.measures]
        for name, value in zip(self.measures, values, strict=True):
            if value is None:
                return f"no {name}"
            if self.logarithm and value <= 0:
                return f"{name} is not above 0, so it has no logarithm"
        return self.work(*values)


def _as_it_is(value: float) -> float:
    return value


RESPONSES = (
    Response(name="error", measures=("error",), logarithm=False, work=_as_it_is),
    Response(name="log_action", measures=("action",), logarithm=True, work=math.log),
    Response(name="log_activation_energy", measures=("activation_energy",), logarithm=True, work=math.log),
    Response(name="log_action_per_flop", measures=("action", "flops"), logarithm=True, work=lambda s, f: math.log(s / f)),
    Response(name="epochs_to_accuracy", measures=("epochs_to_accuracy",), logarithm=False, work=_as_it_is),
    Response(name="log_training_macs_to_accuracy", measures=("training_macs_to_accuracy",), logarithm=True, work=math.log),
)
"""The responses of a study's tables. MACs to a fixed accuracy differ by orders of magnitude, so their log counts."""

GAP = Response(name="gap", measures=("test_error", "train_error"), logarithm=False, work=lambda test, train: test - train)
"""How much worse a network does on test samples than on those that it was trained on: for comparisons over lambda."""


def response(name: str) -> Response:
    """Return a response by its name; any other name is a measure, taken as it is."""
    known = {item.name: item for item in (*RESPONSES, GAP)}
    return known.get(name) or Response(name=name, measures=(name,), logarithm=False, work=_as_it_is)


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """How many cells of a domain and family a response does without, for one reason."""

    response: str
    domain: str
    family: str
    reason: str
    cells: int


@dataclass(frozen=True, kw_only=True)
class Observed:
    """The cells that have a response, their values in the same order, and the others counted by reason."""

    response: Response
    cells: tuple[Cell, ...]
    values: tuple[float, ...]
    left_out: tuple[LeftOut, ...]


def observe(cells: Iterable[Cell], asked: Response | str) -> Observed:
    """Work a response out of cells: which have it, and why the others don't."""
    wanted = response(asked) if isinstance(asked, str) else asked
    kept: list[tuple[Cell, float]] = []
    missing: Counter[tuple[str, str, str]] = Counter()
    for cell in cells:
        found = wanted.of(cell)
        if isinstance(found, str):
            missing[cell.domain, cell.family, found] += 1
        else:
            kept.append((cell, found))
    return Observed(
        response=wanted,
        cells=tuple(cell for cell, _ in kept),
        values=tuple(value for _, value in kept),
        left_out=tuple(
            LeftOut(response=wanted.name, domain=domain, family=family, reason=reason, cells=count)
            for (domain, family, reason), count in sorted(missing.items())
        ),
    )


@dataclass(frozen=True, kw_only=True)
class Counted:
    """A study's cells of a domain and family: how many were planned, how many are complete, of how many architectures."""

    domain: str
    family: str
    architectures: int
    cells: int
    complete: int
    fewest: int
    most: int
    """The complete cells of the architectures with fewest and with most: equal in a balanced study."""


def count(cells: Sequence[Cell]) -> list[Counted]:
    """Count a study's cells, for each domain and family in the order of their first cells."""
    out = []
    for domain, family in dict.fromkeys((cell.domain, cell.family) for cell in cells):
        own = [cell for cell in cells if (cell.domain, cell.family) == (domain, family)]
        done = Counter(cell.instance for cell in own if cell.complete)
        each = [done[name] for name in dict.fromkeys(cell.instance for cell in own)]
        out.append(
            Counted(
                domain=domain,
                family=family,
                architectures=len(each),
                cells=len(own),
                complete=sum(each),
                fewest=min(each),
                most=max(each),
            )
        )
    return out
