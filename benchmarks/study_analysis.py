"""How long the whole analysis of a study takes: tables, checks, comparisons and ceiling, on made-up cells.

python benchmarks/study_analysis.py --cells 2203
"""

from __future__ import annotations

import argparse
import itertools
import time

import numpy as np

from minas.analysis.cells import Cell
from minas.analysis.study import analyse

DOMAINS = ("vision", "text", "neuromorphic", "physiological")
FAMILIES = ("conventional", "energy-first", "random", "front")


def made_up(count: int) -> list[Cell]:
    """Return cells of a full factorial, as many as asked for: the last strategy's last seeds are the ones that lack."""
    rng = np.random.default_rng(0)
    own = {name: rng.normal(0, 0.5) for name in itertools.product(DOMAINS, FAMILIES, range(5))}
    cells = []
    for seed, strategy in itertools.product(range(5), ("adamw", "sgd")):
        for (domain, family, number), (step, weight) in itertools.product(own, enumerate((0.0, 0.003, 0.03, 0.3, 3.0))):
            size = 13 + own[domain, family, number]
            action = 8 + own[domain, family, number] - 0.3 * step + rng.normal(0, 0.2)
            measures = {
                "error": 0.05 + 0.01 * step + abs(rng.normal(0, 0.01)),
                "action": float(np.exp(action)),
                "activation_energy": float(np.exp(action - 2 + rng.normal(0, 0.1))),
                "flops": float(np.exp(size)),
                "activations": float(np.exp(size - 3 + rng.normal(0, 0.01))),
                "epochs_to_accuracy": float(rng.integers(1, 10)),
                "training_macs_to_accuracy": float(np.exp(size + rng.normal(10, 0.3))),
            }
            cells.append(
                Cell(
                    domain=domain,
                    family=family,
                    instance=str(number),
                    lambda_=weight,
                    functional="action",
                    strategy=strategy,
                    seed=seed,
                    measures=measures,
                )
            )
    return cells[:count]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, default=2203, help="how many cells, 4000 at most (the paper has 2203)")
    cells = made_up(parser.parse_args().cells)
    wall, cpu = time.perf_counter(), time.process_time()
    found = analyse(cells)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{len(cells)} cells: {wall:.1f} s, of these {cpu:.1f} s of processor time, packages imported in it")
    print(f"{len(found.tables)} responses, {len(found.effects)} rows, {len(found.ceiling.verdicts)} verdicts")
    for verdict in found.ceiling.verdicts:
        if verdict.main:
            print(verdict.sentence)


if __name__ == "__main__":
    main()
