"""What a run costs by its number of trials: to tell one more, to resume, to list its front, to plot.

    python benchmarks/store_scale.py --sizes 100,1000,10000
    python benchmarks/store_scale.py --sizes 100 --json figures.json

One search of the vision space goes on to the largest size. Everything in it is what `minas search` does (NSGA-II, the
ordered window, the store on disk, the front), but no network is trained: **the figures of its trials are made up** (see
`_made_up.py`). The time that a store takes does not depend on them, and its front is no result. At each size the search is
stopped, and these are timed; the median over repetitions is shown, with the least and the most behind it:

- `tell`: the time from a trial's end to the next one's submission, for each of the last trials before that size: the trial is
  put into the store, told to NSGA-II, the front is updated, the next architecture is bred and submitted;
- `resume`: opening the run again until it has told one more trial;
- `front`, `trials`, `plot`: what `minas front --json`, `minas trials --json` and `minas plot` do, in this process;
- `minas front`, ...: the wall time of these commands, Python's start included;
- `finish`: the tables and plots that a search writes at its end.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from _made_up import MadeUpEngine, maker
from _sessions import new_run, sitting

import minas
from minas.api.finish import finish
from minas.api.plots import plot_run
from minas.api.tables import front_values, trials_values
from minas.evolution.search import run_search
from minas.evolution.session import Progress
from minas.trial import Status, Trial

REFERENCE = Path(__file__).resolve().parents[1] / "results" / "reference" / "vision"

TIMED = 200
"""Trials before a size over which `tell` is taken, half of the trials at most."""


class _ReachedError(Exception):
    """The search has as many trials as wanted."""


def grown(run: Path, trials: int, reference: list[Trial]) -> tuple[float, list[float]]:
    """Go on with a run until so many trials are told.

    Returns:
        Seconds from opening it to the first trial told, and seconds for each trial told after that.
    """
    began, seconds = time.perf_counter(), []
    resumed = given = float("nan")
    engine = MadeUpEngine(make=lambda candidate: made(candidate), ready=1)

    def heard(progress: Progress) -> None:
        nonlocal resumed, given
        if given == given:
            seconds.append(time.perf_counter() - given)
        else:
            resumed = time.perf_counter() - began
        if progress.told >= trials:
            raise _ReachedError
        engine.finish_one()
        given = time.perf_counter()

    with contextlib.suppress(_ReachedError), sitting(run, lambda work, configuration: engine, heard) as session:
        made = maker(session.configuration, session.space, reference)
        run_search(session, share=1.0)
    return resumed, seconds


def repeated(job: Callable[[], object], repeats: int) -> list[float]:
    """Return the seconds of each repetition."""
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        job()
        seconds.append(time.perf_counter() - began)
    return seconds


def resumed(run: Path, trials: int, reference: list[Trial], repeats: int) -> list[float]:
    """Return the seconds from opening copies of a run to one more trial told."""
    seconds = []
    for _ in range(repeats):
        copy = run.with_name("copy")
        shutil.copytree(run, copy)
        seconds.append(grown(copy, trials + 1, reference)[0])
        shutil.rmtree(copy)
    return seconds


def read(run: Path, repeats: int) -> dict[str, list[float]]:
    """Return the seconds of everything that only reads a run, by name."""
    jobs: dict[str, Callable[[], object]] = {
        "front": lambda: front_values(minas.open_run(run)),
        "trials": lambda: json.dumps(trials_values(minas.open_run(run))),
        "plot front": lambda: plot_run(minas.open_run(run), "front", run / "scratch.png"),
        "plot hypervolume": lambda: plot_run(minas.open_run(run), "hypervolume", run / "scratch.png"),
        "finish": lambda: finish(run),
        "minas front": command("front", run),
        "minas front --json": command("front", run, "--json"),
        "minas trials --json": command("trials", run, "--json"),
        "minas plot": command("plot", run, run / "scratch.png"),
    }
    return {name: repeated(job, repeats) for name, job in jobs.items()}


def command(*arguments: object) -> Callable[[], object]:
    """Return a call of the command line that must succeed."""
    words = [sys.executable, "-m", "minas", *map(str, arguments)]
    return lambda: subprocess.run(words, stdout=subprocess.DEVNULL, check=True)


def row(seconds: list[float]) -> dict[str, float]:
    """Return median, least and most."""
    return {"median": statistics.median(seconds), "least": min(seconds), "most": max(seconds), "of": len(seconds)}


def measured(folder: Path, sizes: list[int], repeats: int) -> dict[str, dict[int, dict[str, float]]]:
    """Grow one run through all sizes and return name to size to seconds."""
    reference = [trial for trial in minas.open_run(REFERENCE).trials if trial.status is Status.COMPLETE]
    run = new_run(folder / "run", domain="vision", trials=sizes[-1] + 1000, workers=2)
    found: dict[str, dict[int, dict[str, float]]] = {}
    for size in sizes:
        _, seconds = grown(run, size, reference)
        figures = {"tell": seconds[-min(TIMED, size // 2) :], "resume": resumed(run, size, reference, repeats)}
        for name, taken in (figures | read(run, repeats)).items():
            found.setdefault(name, {})[size] = row(taken)
        members = len(minas.open_run(run).front)
        print(f"{size} trials: {members} on the front, store of {(run / 'run.db').stat().st_size / 1e6:.1f} MB", flush=True)
    return found


def printed(found: dict[str, dict[int, dict[str, float]]], sizes: list[int]) -> str:
    """Return a table in milliseconds: a row a name, a column a size."""
    lines = [f"{'milliseconds, median [least, most]':40s}" + "".join(f"{size:>26,d}" for size in sizes)]
    for name, columns in found.items():
        cells = [
            f"{1e3 * cell['median']:.1f} [{1e3 * cell['least']:.1f}, {1e3 * cell['most']:.1f}]" for cell in columns.values()
        ]
        lines.append(f"{name:40s}" + "".join(f"{cell:>26s}" for cell in cells))
    return "\n".join(lines)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="100,1000,10000", help="numbers of trials, ascending")
    parser.add_argument("--repeats", type=int, default=5, help="of everything but tell")
    parser.add_argument("--out", type=Path, help="keep the run here; without it nothing is left behind")
    parser.add_argument("--json", type=Path, help="write the figures here too, in seconds")
    options = parser.parse_args()
    sizes = sorted({int(size) for size in options.sizes.split(",")})
    with tempfile.TemporaryDirectory() as scratch:
        found = measured(options.out or Path(scratch), sizes, options.repeats)
    print(printed(found, sizes))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
