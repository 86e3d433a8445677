"""What GloVe's vectors, as a start for the rows of words, do to errors: against rows that are drawn, seed by seed.

    python benchmarks/glove.py

Three baselines of texts and three architectures, the first that the search space gives with a seed, each trained as a front's
members are confirmed, with three seeds, once with and once without. The other weights, the order of the samples and what is
dropped are the same in both. Writes a row for each network and measure to --out: both means, and the mean difference with
its 95% interval over the seeds. Nothing is chosen by the test errors. It takes pyarrow: pip install 'minas[glove]'
"""

from __future__ import annotations

import argparse
import csv
import io
from pathlib import Path

import numpy as np

from minas import seeds
from minas.analysis.confirmation import interval, repeats
from minas.api.request import Request, configuration_of, load_task
from minas.api.work import work_of
from minas.engines import ENGINES
from minas.run.configuration import RunConfiguration
from minas.run.folder import write_atomically
from minas.spaces import Space
from minas.trial import Candidate, Status, Trial

BASELINES = ("fastText", "TextCNN", "Transformer")
ARCHITECTURES = 3
MEASURES = ("error", "test_error")
COLUMNS = ("network", "parameters", "seeds", "epochs", "measure", "drawn", "glove", "difference", "low", "high")
OUT = Path(__file__).resolve().parents[1] / "results" / "reference" / "glove" / "glove.csv"


def configured(vectors: str) -> tuple[RunConfiguration, Space]:
    """Return the configuration of a search of the default texts, and its space; limits aside."""
    request = Request(domain="text", vectors=vectors, trials=1)
    return configuration_of(request, *load_task(request))


def candidates(space: Space, *, epochs: int, count: int) -> list[Candidate]:
    """Return a candidate for each network and seed, all repeats of a network after those of another."""
    generator = np.random.default_rng(seeds.derive(0, "glove"))
    sampled = [space.sample(generator) for _ in range(ARCHITECTURES)]
    networks = [(f"baseline:{name}", None, name) for name in BASELINES]
    networks += [(space.key(architecture), space.dump(architecture), None) for architecture in sampled]
    return [
        Candidate(
            role="baseline" if baseline else "confirmation",
            number=place * count + repeat,
            key=key,
            architecture=architecture,
            baseline=baseline,
            seed=seeds.derive(0, "glove", repeat),
            epochs=epochs,
            part="test",
        )
        for place, (key, architecture, baseline) in enumerate(networks)
        for repeat in range(count)
    ]


def trained(vectors: str, *, epochs: int | None, count: int, workers: int) -> list[Trial]:
    """Train every network with every seed; epochs None are those of a confirmation."""
    configuration, space = configured(vectors)
    engine = ENGINES.get("local").start(work_of(configuration, None).to_json(), workers)
    try:
        wanted = candidates(space, epochs=epochs or configuration.settings.confirmation_epochs, count=count)
        trials = [future.result() for future in [engine.submit(candidate, timeout=1800) for candidate in wanted]]
    finally:
        engine.close()
    for trial in trials:
        if trial.status is not Status.COMPLETE:
            raise SystemExit(f"{trial.candidate.baseline or trial.id} is {trial.status}: {trial.reason}")
    return trials


def table(drawn: list[Trial], started: list[Trial]) -> str:
    """Return a row for each network and measure, as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    others = repeats(started)
    for key, trials in repeats(drawn).items():
        first = trials[0]
        for measure in MEASURES:
            before, after = ([float(trial.measures[measure]) for trial in some] for some in (trials, others[key]))
            found = interval([with_ - without for without, with_ in zip(before, after, strict=True)])
            values = (np.mean(before), np.mean(after), found.mean, found.low, found.high)
            writer.writerow(
                [
                    first.candidate.baseline or first.id,
                    f"{first.measures['params']:.0f}",
                    len(trials),
                    first.candidate.epochs,
                    measure,
                    *("" if value is None else f"{value:.4f}" for value in values),
                ]
            )
    return out.getvalue()


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--epochs", type=int, help="as a confirmation by default")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    options = {"epochs": given.epochs, "count": given.seeds, "workers": given.workers}
    text = table(trained("none", **options), trained("glove", **options))
    given.out.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(given.out, text)
    print(text, end="")


if __name__ == "__main__":
    main()
