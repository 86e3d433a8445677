"""Tabular benchmarks: normalised hypervolume after 50, 100, 250 and 500 distinct evaluations, over seeds.

    python benchmarks/tables.py --tables FOLDER --seeds 50 --json tables.json

Three problems, each error and cost, on two tables: NAS-Bench-201 (CIFAR-10 test error after 200 epochs; multiply-accumulates,
or energy on an FPGA) and NAS-Bench-Macro (CIFAR-10 test error, FLOPs). Figures of trained networks are looked up, so this
compares ways of searching; it is no result of neural architecture search, which would select on validation.

- MINAS: `minas search --space table:...` with its default settings; the same trials, without a run's folder;
- MINAS without bounds: its variation, and plain NSGA-II's selection. A run's bounds are the table's own, those of the judge,
  and say how far the true front reaches, which no other method is told: this is what is left without them;
- random search, without replacement;
- pymoo's NSGA-II: population 20, categorical genes, equivalent architectures are duplicates;
- Optuna's NSGA-II sampler, with its default population of 50 and with 20;
- Pareto local search, as a line.

What is asked for again costs nothing; for MINAS and both NSGA-IIs neither does an architecture equivalent to one before. The
hypervolume is that of everything evaluated so far, as a share of the true front's. Each objective is scaled linearly from
best, 0, to reference, 1. Reference error: the table's median; reference cost: the dearest member of the true front; best
error: the table's lowest; best cost: the lowest of an architecture no worse than the median error.

The tables are not shipped. FOLDER holds, as gzipped CSV with these columns at least, from these sources:
  nb201.csv.gz          index, ops (six digits, an operator for each edge), rep (class of isomorphic cells), c10_test_200ep,
                        macs_c10: NAS-Bench-201 (github.com/D-X-Y/NAS-Bench-201), in the form of
                        github.com/NiccoloCavagnero/FreeREA
  nb201_latency.csv.gz  index, fpga_ms: HW-NAS-Bench (github.com/GATECH-EIC/HW-NAS-Bench), in the form of
                        github.com/HayeonLee/HELP
  nbmacro_c10.csv.gz    arch (eight digits, a block for each layer), mean_acc, flops: github.com/xiusu/NAS-Bench-Macro
"""

from __future__ import annotations

import argparse
import csv
import functools
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import _table_methods as methods
import numpy as np
from _table_problems import CHECKPOINTS, Problem, problems

from minas.run.configuration import versions

Method = Callable[[Problem, int, int], list[int]]

METHODS: dict[str, Method] = {
    "minas": methods.minas,
    "minas-unbounded": functools.partial(methods.minas, bounded=False),
    "random": methods.random,
    "pymoo": methods.pymoo_nsga2,
    "optuna": methods.optuna_nsga2,
    "optuna-20": functools.partial(methods.optuna_nsga2, population=20),
    "local": methods.local_search,
}
LABELS = {
    "minas": "MINAS",
    "minas-unbounded": "MINAS, selection without bounds",
    "random": "random search",
    "pymoo": "pymoo NSGA-II, population 20",
    "optuna": "Optuna NSGA-II, population 50",
    "optuna-20": "Optuna NSGA-II, population 20",
    "local": "Pareto local search",
}
BY_CODE = ("random", "local")
"""Methods that don't know which architectures are equivalent: each code is an evaluation of its own."""


def row(problem: Problem, name: str, seeds: Sequence[int]) -> dict[str, Any]:
    """Return what a method reaches on a problem: median and quartiles over the seeds, at each checkpoint."""
    began = time.perf_counter()
    keys = problem.codes if name in BY_CODE else problem.classes
    reached = np.array([problem.reached(METHODS[name](problem, seed, CHECKPOINTS[-1]), keys) for seed in seeds])
    return {
        "problem": problem.name,
        "method": name,
        "seeds": len(seeds),
        **{
            f"{word}_{count}": float(np.quantile(reached[:, place], share))
            for place, count in enumerate(CHECKPOINTS)
            for word, share in (("median", 0.5), ("q25", 0.25), ("q75", 0.75))
        },
        "seconds_a_seed": (time.perf_counter() - began) / len(seeds),
    }


def line(found: dict[str, Any]) -> str:
    """Return one line of the printed table."""
    cells = [f"{found[f'median_{n}']:.3f} ({found[f'q25_{n}']:.3f} to {found[f'q75_{n}']:.3f})" for n in CHECKPOINTS]
    return "  ".join([f"{found['problem']:22}", f"{LABELS[found['method']]:31}", *cells])


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=Path, required=True, metavar="FOLDER", help="where the tables lie, see above")
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--methods", nargs="+", choices=list(METHODS), default=list(METHODS))
    parser.add_argument("--problems", nargs="+", metavar="NAME", help="only these")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write all figures there")
    parser.add_argument("--csv", type=Path, metavar="PATH", help="likewise, a row a problem and method")
    options = parser.parse_args()
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        wanted = [one for one in problems(options.tables, Path(scratch)) if one.name in (options.problems or [one.name])]
    print("  ".join([f"{'problem':22}", f"{'method':31}", *(f"{f'at {n}: median (quartiles)':22}" for n in CHECKPOINTS)]))
    for problem in wanted:
        for name in options.methods:
            rows.append(row(problem, name, seeds))
            print(line(rows[-1]), flush=True)
    if options.json is not None:
        found = {"schema": 1, "seeds": list(seeds), "versions": versions(), "rows": rows}
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if options.csv is not None:
        with options.csv.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
