"""What MINAS's workers do: the same trials as every other tool's, asked for by a whole search."""

from __future__ import annotations

import dataclasses
import json

from _peers.job import Job, logged
from _peers.trials import candidate, digits, trained_for
from minas.evaluation import evaluate as evaluation
from minas.trial import Candidate, Cost, Status, Trial


def _job(work: str) -> tuple[Job, str]:
    values = json.loads(work)
    return Job(**values["job"]), values["work"]


def prepare(work: str) -> None:
    """Make a worker ready, as MINAS's own evaluator does."""
    job, own = _job(work)
    if job.part == "same":
        digits()
    else:
        evaluation.prepare(own)


def evaluate(work: str, asked: Candidate) -> Trial:
    """Evaluate what is listed under the number, in the place of what the search asked for."""
    job, own = _job(work)
    with logged(job):
        if job.part == "same":
            measures = {"error": trained_for(job.steps), "action": 1000.0, "flops": 1e5}
            return Trial(candidate=asked, status=Status.COMPLETE, measures=measures, cost=Cost())
        return dataclasses.replace(evaluation.evaluate(own, candidate(job, asked.number)), candidate=asked)
