"""Final hypervolume of the search against random search, at the same number of trials, over seeds.

    python benchmarks/search_quality.py --seeds 20 --trials 64 --out results/search-quality

Each seed is one run of `minas.search` with its control: the same space, the same training, the same number of trials. Runs are
kept in the folder and taken up again. Prints the difference with its 95% interval, paired over seeds, and writes
`search_quality.csv`: a row a seed and a number of trials.
"""

from __future__ import annotations

import argparse
import csv
import statistics
from pathlib import Path

import minas
from minas.analysis.confirmation import interval
from minas.analysis.hypervolume import curve
from minas.api.search import resume


def curves(folder: Path, seed: int, options: argparse.Namespace) -> tuple[list[float], list[float]]:
    """Return the hypervolume after each trial, of the search and of its control."""
    if folder.exists():
        run = resume(folder, workers=options.workers)
    else:
        run = minas.search(
            "vision",
            trials=options.trials,
            seed=seed,
            control=True,
            members=0,
            max_flops=options.max_flops,
            epochs=options.epochs,
            workers=options.workers,
            out=folder,
        )
    objectives = run.configuration.objectives
    return list(curve(run.told, objectives, run.bounds)), list(curve(run.control, objectives, run.bounds))


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--trials", type=int, default=64)
    parser.add_argument("--max-flops", type=float, help="smaller networks only, which train faster")
    parser.add_argument("--epochs", type=int, help="of each brief training")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("results/search-quality"))
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    rows = []
    for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds):
        search, control = curves(arguments.out / f"seed-{seed:02d}", seed, arguments)
        for number in sorted({*range(8, arguments.trials, 8), arguments.trials}):
            rows.append({"seed": seed, "trials": number, "search": search[number - 1], "random": control[number - 1]})
        print(f"seed {seed}: search {search[-1]:.4f}, random {control[-1]:.4f}", flush=True)
        with (arguments.out / "search_quality.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    for number in sorted({row["trials"] for row in rows}):
        here = [row for row in rows if row["trials"] == number]
        difference = interval([row["search"] - row["random"] for row in here])
        low, high = difference.low or float("nan"), difference.high or float("nan")
        wins = sum(row["search"] > row["random"] for row in here)
        print(
            f"{number} trials: search {statistics.mean(row['search'] for row in here):.4f}, "
            f"random {statistics.mean(row['random'] for row in here):.4f}, "
            f"difference {difference.mean:+.4f} [{low:+.4f}, {high:+.4f}], ahead in {wins} of {len(here)}"
        )


if __name__ == "__main__":
    main()
