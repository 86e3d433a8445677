"""Ray Tune: a function for each trial, in an actor of its own, as Tune has it by default."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import ray
from ray import tune

from _peers import job as jobs


def trainable(config: dict[str, Any]) -> None:
    """Run one trial; what it needs is imported where it runs."""
    from _peers import trials

    error, action, flops = trials.objectives(jobs.read(), config["number"])
    tune.report({"error": error, "action": action, "flops": flops})


def main() -> None:
    """Tune over the numbers of the trials."""
    jobs.ends_when_told()
    job = jobs.read()
    with tempfile.TemporaryDirectory(prefix="ray") as short:  # sockets lie there, whose paths may not be long
        ray.init(
            num_cpus=job.workers,
            include_dashboard=False,
            object_store_memory=200_000_000,
            _temp_dir=short,
            runtime_env={"env_vars": {name: os.environ[name] for name in ("PYTHONPATH", jobs.VARIABLE)}},
        )
        try:
            tune.Tuner(
                trainable,
                param_space={"number": tune.grid_search(list(range(job.trials)))},
                tune_config=tune.TuneConfig(max_concurrent_trials=job.workers),
                run_config=tune.RunConfig(storage_path=str(Path(job.folder) / "results"), verbose=0),
            ).fit()
        finally:
            ray.shutdown()


if __name__ == "__main__":
    main()
