"""Kill a search at random moments, resume it, and compare its front with that of a run to which nothing happened.

    python benchmarks/kill_and_resume.py --kills 20 --out results/kill-and-resume

One run is left alone; its time from start to end is the span that the moments are drawn from. Each other run is started with
the same options, killed with SIGKILL at its moment, and resumed. Stores, weights and fronts are compared to the bit, times
aside. Prints a row a kill and writes them to `kill_and_resume.csv`; the exit code is 1 if any of them differs.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import minas
from minas.run.store import Store
from minas.trial import Role, Trial

OPTIONS = "--trials 12 --population 4 --window 4 --epochs 1 --members 2 --confirmation-epochs 2 --confirmation-seeds 2 --quiet"


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--out", type=Path, default=Path("results/kill-and-resume"))
    arguments = parser.parse_args()
    if arguments.out.exists():
        sys.exit(f"{arguments.out} is there already: give another --out")
    arguments.out.mkdir(parents=True)
    options = [*OPTIONS.split(), "--workers", str(arguments.workers)]
    command("search", "vision", *options, "--out", arguments.out / "warm")()  # what is cached once is cached for all
    shutil.rmtree(arguments.out / "warm")
    started = time.monotonic()
    command("search", "vision", *options, "--out", arguments.out / "whole")()
    span = time.monotonic() - started
    print(f"uninterrupted: {span:.1f} s")
    moments, rows = random.Random(arguments.seed), []
    for number in range(arguments.kills):
        rows.append(killed(arguments.out, number, moments.uniform(0.0, span), options))
        print(", ".join(f"{name}: {value}" for name, value in rows[-1].items()), flush=True)
        with (arguments.out / "kill_and_resume.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    equal = sum(row["equal"] for row in rows)
    print(f"{equal} of {len(rows)} equal")
    sys.exit(equal < len(rows))


def killed(out: Path, number: int, moment: float, options: list[str]) -> dict[str, Any]:
    """Start, kill, resume and compare one run; return its row."""
    folder = out / f"killed-{number:02d}"
    process = subprocess.Popen([sys.executable, "-m", "minas", "search", "vision", *options, "--out", str(folder)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    time.sleep(moment)
    process.send_signal(signal.SIGKILL)
    process.wait()
    begun = (folder / "run.toml").is_file()
    kept = trials(folder) if (folder / "run.db").is_file() else {}
    if begun:
        command("search", "--resume", folder, "--quiet")()
    else:  # killed before there was anything to go on with
        shutil.rmtree(folder, ignore_errors=True)
        command("search", "vision", *options, "--out", folder)()
    again = sum(trials(folder)[place] != trial for place, trial in kept.items())
    differs = [name for name, taken in PARTS.items() if taken(folder) != taken(out / "whole")]
    return {
        "kill": number,
        "seconds": round(moment, 2),
        "trials_kept": len(kept),
        "trained_again": again,
        "differs": " ".join(differs) or "nothing",
        "equal": not differs and not again,
    }


def command(*arguments: object) -> Callable[[], None]:
    """Return a call of the command line that must succeed."""

    def call() -> None:
        done = subprocess.run(
            [sys.executable, "-m", "minas", *map(str, arguments)], capture_output=True, text=True, check=False, env=os.environ
        )
        if done.returncode:
            sys.exit(f"minas {' '.join(map(str, arguments))} failed:\n{done.stderr}")

    return call


def trials(folder: Path) -> dict[tuple[str, int], Trial]:
    """Return all trials of a run, times and all, by role and number."""
    try:
        with Store(folder / "run.db", read_only=True) as store:
            return {(role, trial.number): trial for role in get_args(Role) for trial in store.trials(role)}
    except minas.errors.MinasError:  # killed before the store had its tables
        return {}


def timeless(folder: Path) -> dict[tuple[str, int], Trial]:
    """Return all trials of a run without what a clock says of them."""
    return {
        place: dataclasses.replace(trial, cost=type(trial.cost)(training_macs=trial.cost.training_macs))
        for place, trial in trials(folder).items()
        if place[0] != "baseline"  # these are read from a cache
    }


def front(folder: Path) -> dict[str, Any]:
    """Return a run's front as `minas front --json` gives it; the run's name aside."""
    return {name: value for name, value in json.loads((folder / "front.json").read_text()).items() if name != "run"}


def weights(folder: Path) -> dict[str, bytes]:
    """Return a run's weights by file name."""
    return {path.name: path.read_bytes() for path in (folder / "weights").iterdir()}


PARTS: dict[str, Callable[[Path], Any]] = {"trials": timeless, "front": front, "weights": weights}
"""What must be equal."""


if __name__ == "__main__":
    main()
