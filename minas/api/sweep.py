"""The sweep over lambda: trained as a study is, analysed by itself."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minas.analysis.cells import Cell
from minas.analysis.sweep import SweepRow, sweep_rows
from minas.analysis.sweep_picture import SweepSubject
from minas.analysis.sweep_verdicts import SweepVerdict, sweep_verdicts
from minas.api.study import resume_study, run_study
from minas.api.study_analysis import read_cells
from minas.api.tables import csv_of
from minas.errors import UsageError
from minas.evolution.session import Listener
from minas.factorial.sweep import LAMBDAS, MOST_EPOCHS, SEEDS, sweep_design
from minas.run.folder import write_atomically

if TYPE_CHECKING:
    from minas.api.study_plan import StudyPlan
    from minas.factorial.design import StudyDesign

SCHEMA = 1
KIND = "sweep"
"""How the store, and the default folder's name, call it."""

WHICH = ("domain", "family", "instance", "functional", "lambda")
"""The first columns of each table."""


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """A sweep's result, as far as it is trained.

    Attributes:
        path: its folder.
        domain: name of the domain.
        task: name of the task.
        design: what was planned, as plain values.
        finished: whether every training has ended.
        cells: one for each training.
        rows: one for each network, functional and lambda.
        verdicts: what they say of the paper's two statements.
    """

    path: Path
    domain: str
    task: str
    design: Mapping[str, Any]
    finished: bool
    cells: tuple[Cell, ...]
    rows: tuple[SweepRow, ...]
    verdicts: tuple[SweepVerdict, ...]

    @property
    def complete(self) -> int:
        """How many trainings completed."""
        return sum(cell.complete for cell in self.cells)


def plan_sweep(
    domain: str,
    *,
    data: str | os.PathLike[str] | None = None,
    preprocessing: str | None = None,
    architectures: Sequence[str] = (),
    lambdas: Sequence[float] = LAMBDAS,
    functionals: Sequence[str] = ("activation",),
    seeds: int = SEEDS,
    epochs: int | None = None,
    learning_rate: float | None = None,
) -> StudyPlan:
    """Plan a sweep; nothing is trained yet. The arguments are those of `run_sweep`.

    Raises:
        UsageError: something asked for is unknown or out of range.
        DataError: the data can't be used.
    """
    from minas.api.study_plan import make_plan

    return make_plan(_design(domain, data, preprocessing, architectures, lambdas, functionals, seeds, epochs, learning_rate))


def run_sweep(
    domain: str | None = None,
    *,
    data: str | os.PathLike[str] | None = None,
    preprocessing: str | None = None,
    architectures: Sequence[str] = (),
    lambdas: Sequence[float] = LAMBDAS,
    functionals: Sequence[str] = ("activation",),
    seeds: int = SEEDS,
    epochs: int | None = None,
    learning_rate: float | None = None,
    time: str | float | None = None,
    workers: int | None = None,
    engine: str = "local",
    engine_options: Mapping[str, str] | None = None,
    out: str | os.PathLike[str] | None = None,
    resume: str | os.PathLike[str] | None = None,
    listener: Listener | None = None,
) -> Sweep:
    """Train networks at each lambda, and write what came of it: `sweep.csv`, `summary.csv`, `verdicts.csv`, `sweep.png`.

    Args:
        domain: name of the domain; with `resume` none.
        data: a path, or None for the domain's default data.
        preprocessing: what is done to signals, as on the command line.
        architectures: names of baselines, or `RUN:ID` for a member of a run's front; in vision the paper's MLP by default,
            elsewhere the domain's first conventional baseline.
        lambdas: weights of the functional in the loss; 0 is always among them.
        functionals: `activation` (the paper's energy) and `action`.
        seeds: how often each is trained.
        epochs: passes over the training samples; those of a front's confirmation by default, 10 at most.
        learning_rate: the schedule's peak; by default the search space's, which suits networks with normalisation. It decides
            much of what comes out: a network without, such as the MLP, needs a lower one.
        time: after which no further training is begun.
        workers: worker processes; the cores by default. The figures don't depend on it.
        engine: where networks are trained; the figures don't depend on it.
        engine_options: what is said of the engine.
        out: the sweep's folder; a new one under results by default.
        resume: the folder of a sweep to go on with, as it was planned.
        listener: hears of progress.

    Raises:
        UsageError: something asked for is unknown or out of range, or `resume` is no sweep's folder.
        DataError: the data can't be used.
        InterruptedRunError: Ctrl-C; what was finished is kept.
    """
    sitting: dict[str, Any] = {
        "time": time,
        "workers": workers,
        "engine": engine,
        "engine_options": engine_options,
        "listener": listener,
    }
    if resume is not None:
        read_sweep(resume)
        folder, _ = resume_study(resume, kind=KIND, **sitting)
    elif domain is None:
        raise UsageError("which domain? For example: minas sweep vision")
    else:
        plan = plan_sweep(
            domain,
            data=data,
            preprocessing=preprocessing,
            architectures=architectures,
            lambdas=lambdas,
            functionals=functionals,
            seeds=seeds,
            epochs=epochs,
            learning_rate=learning_rate,
        )
        folder, _ = run_study(plan, out=out, kind=KIND, **sitting)
    sweep = read_sweep(folder)
    write_sweep(sweep)
    return sweep


def read_sweep(path: str | os.PathLike[str]) -> Sweep:
    """Return a sweep as its folder holds it, whatever of it is finished; no torch and no data are needed.

    Raises:
        UsageError: it is no sweep's folder, or damaged.
    """
    folder = Path(os.path.expanduser(path))
    cells, _, facts = read_cells(folder)
    if facts.get("kind") != KIND or len(facts["tasks"]) != 1:
        raise UsageError(f"{folder} holds a study and no sweep: go on with it by minas study --resume {folder}")
    (task,) = facts["tasks"].values()
    rows = sweep_rows(cells)
    return Sweep(
        path=folder,
        domain=str(task.get("domain")),
        task=str(task.get("task")),
        design=facts["design"],
        finished=all(cell.status != "planned" for cell in cells),
        cells=tuple(cells),
        rows=rows,
        verdicts=sweep_verdicts(rows),
    )


def write_sweep(sweep: Sweep) -> None:
    """Write a sweep's tables and its plot into its folder."""
    from minas.plots import save
    from minas.plots.studies import SHELF

    for name, text in (("sweep", trainings_csv(sweep)), ("summary", summary_csv(sweep)), ("verdicts", verdicts_csv(sweep))):
        write_atomically(sweep.path / f"{name}.csv", text)
    with contextlib.suppress(UsageError):  # nothing of it is complete
        figure = SHELF.get("sweep").figure(SweepSubject(name=sweep.path.name, task=sweep.task, rows=sweep.rows))
        save(figure, sweep.path / "sweep.png")


def trainings_csv(sweep: Sweep) -> str:
    """Return a row for each training: what it was, how it ended, what was measured."""
    rows = []
    for cell in sweep.cells:
        row = {name: value for name, value in dataclasses.asdict(cell).items() if name not in ("measures", "lambda_")}
        rows.append({**row, "lambda": cell.lambda_, **{f"measures.{name}": value for name, value in cell.measures.items()}})
    return csv_of(rows, (*WHICH, "strategy", "seed", "status", "reason"))


def summary_csv(sweep: Sweep) -> str:
    """Return a row for each network, functional and lambda, dotted where the values of `sweep_values` are nested."""
    return csv_of([_flat(row) for row in sweep_values(sweep)["rows"]], WHICH)


def verdicts_csv(sweep: Sweep) -> str:
    """Return a row for each network and functional."""
    return csv_of([_flat(row) for row in sweep_values(sweep)["verdicts"]], WHICH)


def sweep_values(sweep: Sweep) -> dict[str, Any]:
    """Return what `minas sweep --json` prints: numbers, never strings, and null where there is none.

    Of each of `rows`, `loss` is in percentage points of accuracy, and `ratios` are multiples of lambda 0; `left_out` is how
    trainings ended that did not complete, and how many each. Intervals are `mean`, `low`, `high` and `seeds`.
    """
    return {
        "schema": SCHEMA,
        "sweep": sweep.path.name,
        "domain": sweep.domain,
        "task": sweep.task,
        "trainings": len(sweep.cells),
        "complete": sweep.complete,
        "design": sweep.design,
        "rows": [_named({**dataclasses.asdict(row), "left_out": dict(row.left_out)}) for row in sweep.rows],
        "verdicts": [_named(dataclasses.asdict(verdict)) for verdict in sweep.verdicts],
    }


def _named(values: Mapping[str, Any]) -> dict[str, Any]:
    return {"lambda" if name == "lambda_" else name: value for name, value in values.items()}


def _flat(row: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if name == "left_out":
            flat[name] = "; ".join(f"{count} {reason}" for reason, count in value.items())
        elif isinstance(value, Mapping):
            flat |= _flat(value, f"{before}{name}.")
        elif value is not None:  # an interval that isn't there has no columns of its own
            flat[f"{before}{name}"] = value
    return flat


def _design(
    domain: str,
    data: str | os.PathLike[str] | None,
    preprocessing: str | None,
    architectures: Sequence[str],
    lambdas: Sequence[float],
    functionals: Sequence[str],
    seeds: int,
    epochs: int | None,
    learning_rate: float | None,
) -> StudyDesign:
    from minas.api.request import Request, check_numbers, search_space
    from minas.domains import DOMAINS
    from minas.factorial.design import TaskDesign

    check_numbers({"epochs": epochs})
    found = DOMAINS.get(domain)
    space, _ = search_space(Request(domain=domain), found)
    task = TaskDesign(
        domain=found.name,
        data=None if data is None else str(Path(data).expanduser().resolve()),  # so that the file holds from anywhere
        preprocessing=preprocessing,
        epochs=epochs or min(MOST_EPOCHS, int(space["confirmation"]["epochs"])),
    )
    return sweep_design(
        task,
        architectures=architectures,
        lambdas=lambdas,
        functionals=functionals,
        repeats=seeds,
        optimizer=space["training"]["optimizer"],
        learning_rate=learning_rate,
    )
