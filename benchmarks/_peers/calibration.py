"""How long things take on this machine while all of its workers are busy."""

from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from statistics import fmean

from _peers import trials
from _peers.job import Job
from minas.evaluation import evaluate as evaluation

FEW, MANY = 20, 120


def pace(_: int) -> tuple[float, float]:
    """Return the seconds of one step of the one function, and those that it takes without any."""
    trials.trained_for(FEW)
    times = []
    for steps in (FEW, MANY, FEW, MANY):
        began = time.perf_counter()
        trials.trained_for(steps)
        times.append(time.perf_counter() - began)
    few, many = min(times[0], times[2]), min(times[1], times[3])
    step = (many - few) / (MANY - FEW)
    return step, max(0.0, few - FEW * step)


def brief(job: Job) -> tuple[float, float]:
    """Return the mean seconds in which the listed architectures are trained for an epoch, and of all else in a trial."""
    evaluation.prepare(job.work)
    found = [evaluation.evaluate(job.work, trials.candidate(job, number)) for number in range(len(job.architectures))]
    found = [evaluation.evaluate(job.work, trials.candidate(job, number)) for number in range(len(job.architectures))]
    training = fmean(trial.cost.training_seconds for trial in found) / job.epochs
    return training, fmean(trial.cost.seconds for trial in found) - training * job.epochs


def everywhere(job: Job) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return `pace` and `brief`, means over as many processes at once as there are workers."""
    with ProcessPoolExecutor(job.workers, mp_context=get_context("spawn")) as pool:
        paces = list(pool.map(pace, range(job.workers)))
        briefs = list(pool.map(brief, [job] * job.workers))
    step, rest = (fmean(column) for column in zip(*paces, strict=True))
    epoch, beside = (fmean(column) for column in zip(*briefs, strict=True))
    return (step, rest), (epoch, beside)
