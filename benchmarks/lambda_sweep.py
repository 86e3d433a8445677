"""The default lambda: the largest that costs less than half a percentage point of validation accuracy, interval included.

    python benchmarks/lambda_sweep.py --out results/reference/lambda

Three hand-made chains are trained as a front's members are confirmed, five seeds each, at every lambda (`--epochs 5` is a
search's brief training). The loss of accuracy against
lambda 0 is paired over networks and seeds; its upper 95% limit must stay under 0.5 points. Writes `sweep.csv`, a row a
training, and `summary.csv`, a row a lambda.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
from pathlib import Path
from typing import Any

from trained_chains import configured, train_chains

from minas.analysis.confirmation import interval
from minas.api.work import work_of
from minas.trial import Trial

LAMBDAS = (0.0, 1e-5, 2e-5, 3e-5, 5e-5, 7e-5, 1e-4, 1.5e-4)
REPEATS = 5
LIMIT = 0.005
MEASURES = (
    "error",
    "action",
    "kinetic",
    "potential",
    "activation_energy",
    "zero_fraction",
    "participation_ratio",
    "rescale_gap",
)


def trainings(lambda_: float, epochs: int | None, workers: int) -> list[Trial]:
    """Train every chain with every seed at one lambda."""
    configuration = configured(lambda_)
    epochs = epochs or configuration.settings.confirmation_epochs
    return train_chains(work_of(configuration, None), purpose="sweep", repeats=REPEATS, epochs=epochs, workers=workers)


def summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a row a lambda: the paired loss of accuracy with its 95% interval, and the measures as shares of lambda 0's."""
    bare = {(row["network"], row["seed"]): row for row in rows if row["lambda"] == 0}
    out = []
    for lambda_ in LAMBDAS:
        here = [row for row in rows if row["lambda"] == lambda_]
        losses = interval([row["error"] - bare[row["network"], row["seed"]]["error"] for row in here])
        ratios = {
            name: sum(row[name] / bare[row["network"], row["seed"]][name] for row in here) / len(here)
            for name in ("action", "kinetic", "potential", "activation_energy")
        }
        out.append(
            {
                "lambda": lambda_,
                "error": sum(row["error"] for row in here) / len(here),
                "accuracy_loss": losses.mean,
                "low": losses.low,
                "high": losses.high,
                "within_limit": losses.high is not None and losses.high < LIMIT,
                **{f"{name}_ratio": ratio for name, ratio in ratios.items()},
            }
        )
    return out


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write rows as CSV."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    """Run the sweep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("results/lambda"))
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    for lambda_ in LAMBDAS:
        for trial in trainings(lambda_, arguments.epochs, arguments.workers):
            seed = trial.candidate.seed
            rows.append(
                {
                    "lambda": lambda_,
                    "network": trial.candidate.baseline,
                    "seed": seed,
                    "status": trial.status.value,
                    **{name: trial.measures[name] for name in MEASURES},
                    **{name: value for name, value in dataclasses.asdict(trial.cost).items() if name == "training_seconds"},
                }
            )
        errors = [row["error"] for row in rows if row["lambda"] == lambda_]
        print(f"lambda {lambda_:g}: mean error {sum(errors) / len(errors):.4f}", flush=True)
        write(arguments.out / "sweep.csv", rows)
    table = summary(rows)
    write(arguments.out / "summary.csv", table)
    for row in table:
        print({name: f"{value:.4g}" if isinstance(value, float) else value for name, value in row.items()})
    chosen = max(row["lambda"] for row in table if row["within_limit"])
    print(f"the largest lambda within {100 * LIMIT} points, interval included: {chosen:g}")


if __name__ == "__main__":
    main()
