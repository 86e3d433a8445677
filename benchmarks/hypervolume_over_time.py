"""Hypervolume over trials and over seconds on vision: MINAS against random search, Optuna's NSGA-II, regularized evolution.

    python benchmarks/hypervolume_over_time.py --trials 64 --seeds 5 --out results/hypervolume-over-time

- MINAS: the search with its default settings, nothing confirmed;
- random search: the same loop with a population as large as the number of trials, so that all are sampled;
- Optuna: its NSGA-II sampler on a flat encoding of the same space (`_flat.py`), once with its default population of 50, once
  with 20, as MINAS has by default;
- regularized evolution of the error alone on the same encoding, by NNI where it is installed, else our own after the same
  paper, with a population of 20 and tournaments of 5 (a quarter, as in its defaults of 100 and 25: those would be chance).

All have the same evaluator, and an architecture has one seed and is trained once: its trial is kept in `trials.jsonl` and
serves all methods. Only distinct architectures within the space's limits count as trials; what is asked for again costs
nothing. Seconds are those that the trials took in a worker, added up. The bounds are those of the objective set.

Writes hypervolume.csv (method, seed, trial, seconds, hypervolume) and hypervolume.png; a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from _flat import Flat, Genome
from _opponents import EnoughError, Evaluate, has_nni, optuna_nsga2, regularized_evolution
from _sessions import new_run, sitting
from _trained_once import TrainedOnce
from numpy.typing import NDArray

from minas.analysis.hypervolume import Archive
from minas.api.work import work_of
from minas.engines import ENGINES
from minas.evolution.search import run_search
from minas.evolution.session import Session
from minas.run import configuration as configurations
from minas.spaces.graph import Graphs
from minas.trial import Status, Trial

MOST_ASKED = 200
"""How often a method may ask for each trial that counts, before it is taken to find nothing new."""

METHODS = ("minas", "random", "optuna", "optuna-20", "regularized")
LABELS = {
    "minas": "MINAS",
    "random": "random search",
    "optuna": "Optuna NSGA-II, population 50",
    "optuna-20": "Optuna NSGA-II, population 20",
    "regularized": "regularized evolution",
}
COLOURS = {"minas": "#0072B2", "random": "#E69F00", "optuna": "#CC79A7", "optuna-20": "#D55E00", "regularized": "#009E73"}


@dataclass(frozen=True)
class Line:
    """What one method reached with one seed: seconds and hypervolume after each trial, each (trials,)."""

    method: str
    seed: int
    seconds: NDArray[np.float64]
    hypervolume: NDArray[np.float64]


def line(method: str, seed: int, trials: list[Trial], session: Session) -> Line:
    """Return the line of the trials of a method, in the order in which they were told."""
    archive = Archive(session.configuration.objectives, session.bounds)
    seconds = np.cumsum([trial.cost.seconds for trial in trials])
    return Line(method, seed, seconds, np.array([archive.tell(trial) for trial in trials]))


def searched(session: Session) -> list[Trial]:
    """Search as `minas search` does, and return the trials."""
    run_search(session, share=1.0)
    return session.store.trials("search")


def opposed(session: Session, engine: TrainedOnce, run: Callable[[Flat, Evaluate], None], trials: int) -> list[Trial]:
    """Let an opponent search the flat encoding, and return its distinct trials."""
    space = session.space
    assert isinstance(space, Graphs)
    flat = Flat(space.description, session.within_limits)
    found: dict[str, Trial] = {}
    asked = 0

    def evaluate(genome: Genome) -> NDArray[np.float64] | None:
        nonlocal asked
        asked += 1
        if len(found) >= trials or asked > MOST_ASKED * trials:
            raise EnoughError
        architecture = flat.architecture(genome)
        if architecture is None:
            return None
        key = space.key(architecture)
        if key not in found:
            candidate = session.candidate("search", len(found), architecture)
            found[key] = engine.submit(candidate).result()
        trial = found[key]
        return session.configuration.objectives.values(trial.measures) if trial.status is Status.COMPLETE else None

    with contextlib.suppress(EnoughError):
        run(flat, evaluate)
    return list(found.values())


def opponent(method: str, seed: int, session: Session) -> Callable[[Flat, Evaluate], None]:
    """Return an opponent's search, a function of the encoding and of what evaluates."""
    if method == "regularized":
        return partial(regularized_evolution, seed=seed, population=20, sample=5)
    population = 20 if method == "optuna-20" else 50
    objectives = len(session.configuration.objectives.objectives)
    return partial(optuna_nsga2, seed=seed, objectives=objectives, population=population)


def searched_by(method: str, seed: int, engine: TrainedOnce, options: argparse.Namespace) -> Line:
    """Run one method with one seed."""
    asked: dict[str, Any] = {"trials": options.trials, "seed": seed, "members": 0, "workers": options.workers}
    asked |= {"epochs": options.epochs} if options.epochs else {}
    asked |= {"population": options.trials} if method == "random" else {}
    with (
        tempfile.TemporaryDirectory(prefix=f"{method}-") as name,
        sitting(new_run(Path(name) / "run", **asked), kept(engine)) as session,
    ):
        if method in ("minas", "random"):
            found = searched(session)
        else:
            found = opposed(session, engine, opponent(method, seed, session), options.trials)
        return line(method, seed, found, session)


def kept(engine: TrainedOnce) -> Callable[[str, configurations.RunConfiguration], TrainedOnce]:
    """Return what starts an engine: the one that all methods share."""
    return lambda work, configuration: engine


def shared_work(options: argparse.Namespace) -> str:
    """Return by what all trials are made, JSON; no weights are kept."""
    with tempfile.TemporaryDirectory() as name:
        asked = {"trials": 1, "members": 0} | ({"epochs": options.epochs} if options.epochs else {})
        return work_of(configurations.read(new_run(Path(name) / "run", **asked)), None).to_json()


def table(lines: list[Line], trials: int) -> str:
    """Return the hypervolume of each method at a quarter, a half and all of the trials: median and quartiles over seeds.

    Below, the same at the seconds that the median of the first method's seeds took for as many trials.
    """
    marks = sorted({max(1, trials // 4), max(1, trials // 2), trials})
    methods = list(dict.fromkeys(one.method for one in lines))
    first = [one for one in lines if one.method == methods[0]]
    seconds = [float(np.median([one.seconds[min(mark, len(one.seconds)) - 1] for one in first])) for mark in marks]
    out = []
    for title, heads, at in (
        ("after so many trials", [str(mark) for mark in marks], partial(_at_trial, marks=marks)),
        ("after so many seconds", [f"{second:.0f} s" for second in seconds], partial(_at_second, seconds=seconds)),
    ):
        out.append(f"{title:32s}" + "".join(f"{head:>26s}" for head in heads))
        for method in methods:
            rows = np.array([at(one) for one in lines if one.method == method])
            low, middle, high = np.percentile(rows, [25, 50, 75], axis=0)
            cells = (f"{m:.4f} [{a:.4f}, {b:.4f}]" for a, m, b in zip(low, middle, high, strict=True))
            out.append(f"{LABELS[method]:32s}" + "".join(f"{cell:>26s}" for cell in cells))
    return "\n".join(out)


def _at_trial(one: Line, marks: list[int]) -> list[float]:
    return [float(one.hypervolume[min(mark, len(one.hypervolume)) - 1]) for mark in marks]


def _at_second(one: Line, seconds: list[float]) -> list[float]:
    places = np.searchsorted(one.seconds, seconds, side="right")
    return [float(one.hypervolume[place - 1]) if place else 0.0 for place in places]


def write(lines: list[Line], path: Path) -> None:
    """Write a row for each method, seed and trial."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["method", "seed", "trial", "seconds", "hypervolume"])
        for one in lines:
            for number, (second, value) in enumerate(zip(one.seconds, one.hypervolume, strict=True), start=1):
                writer.writerow([one.method, one.seed, number, f"{second:.3f}", f"{value:.6f}"])


def plot(lines: list[Line], path: Path) -> None:
    """Draw the medians, with the quartiles as bands, over trials and over seconds."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, sharey=True)
    trials = np.arange(1, max(len(one.hypervolume) for one in lines) + 1)
    seconds = np.linspace(0, float(np.median([one.seconds[-1] for one in lines])), 200)
    for method in dict.fromkeys(one.method for one in lines):
        mine = [one for one in lines if one.method == method]
        for axes, places, at in (
            (left, trials, partial(_at_trial, marks=list(trials))),
            (right, seconds, partial(_at_second, seconds=list(seconds))),
        ):
            low, middle, high = np.percentile(np.array([at(one) for one in mine]), [25, 50, 75], axis=0)
            axes.plot(places, middle, color=COLOURS[method], label=LABELS[method])
            axes.fill_between(places, low, high, color=COLOURS[method], alpha=0.15, linewidth=0)
    left.set_xlabel("distinct trials")
    right.set_xlabel("seconds in the trials, added up")
    left.set_ylabel("hypervolume, median and quartiles")
    left.legend(frameon=False)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(True, color="#d9d9d9", linewidth=0.6)
    figure.savefig(path, dpi=150)


def chosen_methods(options: argparse.Namespace) -> list[str]:
    """Return the methods to run, and say which can't be."""
    import importlib.util

    found = list(options.methods)
    if importlib.util.find_spec("optuna") is None and any(method.startswith("optuna") for method in found):
        print("optuna is not installed, and left out: pip install 'minas[bench]'")
        found = [method for method in found if not method.startswith("optuna")]
    if "regularized" in found:
        print(f"regularized evolution is {'that of NNI' if has_nni() else 'our own, as nni is not installed'}")
    return found


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=64)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--methods", type=lambda text: text.split(","), default=list(METHODS), help=", ".join(METHODS))
    parser.add_argument("--epochs", type=int, help="of each training; the search space's own by default")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("results/hypervolume-over-time"))
    options = parser.parse_args()
    if wrong := set(options.methods) - set(METHODS):
        parser.error(f"no method named {', '.join(sorted(wrong))}; expected some of {', '.join(METHODS)}")
    methods = chosen_methods(options)
    work = shared_work(options)
    engine = ENGINES.get("local").start(work, options.workers)
    try:
        once = TrainedOnce(engine, options.out / "trials.jsonl", work)
        with ThreadPoolExecutor(2 * options.workers) as pool:
            coming = [
                (method, seed, pool.submit(searched_by, method, seed, once, options))
                for seed in range(options.seeds)
                for method in methods
            ]
            lines = []
            for method, seed, future in coming:
                lines.append(future.result())
                reached = lines[-1].hypervolume[-1]
                print(f"seed {seed}: {LABELS[method]}: {reached:.4f} after {len(lines[-1].hypervolume)} trials", flush=True)
    finally:
        engine.close()
    lines.sort(key=lambda one: (methods.index(one.method), one.seed))
    write(lines, options.out / "hypervolume.csv")
    plot(lines, options.out / "hypervolume.png")
    print(table(lines, options.trials))


if __name__ == "__main__":
    main()
