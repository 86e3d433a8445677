"""Cohen's kappa: by how much the answers agree with the right classes beyond what chance would give (Cohen 1960)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minas.measures import Measure, Unavailable

if TYPE_CHECKING:
    from minas.measures._trained import Trained


def _compute(trained: Trained) -> float:
    from minas.measures._confusion import confusion

    table = confusion(trained)
    total = table.sum()
    agreed = float(table.diagonal().sum() / total)
    by_chance = float((table.sum(0) * table.sum(1)).sum() / total**2)
    if by_chance == 1.0:
        raise Unavailable("all samples and all answers are of one class: agreement by chance is complete")
    return (agreed - by_chance) / (1.0 - by_chance)


MEASURE = Measure(
    name="kappa",
    unit="1",
    description="agreement beyond chance, Cohen's kappa: (p - c) / (1 - c) with the share p of right answers and the share c "
    "that the same numbers of answers would get right by chance; 1 for none wrong, 0 for chance, below 0 for worse",
    compute=_compute,
    score=True,
)
