"""What a worker's time goes to beside training and measuring, and whether its memory stays flat, in a real search.

    python benchmarks/overhead.py --trials 100
    python benchmarks/overhead.py --trials 1000 --samples 100 --epochs 1
    python benchmarks/overhead.py --domain text --trials 40

A search on MINAS's local engine (no confirmation), whose workers note down when each trial begins and ends. With warm workers,
so from the first trial's beginning to the end of the last one that was followed by another in the same worker:

- inside: a trial's time in the worker that is neither training nor measuring (building the network, writing its weights);
- between: from a trial's end to the beginning of the next one in the same worker, which is everything else: the pipe, and
  waiting for the coordinating process to keep, tell and breed, or for the ordered window to let a trial be asked for;
- alone: what the coordinating process itself spends of its processor on a trial.

Utilisation is the trials' time over workers times wall time, to compare with `benchmarks/utilisation.py`'s simulation. Beside
it stands the resident memory of each worker, by /proc, after so many trials: `--samples` takes a subset of the domain's data
and so makes a trial short enough for 1,000 of them.
"""

from __future__ import annotations

import argparse
import itertools
import json
import multiprocessing
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from _noting_evaluator import NOTES
from _sessions import new_run, sitting
from utilisation import makespan

from minas.domains import DOMAINS
from minas.engines.local import LocalEngine
from minas.evolution.search import run_search
from minas.evolution.session import Progress
from minas.run.store import Store
from minas.trial import Trial

MEBIBYTE = 2**20


@dataclass
class Memory:
    """Resident memory of all workers, after each of some numbers of trials.

    Attributes:
        at: numbers of trials, ascending.
        found: number of trials to the workers' bytes.
    """

    at: list[int]
    found: dict[int, list[int]] = field(default_factory=dict)

    def heard(self, progress: Progress) -> None:
        """Look once the next number of trials is told."""
        if len(self.found) < len(self.at) and progress.told >= self.at[len(self.found)]:
            self.found[self.at[len(self.found)]] = sorted(resident(child.pid) for child in multiprocessing.active_children())


def resident(process: int | None) -> int:
    """Return the resident memory of a process in bytes."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def subset(domain: str, samples: int, folder: Path) -> Path:
    """Write as many samples of a domain's default data into a file and return it."""
    from minas.data.task import DataSource

    task = DOMAINS.get(domain).load(DataSource())
    path = folder / "subset.npz"
    np.savez(path, x=task.train.inputs[:samples], y=task.train.targets[:samples])
    return path


def between(run: Path, first: int) -> tuple[list[float], float, float]:
    """Return the gaps between a worker's trials, when the first trial began, and when the last one ended.

    Args:
        run: the run's folder.
        first: trials of a lower number are left out: workers start one after the other.
    """
    gaps, begun, ended = [], [], []
    for path in (run / NOTES).iterdir():
        notes = [json.loads(line) for line in path.read_text().splitlines()]
        begun.append(min(start for _, start, _ in notes))
        ended.append(max(end for _, _, end in notes))
        gaps += [after[1] - before[2] for before, after in itertools.pairwise(notes) if before[0] >= first]
    return gaps, min(begun), max(ended)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--domain", default="vision")
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--samples", type=int, help="so many samples of the domain's data only")
    parser.add_argument("--epochs", type=int, help="of each trial; the search space's own by default")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--window", type=int, default=8)
    parser.add_argument("--memory-at", default="50,100,200,500,1000", help="numbers of trials after which to look at memory")
    options = parser.parse_args()
    memory = Memory([number for text in options.memory_at.split(",") if (number := int(text)) <= options.trials])
    with tempfile.TemporaryDirectory() as scratch:
        data = None if options.samples is None else str(subset(options.domain, options.samples, Path(scratch)))
        run = new_run(
            Path(scratch) / "run",
            domain=options.domain,
            data=data,
            trials=options.trials,
            epochs=options.epochs,
            workers=options.workers,
            window=options.window,
            members=0,
        )
        searched(run, memory)


def searched(run: Path, memory: Memory) -> None:
    """Search, and print what was found."""
    from minas.api.phases import work_out_bounds

    def engine(work: str, configuration: object) -> LocalEngine:
        return LocalEngine(work, settings.workers, evaluator="_noting_evaluator")

    from minas.run.configuration import read

    settings = read(run).settings
    with sitting(run, engine, memory.heard) as session:
        if not session.bounds:
            work_out_bounds(session)
        for path in (run / NOTES).glob("*"):
            path.unlink()  # those of untrained networks
        processor = time.process_time()
        run_search(session, share=1.0)
        processor = time.process_time() - processor
    with Store(run / "run.db", read_only=True) as store:
        report(run, store.trials("search"), processor, settings.workers, settings.window)
    for number, sizes in memory.found.items():
        print(f"memory of the workers after {number} trials: " + ", ".join(f"{size / MEBIBYTE:.0f} MiB" for size in sizes))


def report(run: Path, trials: list[Trial], processor: float, workers: int, window: int) -> None:
    """Print where the workers' time went."""
    gaps, began, ended = between(run, 2 * workers)
    costs = [trial.cost for trial in trials]
    inside = [cost.seconds - cost.training_seconds - cost.measuring_seconds for cost in costs]
    lengths = [cost.seconds for cost in costs]
    simulated = makespan(lengths, workers, window)
    print(
        f"{len(trials)} trials on {workers} workers, a window of {window}; a trial takes {statistics.fmean(lengths):.2f} s, "
        f"of which training {statistics.fmean(cost.training_seconds for cost in costs):.2f} s and measuring "
        f"{statistics.fmean(cost.measuring_seconds for cost in costs):.2f} s"
    )
    print(f"inside:  {in_words(inside)}")
    print(f"between: {in_words(gaps)}")
    print(f"neither training nor measuring: {1e3 * (statistics.fmean(inside) + statistics.fmean(gaps)):.1f} ms a trial, mean")
    print(f"alone:   {1e3 * processor / len(trials):.1f} ms of the coordinating process's processor a trial")
    busy = sum(lengths) / workers
    print(f"utilisation: measured {busy / (ended - began):.3f}, simulated {busy / simulated:.3f}")


def in_words(seconds: list[float]) -> str:
    """Return the mean, the median and the most of some seconds in milliseconds."""
    mean, middle, most = statistics.fmean(seconds), statistics.median(seconds), max(seconds)
    return f"{1e3 * mean:.1f} ms a trial, mean; median {1e3 * middle:.1f}, most {1e3 * most:.1f}"


if __name__ == "__main__":
    main()
