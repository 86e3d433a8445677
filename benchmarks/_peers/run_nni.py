"""NNI: an experiment on its local training service, a process for each trial, as NNI has it."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

from nni.experiment import Experiment

from _peers import job as jobs


def main() -> None:
    """Run the experiment."""
    jobs.ends_when_told()
    job = jobs.read()
    code = Path(job.folder) / "code"  # NNI copies what lies there: nothing, as trials import an installed package
    code.mkdir()
    experiment = Experiment("local")
    config = experiment.config
    config.experiment_working_directory = str(Path(job.folder) / "nni")
    config.trial_command = f"{sys.executable} -m _peers.nni_trial"
    config.trial_code_directory = str(code)
    config.search_space = {"architecture": {"_type": "randint", "_value": [0, 10**6]}}  # it gives nothing twice: be it large
    config.tuner.name = "Random"
    config.trial_concurrency = job.workers
    config.max_trial_number = job.trials
    try:
        experiment.run(_free_port())
    finally:
        experiment.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
