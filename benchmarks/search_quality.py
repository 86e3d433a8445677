"""Final hypervolume of the search against random search, at the same number of trials, over seeds.

    python benchmarks/search_quality.py --seeds 20 --trials 64 --out results/search-quality

Each seed is one run of `minas.search`. The first `--controls` of them evaluate as many random architectures beside it; these
and every run's initial population are one pool of random architectures, all trained alike. Random search is drawn from the
pool without replacement, as often as `--draws` says. Runs are kept in the folder and taken up again;
`--table` reads them alone.

The interval of the difference counts the pool as pool / trials independent random searches, however often it is drawn from.
"""

from __future__ import annotations

import argparse
import csv
import math
from pathlib import Path

import numpy as np

import minas
from minas.analysis.comparison import initial_population
from minas.analysis.hypervolume import curve, of_values
from minas.api.search import resume


def run_of(folder: Path, seed: int, options: argparse.Namespace) -> minas.Run:
    """Return the run of a seed, from its folder or made now."""
    if folder.exists():
        return minas.open_run(folder) if options.table else resume(folder, workers=options.workers)
    return minas.search(
        "vision",
        trials=options.trials,
        seed=seed,
        control=seed < options.controls,
        members=0,
        max_flops=options.max_flops,
        epochs=options.epochs,
        workers=options.workers,
        out=folder,
    )


def table(runs: list[minas.Run], options: argparse.Namespace) -> list[dict[str, float]]:
    """Return a row for each number of trials: both means, their difference and its 95% interval."""
    objectives, bounds = runs[0].configuration.objectives, runs[0].bounds
    pool = {trial.candidate.key: trial for run in runs for trial in [*initial_population(run.told, 20), *run.control]}
    values = np.array([row for trial in pool.values() if (row := objectives.values(trial.measures)) is not None])
    curves = np.array([curve(run.told, objectives, bounds)[: options.trials] for run in runs])
    rng, rows = np.random.default_rng(0), []
    for number in sorted({options.trials // 2, 3 * options.trials // 4, options.trials}):
        search = curves[:, number - 1]
        drawn = [rng.choice(len(values), number, replace=False) for _ in range(options.draws)]
        chance = np.array([of_values(values[places], objectives, bounds) for places in drawn])
        spread = math.sqrt(search.var(ddof=1) / len(search) + chance.var(ddof=1) / (len(values) / number))
        rows.append(
            {
                "trials": number,
                "seeds": len(search),
                "search": search.mean(),
                "random": chance.mean(),
                "difference": search.mean() - chance.mean(),
                "low": search.mean() - chance.mean() - 1.96 * spread,
                "high": search.mean() - chance.mean() + 1.96 * spread,
                "search_deviation": search.std(ddof=1),
                "random_deviation": chance.std(ddof=1),
                "pool": len(values),
            }
        )
    return rows


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--trials", type=int, default=64)
    parser.add_argument("--controls", type=int, default=3, help="so many seeds evaluate a control too")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--max-flops", type=float, help="smaller networks only, which train faster")
    parser.add_argument("--epochs", type=int, help="of each brief training")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("results/search-quality"))
    parser.add_argument("--table", action="store_true", help="only read what is there")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    runs = []
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        folder = options.out / f"seed-{seed:02d}"
        if options.table and not folder.exists():
            continue
        runs.append(run_of(folder, seed, options))
        print(f"seed {seed}: hypervolume {runs[-1].front.hypervolume:.4f}", flush=True)
    rows = table(runs, options)
    with (options.out / "search_quality.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    for row in rows:
        print(
            ", ".join(f"{name} {value:.4f}" if isinstance(value, float) else f"{name} {value}" for name, value in row.items())
        )


if __name__ == "__main__":
    main()
