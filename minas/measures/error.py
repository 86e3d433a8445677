"""Error: the share of samples that the network gets wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minas.measures import Measure

if TYPE_CHECKING:
    from minas.measures._trained import Trained


def _compute(trained: Trained) -> float:
    wrong = trained.logits.argmax(dim=1) != trained.targets
    return int(wrong.sum()) / len(wrong)


MEASURE = Measure(
    name="error",
    unit="1",
    description="share of samples whose most likely class is not the right one, from 0 to 1",
    compute=_compute,
)
