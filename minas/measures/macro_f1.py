"""Macro-F1: the mean over classes of the harmonic mean of precision and recall, each class counting alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minas.measures import Measure

if TYPE_CHECKING:
    from minas.measures._trained import Trained


def _compute(trained: Trained) -> float:
    from minas.measures._confusion import confusion

    table = confusion(trained)
    right, whole = table.diagonal(), table.sum(0) + table.sum(1)
    seen = whole > 0  # a class that is neither right nor answered for any sample has no F1
    return float((2 * right[seen] / whole[seen]).mean())


MEASURE = Measure(
    name="macro_f1",
    unit="1",
    description="mean over classes of F1, the harmonic mean of precision and recall, from 0 to 1; classes that no sample has "
    "and no answer names are left out",
    compute=_compute,
    score=True,
)
