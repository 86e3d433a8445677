"""MINAS: a whole search with its store, its NSGA-II and its worker processes."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from _sessions import new_run, sitting

from _peers import job as jobs
from minas.engines import ENGINES, Engine
from minas.evolution.search import run_search
from minas.run.configuration import RunConfiguration


def main() -> None:
    """Search."""
    jobs.ends_when_told()
    job = jobs.read()

    def start(work: str, configuration: RunConfiguration) -> Engine:
        handed = json.dumps({"job": dataclasses.asdict(job), "work": work})
        return ENGINES.get("local").start(handed, job.workers, evaluator="_peers.evaluator")

    run = new_run(
        Path(job.folder) / "run", data=job.data or None, trials=job.trials, workers=job.workers, members=0, epochs=job.epochs
    )
    with sitting(run, start) as session:
        if not session.bounds:  # a user's data have bounds of their own; here none are compared
            bounds = session.configuration.objectives.bounds["mnist-5k"]
            session.configuration = dataclasses.replace(session.configuration, bounds=bounds)
        run_search(session, share=1.0)


if __name__ == "__main__":
    main()
