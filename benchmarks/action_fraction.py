"""Whether taking the action from an eighth of each batch changes what training gives: against the whole batch, seed by seed.

    python benchmarks/action_fraction.py

Three hand-made chains, brief training, five seeds each, once with `fraction = 1` and once with the default. Prints the mean
difference of validation error and of the logarithm of S, each with its 95% interval, paired over networks and seeds.
"""

from __future__ import annotations

import argparse
import dataclasses
import math

from trained_chains import configured, train_chains

from minas.analysis.confirmation import interval
from minas.api.work import work_of
from minas.trial import Trial

REPEATS = 5


def trainings(fraction: float | None, workers: int) -> list[Trial]:
    """Train every chain with every seed, the action taken from a share of each batch; None is the default share."""
    configuration = configured()
    work = work_of(configuration, None)
    if fraction is not None:
        work = dataclasses.replace(work, training={**work.training, "fraction": fraction})
    epochs = int(configuration.search_space["training"]["epochs"])
    return train_chains(work, purpose="fraction", repeats=REPEATS, epochs=epochs, workers=workers)


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=2)
    workers = parser.parse_args().workers
    pairs = list(zip(trainings(None, workers), trainings(1.0, workers), strict=True))
    for name, transform in (("error", float), ("action", math.log)):
        differences = interval([transform(part.measures[name]) - transform(whole.measures[name]) for part, whole in pairs])
        means = [sum(trial.measures[name] for trial in column) / len(pairs) for column in zip(*pairs, strict=True)]
        what = "difference" if name == "error" else "difference of the logarithm"
        print(
            f"{name}: {means[0]:.4g} with a share of the batch, {means[1]:.4g} with all of it; "
            f"{what} {differences.mean:+.4f} [{differences.low:+.4f}, {differences.high:+.4f}]"
        )


if __name__ == "__main__":
    main()
