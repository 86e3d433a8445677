"""Trials an hour on the same candidates, over trial lengths: MINAS against Optuna, NNI and Ray Tune on this machine.

    python benchmarks/trials_per_hour.py --lengths 0.1,0.5,2,8,30 --tools minas,optuna,nni,ray --repetitions 3

`same`: one and the same function for all, a training of a fixed network on the digits for so many steps as take the wanted
seconds; what differs is overhead. It includes MINAS's store, NSGA-II and telling: a whole search asks for the trials.
`own`: each tool's trial as its manual writes it, for the same list of architectures. For MINAS that is a search with its
evaluator; for the others a function that loads the data, builds the network, trains it and measures what is minimised, in a
process of Optuna's two, in a fresh actor of Ray's, in a fresh process of NNI's. The training is the same code everywhere, on
one thread, and MINAS alone takes all of its usual measures and keeps the weights.

Every tool has as many workers, is started anew for each repetition, and logs each trial's begin and end from inside. The rate
is taken from when as many processes as there are workers have each ended a trial to the last end, so that no tool's start-up
counts in it; that is the column `start`, from the command to the first trial's begin. Repetitions are interleaved, and the
order of the tools changes. A tool that is slow is stopped after `--seconds`, once it has at least six trials.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import fmean, median
from typing import Any

import numpy as np
from _peers.calibration import everywhere
from _peers.job import VARIABLE, Job, ends_when_told

from minas.api.request import Request, configuration_of, load_task
from minas.api.work import work_of
from minas.data import arrays
from minas.domains.vision import digits

HERE = Path(__file__).resolve().parent
PACKAGES = {"minas": "minas", "optuna": "optuna", "nni": "nni", "ray": "ray.tune"}
FEWEST = 6
LONGEST_START = 180.0
FLOPS = (8e4, 3e5)
"""Between what the listed architectures' multiply-accumulates lie, so that their trials are about as long."""

SAMPLES = (3000, 1000)
OBJECTIVES = ("error", "action", "flops")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Figures:
    """What one tool did in one repetition.

    Attributes:
        part: `same` or `own`.
        length: the wanted seconds of a trial.
        tool: its name.
        repetition: from 0.
        hourly: trials an hour, after the first round; NaN where it failed.
        start: seconds from the command to the first trial's begin.
        inside: mean seconds within a trial.
        trials: how many there were.
        failure: why there are no figures.
    """

    part: str
    length: float
    tool: str
    repetition: int
    hourly: float = math.nan
    start: float = math.nan
    inside: float = math.nan
    trials: int = 0
    failure: str = ""


@dataclasses.dataclass(frozen=True)
class Ended:
    """A trial that has ended: in which process, from when to when, in seconds since the epoch."""

    process: str
    began: float
    ended: float


def listed(count: int) -> tuple[dict[str, Any], ...]:
    """Return the candidates: the first architectures of about one size that the space gives."""
    request = Request(trials=1)
    domain, task, source = load_task(request)
    _, space = configuration_of(request, domain, task, source)
    rng, found = np.random.default_rng(0), []
    while len(found) < count:
        architecture = space.sample(rng)
        if FLOPS[0] <= space.features(architecture, task.shape, len(task.classes))["flops"] <= FLOPS[1]:
            found.append(space.dump(architecture))
    return tuple(found)


def own_data(folder: Path, share: float) -> str:
    """Write a share of the digits, training and validation samples, as a user's file, and return its path."""
    pile = digits().train
    order = np.random.default_rng(0).permutation(len(pile))
    training, validation = (max(100, round(share * count)) for count in SAMPLES)
    places = {"train": order[:training], "validation": order[3000 : 3000 + validation], "test": order[4000:4100]}
    parts = tuple((pile.inputs[chosen], pile.targets[chosen]) for chosen in places.values())
    path = arrays.store(parts, folder).path
    assert path is not None
    return path


def own_work(data: str, epochs: int) -> str:
    """Return what MINAS's evaluator needs to train on a file, with the objectives as the only measures."""
    request = Request(data=data, trials=1, epochs=epochs)
    configuration, _ = configuration_of(request, *load_task(request))
    return dataclasses.replace(work_of(configuration, None), measures=OBJECTIVES).to_json()


def jobs(options: argparse.Namespace, folder: Path) -> dict[tuple[str, float], Job]:
    """Return what is to be done for each part and length, after a look at how fast this machine is."""
    architectures = listed(options.listed)
    whole = own_data(folder / "data-1", 1.0)
    plain = Job(
        part="own",
        trials=0,
        workers=options.workers,
        folder="",
        log="",
        work=own_work(whole, 1),
        data=whole,
        architectures=architectures,
    )
    (step, rest), (epoch, beside) = everywhere(plain)
    print(f"one step takes {1e3 * step:.2f} ms and {1e3 * rest:.0f} ms a trial are not steps; an epoch of the listed ", end="")
    print(f"architectures takes {epoch:.2f} s on average, and {beside:.2f} s of a trial are not training", flush=True)
    found = {}
    for length in options.lengths:
        trials = max(FEWEST, math.ceil(options.workers * options.seconds / length)) + options.workers
        steps = max(1, round((length - rest) / step))
        found["same", length] = dataclasses.replace(plain, part="same", data="", work="", steps=steps, trials=trials)
        share = min(1.0, length / (epoch + beside))
        epochs = max(1, round((length - beside) / epoch))
        data = whole if share == 1.0 else own_data(folder / f"data-{length:g}", share)
        work = own_work(data, epochs)
        found["own", length] = dataclasses.replace(plain, data=data, epochs=epochs, work=work, trials=trials)
    return {key: job for key, job in found.items() if key[0] in options.parts}


def ends_of(log: Path) -> list[Ended]:
    """Return the trials that have ended, in the order of their ends."""
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    found = [Ended(process, float(began), float(ended)) for process, began, ended in map(str.split, lines)]
    return sorted(found, key=lambda trial: trial.ended)


def steady(trials: list[Ended], workers: int) -> tuple[float, list[Ended]]:
    """Return when so many processes had each ended a trial, and the trials that ended after that."""
    seen: set[str] = set()
    for place, trial in enumerate(trials):
        seen.add(trial.process)
        if len(seen) == workers:
            return trial.ended, trials[place + 1 :]
    return math.inf, []


def enough(trials: list[Ended], job: Job, seconds: float) -> bool:
    """Tell whether a tool may be stopped."""
    since, later = steady(trials, job.workers)
    return len(trials) >= job.trials or (len(later) >= FEWEST and time.time() - since > seconds)


def run(tool: str, job: Job, options: argparse.Namespace) -> tuple[float, list[Ended], str]:
    """Start a tool on a job, wait until it has done enough, end it; return when it began, its trials and what went wrong."""
    log, said = Path(job.log), Path(job.folder) / "output.txt"
    path = os.pathsep.join([str(HERE), str(HERE.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {
        **os.environ,
        VARIABLE: str(job.write()),
        "PYTHONPATH": path,
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    python = options.nni_python if tool == "nni" else sys.executable
    began = time.time()
    with said.open("w") as output:
        command = [python, "-m", f"_peers.run_{tool}"]
        process = subprocess.Popen(
            command, cwd=job.folder, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            while not enough(trials := ends_of(log), job, options.seconds):
                if process.poll() is not None:
                    break
                last = trials[-1].ended if trials else began
                if time.time() - last > LONGEST_START:
                    return began, trials, f"no trial ended for {LONGEST_START:g} seconds"
                time.sleep(0.1)
        finally:
            stop(process)
    trials = ends_of(log)
    later = steady(trials, job.workers)[1]
    tail = " ".join(said.read_text(errors="replace").split())[-300:]
    return began, trials, "" if len(later) >= 2 else f"only {len(trials)} trials ended: {tail}"


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a tool and all that it started; what is in another process group, as some have it, too."""
    started = descendants(process.pid)
    for told, patience in ((None, 5.0), (signal.SIGTERM, 60.0), (signal.SIGKILL, 10.0)):
        if told is not None and process.poll() is None:
            started |= descendants(process.pid)
            process.send_signal(told)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
            break
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    for left in started:
        if begin_of(left[0]) == left[1]:  # else it has ended, and its number may be somebody else's
            with contextlib.suppress(ProcessLookupError):
                os.kill(left[0], signal.SIGKILL)


def descendants(root: int) -> set[tuple[int, str]]:
    """Return all processes that a process has started, and those have, each with when it began; nothing without /proc."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
    found, fresh = set(), {root}
    while fresh:
        fresh = {process for process, parent in parents.items() if parent in fresh}
        found |= fresh
    return {(process, began) for process in found if (began := begin_of(process))}


def begin_of(process: int) -> str:
    """Return when a process began, in the system's ticks; nothing where there is none."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""


def measured(tool: str, job: Job, length: float, repetition: int, options: argparse.Namespace) -> Figures:
    """Return the figures of one repetition of one tool; one that did not come up is started once more."""
    for _ in range(2):
        with tempfile.TemporaryDirectory(prefix=f"{tool}-", ignore_cleanup_errors=True) as name:
            job = dataclasses.replace(job, folder=name, log=f"{name}/log.txt")
            began, trials, failure = run(tool, job, options)
        if trials:
            break
        print(f"{tool} did not come up: {failure}", flush=True)
    plain = Figures(part=job.part, length=length, tool=tool, repetition=repetition, trials=len(trials), failure=failure)
    if failure:
        return plain
    since, later = steady(trials, job.workers)
    return dataclasses.replace(
        plain,
        hourly=3600.0 * len(later) / (later[-1].ended - since),
        start=min(trial.began for trial in trials) - began,
        inside=fmean(trial.ended - trial.began for trial in later),
    )


def installed(tool: str, options: argparse.Namespace) -> bool:
    """Tell whether a tool can be had, and say so where it can't."""
    python = options.nni_python if tool == "nni" else sys.executable
    found = subprocess.run([python, "-c", f"import {PACKAGES[tool]}"], capture_output=True, check=False).returncode == 0
    if not found:
        print(f"{tool} is left out: {python} does not have {PACKAGES[tool]}; pip install 'minas[bench]'")
    return found


def spread(values: list[float], form: str) -> str:
    """Return the median with the least and the largest value."""
    kept = [value for value in values if math.isfinite(value)]
    return f"{median(kept):{form}} [{min(kept):{form}}, {max(kept):{form}}]" if kept else "-"


def table(rows: list[Figures], tools: list[str]) -> str:
    """Return the table: a line for each part, length and tool."""
    lines = [
        f"{'part':5s} {'length':>6s} {'tool':7s} {'trials an hour':>30s} {'MINAS / tool':>21s} {'start, s':>19s} "
        f"{'within a trial, s':>24s}"
    ]
    for part, length in dict.fromkeys((row.part, row.length) for row in rows):
        here = [row for row in rows if (row.part, row.length) == (part, length)]
        minas = {row.repetition: row.hourly for row in here if row.tool == "minas"}
        for tool in tools:
            own = [row for row in here if row.tool == tool]
            ratios = [minas.get(row.repetition, math.nan) / row.hourly for row in own]
            lines.append(
                f"{part:5s} {length:6g} {tool:7s} {spread([row.hourly for row in own], '.1f'):>30s} "
                f"{spread(ratios, '.3f'):>21s} {spread([row.start for row in own], '.1f'):>19s} "
                f"{spread([row.inside for row in own], '.3f'):>24s}"
            )
    return "\n".join(lines)


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = lambda text: text.split(",")  # noqa: E731
    parser.add_argument(
        "--lengths", type=lambda text: [float(part) for part in text.split(",")], default=[0.1, 0.5, 2.0, 8.0, 30.0]
    )
    parser.add_argument("--tools", type=names, default=list(PACKAGES), help=", ".join(PACKAGES))
    parser.add_argument("--parts", type=names, default=["same", "own"], help="same, own")
    parser.add_argument("--seconds", type=float, default=30.0, help="about how long each tool works, start-up aside")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--listed", type=int, default=8, help="so many architectures are taken in turn")
    parser.add_argument("--nni-python", default=sys.executable, help="the Python that has nni, if this one has not")
    parser.add_argument("--json", type=Path, help="write every repetition's figures to this file")
    options = parser.parse_args()
    for name, given, known in (("tool", options.tools, PACKAGES), ("part", options.parts, ("same", "own"))):
        if wrong := set(given) - set(known):
            parser.error(f"no {name} named {', '.join(sorted(wrong))}; expected some of {', '.join(known)}")
    ends_when_told()
    tools = [tool for tool in options.tools if installed(tool, options)]
    rows: list[Figures] = []
    with tempfile.TemporaryDirectory(prefix="trials-per-hour-") as name:
        planned = jobs(options, Path(name))
        for repetition in range(options.repetitions):
            for place, ((part, length), job) in enumerate(planned.items()):
                turn = (repetition + place) % len(tools)
                for tool in tools[turn:] + tools[:turn]:
                    rows.append(measured(tool, job, length, repetition, options))
                    row = rows[-1]
                    said = row.failure or f"{row.hourly:.1f} trials an hour, start {row.start:.1f} s"
                    print(f"repetition {repetition}: {part} {length:g} s {tool}: {said}", flush=True)
                if options.json:
                    options.json.write_text(json.dumps([dataclasses.asdict(row) for row in rows], indent=1))
    print(table(rows, tools))


if __name__ == "__main__":
    main()
