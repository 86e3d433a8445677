"""How busy workers are, simulated: 2 to 256 workers, windows of 8 to 1,024 trials in flight, real lengths of trials.

    python benchmarks/utilisation.py
    python benchmarks/utilisation.py --domain vision --workers 2,8 --windows 8,32 --csv utilisation.csv
    python benchmarks/utilisation.py --check results/vision-20261124-101500

The rule is that of `minas/evolution/window.py`: with a window of W, trial i is asked for once i - W + 1 results have been
told, results are told in the order in which the trials were asked for, and a free worker takes the trial that waits longest.
Lengths are seconds in a worker, drawn with replacement from the trials of the searches in `results/reference`; what lies
between two trials of a worker is taken for nothing (`benchmarks/overhead.py` measures it).

Utilisation is busy time over workers times makespan, the last trials included, during which workers run out of work; so it
also depends on how many trials there are: `--trials` for each worker. Shown is the median over seeds; the last column is
what workers without any window would reach. Below the tables stands, for each domain, whether a window of 4 for each worker
is enough, and which would be.

`--check RUN` takes a finished search's own lengths in their own order, its window and its workers, and sets the makespan and
the utilisation that the simulation gives beside those that were measured. Take a search by `--trials`: one that its clock
ended measured its time up to the clock, and its last trials ended later.
"""

from __future__ import annotations

import argparse
import csv
import heapq
import statistics
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import minas

REFERENCE = Path(__file__).resolve().parents[1] / "results" / "reference"

DOMAINS = ("vision", "text", "neuromorphic", "physiological")

WANTED = 0.95
"""What must be reached at a window of 4 for each worker."""

WIDER = (5, 6, 8, 12, 16)
"""Windows for each worker that are tried where 4 is too few."""


def makespan(lengths: Sequence[float], workers: int, window: int | None) -> float:
    """Return the seconds from the first trial's beginning to the last one's end.

    Args:
        lengths: seconds of each trial, in the order in which they are asked for.
        workers: how many are worked on at a time.
        window: how many may be asked for and not told; None for as many as there are.
    """
    free = [0.0] * workers
    told: list[float] = []  # when each trial was told: once it and all before it had ended
    for number, seconds in enumerate(lengths):
        asked = 0.0 if window is None or number < window else told[number - window]
        end = max(asked, heapq.heappop(free)) + seconds  # in order: whoever was asked for first begins first
        heapq.heappush(free, end)
        told.append(max(end, told[-1] if told else 0.0))
    return told[-1] if told else 0.0


def utilisation(lengths: Sequence[float], workers: int, window: int | None) -> float:
    """Return busy time over workers times makespan."""
    return sum(lengths) / (workers * makespan(lengths, workers, window))


def lengths_of(run: Path) -> list[float]:
    """Return the seconds in a worker of each trial of a search."""
    return [trial.cost.seconds for trial in minas.open_run(run).trials]


def drawn(lengths: Sequence[float], count: int, seed: int) -> list[float]:
    """Return so many lengths, drawn with replacement."""
    return [float(value) for value in np.random.default_rng(seed).choice(np.array(lengths), count)]


def median(lengths: Sequence[float], workers: int, window: int | None, options: argparse.Namespace) -> float:
    """Return the median utilisation over seeds."""
    count = options.trials * workers
    return statistics.median(utilisation(drawn(lengths, count, seed), workers, window) for seed in range(options.seeds))


def table(domain: str, options: argparse.Namespace) -> list[dict[str, float | str]]:
    """Print a table of a domain's lengths, and return its rows."""
    lengths = lengths_of(REFERENCE / domain)
    mean = statistics.fmean(lengths)
    print(f"\n{domain}: {len(lengths)} lengths, mean {mean:.2f} s, longest {max(lengths) / mean:.1f} times the mean")
    columns = [f"{window:,d}" for window in options.windows] + ["4 a worker", "no window"]
    print(f"{'workers':>8s}" + "".join(f"{name:>12s}" for name in columns))
    rows: list[dict[str, float | str]] = []
    for workers in options.workers:
        cells = []
        for window in (*options.windows, 4 * workers, None):
            found = median(lengths, workers, window, options) if window is None or window >= workers else None
            cells.append("-" if found is None else f"{found:.3f}")
            if found is not None:
                rows.append({"domain": domain, "workers": workers, "window": window or "none", "utilisation": round(found, 4)})
        print(f"{workers:8d}" + "".join(f"{cell:>12s}" for cell in cells), flush=True)
    return rows


def verdict(rows: list[dict[str, float | str]], options: argparse.Namespace) -> list[str]:
    """Return whether a window of 4 for each worker reaches what it must, a sentence a domain, and what else would."""
    lines = []
    for domain in dict.fromkeys(row["domain"] for row in rows):
        own = [row for row in rows if row["domain"] == domain]
        found = {int(row["workers"]): float(row["utilisation"]) for row in own if row["window"] == 4 * int(row["workers"])}
        short = [workers for workers, share in found.items() if share < WANTED]
        if not short:
            lines.append(f"{domain}: a window of 4 for each worker gives at least {min(found.values()):.3f}.")
            continue
        lengths = lengths_of(REFERENCE / str(domain))
        shares = ", ".join(f"{found[workers]:.3f} on {workers}" for workers in short)
        lines.append(f"{domain}: a window of 4 for each worker gives less than {WANTED} on some workers: {shares}.")
        for times in WIDER:
            wider = {workers: median(lengths, workers, times * workers, options) for workers in short}
            lines.append(f"  {times} for each: " + ", ".join(f"{share:.3f} on {workers}" for workers, share in wider.items()))
            if min(wider.values()) >= WANTED:
                break
    return lines


def check(run: Path) -> str:
    """Return how the simulation of a finished search compares with what was measured."""
    opened = minas.open_run(run)
    settings, lengths = opened.configuration.settings, lengths_of(run)
    late = sum(trial.late for trial in opened.trials)
    note = f", {late} of them after the clock" if late else ""
    simulated = makespan(lengths, settings.workers, settings.window)
    measured = float(opened.fact("search_seconds"))
    busy = sum(lengths) / settings.workers
    return (
        f"{opened.name}: {len(lengths)} trials{note}, {settings.workers} workers, a window of {settings.window}\n"
        f"simulated: {simulated:.1f} s, utilisation {busy / simulated:.3f}\n"
        f"measured:  {measured:.1f} s, utilisation {busy / measured:.3f}"
    )


def numbers(text: str) -> list[int]:
    """Return whole numbers that are parted by commas."""
    return [int(part) for part in text.split(",")]


def main() -> None:
    """Run the simulation."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--domain", action="append", choices=DOMAINS, help="whose lengths; all of them by default")
    parser.add_argument("--workers", type=numbers, default=[2, 4, 8, 16, 32, 64, 128, 256])
    parser.add_argument("--windows", type=numbers, default=[8, 16, 32, 64, 128, 256, 512, 1024])
    parser.add_argument("--trials", type=int, default=100, help="for each worker")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--csv", type=Path, help="write the figures here too")
    parser.add_argument("--check", type=Path, action="append", metavar="RUN", help="compare with a finished search instead")
    options = parser.parse_args()
    if options.check:
        print("\n".join(check(run) for run in options.check))
        return
    rows = [row for domain in options.domain or DOMAINS for row in table(domain, options)]
    print("\n" + "\n".join(verdict(rows, options)))
    if options.csv:
        with options.csv.open("w", newline="") as file:
            writer = csv.DictWriter(file, ["domain", "workers", "window", "utilisation"], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
