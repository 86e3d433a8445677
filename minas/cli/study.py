"""`minas study`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from minas.cli._engine_options import of_engine, takes_engine_options

if TYPE_CHECKING:
    from minas.analysis.study import StudyAnalysis
    from minas.api.study_plan import StudyPlan
    from minas.reporting.live import Live

NAME = "study"
HELP = """Test by experiment whether architecture sets the energy ceiling: train a factorial plan, and analyse it.

DESIGN is a TOML file, or a shipped one: quick (3 minutes), default (30 minutes on 2 cores), reference (about 80 minutes) or
paper (the paper's scale). Cells that are finished are kept; --resume goes on with the others. The report, its tables and
plots are written to the study's folder; `analyse` writes them anew, from the store alone.

    minas study --quick
    minas study default --dry-run
    minas study my-study.toml --out results/my-study --time 2h
    minas study --resume results/my-study
    minas study analyse results/my-study
"""
ANALYSE = "analyse"
QUICK, USUAL = "quick", "default"


@takes_engine_options
def command(
    design: Annotated[
        str | None, typer.Argument(help="The design: a name or a TOML file; or `analyse`, with a study's folder.")
    ] = None,
    store: Annotated[Path | None, typer.Argument(help="With `analyse`: a study's folder, or the store in it.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="The design quick: a study in 3 minutes.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan and what it costs, and train nothing.")] = False,
    time: Annotated[
        str | None,
        typer.Option(help="Time after which it stops, such as 30m; cells in work then are trained anew by --resume."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Worker processes; the cores by default. Cells don't depend on it.")
    ] = None,
    engine: Annotated[
        str, typer.Option(help="Where cells are trained: local, or another engine. Cells don't depend on it.")
    ] = "local",
    out: Annotated[Path | None, typer.Option(help="The study's folder; a new one under results by default.")] = None,
    resume: Annotated[Path | None, typer.Option(help="Go on with the study in this folder.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object, and nothing else.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
    **engine_options: str | None,
) -> None:
    """Run or analyse a study."""
    from minas.errors import UsageError
    from minas.reporting.live import Live

    if design == ANALYSE:
        if store is None or resume is not None or quick or dry_run:
            raise UsageError("minas study analyse: expected a study's folder, as in: minas study analyse results/my-study")
        return _analyse(store, out, as_json=json)
    if store is not None:
        raise UsageError(f"minas study {design} {store}: expected one design, or: minas study analyse {store}")
    if sum((design is not None, quick, resume is not None)) > 1:
        raise UsageError("a design, --quick or --resume, only one of them")
    from minas.api.study import resume_study, run_study, sitting

    options: dict[str, Any] = {
        "time": time,
        "workers": workers,
        "engine": engine,
        "engine_options": of_engine(engine, engine_options),
    }
    sitting(**options)  # mistakes are told before anything is loaded
    with Live(quiet=quiet or json) as live:
        if resume is not None:
            if out is not None or dry_run:
                raise UsageError("--out and --dry-run go with a new study: leave them out beside --resume")
            folder, done = resume_study(resume, listener=live, **options)
        else:
            plan = _planned(design or (QUICK if quick else USUAL), live)
            if dry_run:
                return _show_plan(plan, as_json=json)
            if not (quiet or json):
                _summary(plan)
            folder, done = run_study(plan, out=out, listener=live, **options)
        live.finishing()
    if not done and not json:
        print(f"stopped by --time; go on with: minas study --resume {folder}")
    _analyse(folder, None, as_json=json)


def _planned(name: str, live: Live) -> StudyPlan:
    from minas.api.study_plan import make_plan, read_design
    from minas.evolution.session import Progress

    design = read_design(name)
    live(Progress(phase="starting"))
    return make_plan(design)


def _summary(plan: StudyPlan) -> None:
    architectures = len({(cell.levels["domain"], cell.key) for cell in plan.cells})
    print(f"{len(plan.cells):,} cells of {architectures} architectures, on {len(plan.design.tasks)} tasks")


def _show_plan(plan: StudyPlan, *, as_json: bool) -> None:
    """Print what the cells of each family cost, all of it and on this machine's cores."""
    from minas.analysis.quantities import show
    from minas.api.request import cores
    from minas.cli import _show

    costs = plan.costs()
    total, workers = sum(cost.seconds for cost in costs), cores()
    if as_json:
        import dataclasses

        return _show.as_json(
            {
                "schema": 1,
                "cells": len(plan.cells),
                "core_seconds": total,
                "workers": workers,
                "seconds": total / workers,
                "training_macs": sum(cost.training_macs for cost in costs),
                "instances": [dataclasses.asdict(cost) for cost in costs],
            }
        )
    _summary(plan)
    rows = []
    for task, family in dict.fromkeys((cost.task, cost.family) for cost in costs):
        own = [cost for cost in costs if (cost.task, cost.family) == (task, family)]
        cells, macs, seconds = (sum(getattr(cost, name) for cost in own) for name in ("cells", "training_macs", "seconds"))
        names = ", ".join(cost.instance for cost in own)
        rows.append([f"{task}, {family}", str(cells), show(macs), f"{seconds / 60:.1f}", names])
    _show.table(("task, family", "cells", "training MACs", "core minutes", "architectures"), rows)
    print(f"about {total / 60 / workers:.0f} minutes on {workers} cores, by a few training steps of each architecture")


def _analyse(folder: Path, out: Path | None, *, as_json: bool) -> None:
    from minas.api.study_analysis import analyse_study
    from minas.cli import _show

    found = analyse_study(folder, out=out)
    if as_json:
        from minas.reporting.study import study_json

        return _show.as_json(study_json(found))
    _print(found)
    print(f"\nthe report: {(out or (folder.parent if folder.is_file() else folder)) / 'report.md'}")


def _print(found: StudyAnalysis) -> None:
    planned, complete = (sum(getattr(row, name) for row in found.counted) for name in ("cells", "complete"))
    print(f"{complete:,} of {planned:,} cells complete\n")
    for verdict in found.ceiling.verdicts:
        if verdict.main:
            print(verdict.sentence)
