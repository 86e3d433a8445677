"""An objective set with bounds, and trials with given objectives."""

from __future__ import annotations

import hashlib

from minas.objectives import Bounds, Objective, ObjectiveSet
from minas.trial import Candidate, Status, Trial

PAPER = ObjectiveSet(
    name="paper",
    objectives=(Objective(measure="error"), Objective(measure="action", scale="log"), Objective(measure="flops", scale="log")),
)
BOUNDS = {
    "error": Bounds(ideal=0.0, reference=0.9),
    "action": Bounds(ideal=1.0, reference=1e4),
    "flops": Bounds(ideal=1e2, reference=1e6),
}


def trial(number: int, measures: dict[str, float | None], *, status: Status = Status.COMPLETE, late: bool = False) -> Trial:
    key = hashlib.sha256(str(number).encode()).hexdigest()
    candidate = Candidate(role="search", number=number, key=key, architecture={}, seed=0, epochs=1)
    return Trial(candidate=candidate, status=status, measures=measures, late=late)


def trials(*rows: tuple[float, float, float]) -> list[Trial]:
    return [trial(n, {"error": error, "action": action, "flops": flops}) for n, (error, action, flops) in enumerate(rows)]
