"""Optuna: processes that share a study, by a storage in a journal file, as its manual has it for one machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.study import MaxTrialsCallback

from _peers import job as jobs
from _peers import trials

NAME = "trials"


def _storage(job: jobs.Job) -> JournalStorage:
    return JournalStorage(JournalFileBackend(str(Path(job.folder) / "journal.log")))


def work(job: jobs.Job) -> None:
    """Take part in the study until it has all its trials."""
    study = optuna.load_study(study_name=NAME, storage=_storage(job), sampler=optuna.samplers.NSGAIISampler())

    def objective(trial: optuna.Trial) -> tuple[float, float, float]:
        trial.suggest_int("architecture", 0, 10**6)
        return trials.objectives(job, trial.number)

    study.optimize(objective, n_trials=job.trials, callbacks=[MaxTrialsCallback(job.trials, states=None)])


def main() -> None:
    """Make the study and start its processes."""
    jobs.ends_when_told()
    job = jobs.read()
    if "--work" in sys.argv:
        work(job)
        return
    optuna.create_study(study_name=NAME, storage=_storage(job), directions=["minimize"] * 3)
    command = [sys.executable, "-m", "_peers.run_optuna", "--work"]
    started = [subprocess.Popen(command, env=os.environ) for _ in range(job.workers)]
    try:
        codes = [process.wait() for process in started]
    finally:
        for process in started:
            process.kill()
    if any(codes):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
