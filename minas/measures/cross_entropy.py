"""Cross-entropy: how surprised the network is by the right answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minas.measures import Measure

if TYPE_CHECKING:
    from minas.measures._trained import Trained


def _compute(trained: Trained) -> float:
    likelihoods = trained.logits.double().log_softmax(dim=1)
    return -float(likelihoods.gather(1, trained.targets[:, None]).mean())


MEASURE = Measure(
    name="cross_entropy",
    unit="nat",
    description="mean negative logarithm of the probability given to the right class, without the action",
    compute=_compute,
)
