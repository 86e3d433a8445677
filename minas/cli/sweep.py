"""`minas sweep`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from minas.cli._engine_options import is_engine_option, of_engine, takes_engine_options

if TYPE_CHECKING:
    from minas.analysis.sweep import SweepRow
    from minas.api.sweep import Sweep

NAME = "sweep"
HELP = """Train a network at each lambda, the weight of an energy in the loss; show what that does to accuracy and energies.

Every figure is compared with the same seed at lambda 0, which is always trained too. Trainings that are finished are kept;
--resume goes on with the others. The tables and a plot are written to the sweep's folder: sweep.csv has a row a training,
summary.csv a row a lambda. Training is that of the domain's search space.

    minas sweep vision
    minas sweep vision --functional activation --functional action --architecture LeNet-5 --seeds 3
    minas sweep vision --architecture results/vision-20261124-101500:knee --seeds 3
    minas sweep vision --data my-images --lambda 1e-4 --lambda 1e-3 --dry-run
    minas sweep --resume results/sweep-20261124-101500
"""

WITH_RESUME = ("resume", "time", "workers", "engine", "json", "csv", "quiet")
"""What may stand beside --resume: the rest of a sweep is what it was."""


@takes_engine_options
def command(
    context: typer.Context,
    domain: Annotated[str | None, typer.Argument(help="The domain, such as vision.")] = None,
    data: Annotated[str | None, typer.Option(help="Your own data; the domain's default without it.")] = None,
    preprocessing: Annotated[
        str | None, typer.Option(help="Of signals: standardise, band, rate, points, baseline; such as band=8-30,rate=250.")
    ] = None,
    architecture: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A baseline, or RUN:ID of a front; more than once for several. In vision MLP by default.",
        ),
    ] = None,
    lambda_: Annotated[
        list[float] | None,
        typer.Option(
            "--lambda", metavar="NUMBER", help="A weight, more than once for several; 1e-5, 1e-4, 1e-3 and 1e-2 by default."
        ),
    ] = None,
    functional: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="In the loss: activation (the default) or action; twice for both, one after the other."
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(help="How often each is trained.")] = 10,
    epochs: Annotated[
        int | None, typer.Option(help="Passes over the training samples; a front's confirmation's by default, 10 at most.")
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help="The schedule's peak; the search space's by default. Without normalisation try 1e-3.")
    ] = None,
    time: Annotated[
        str | None, typer.Option(help="Time after which no further training is begun, such as 30m; --resume goes on.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Worker processes; the cores by default. Figures don't depend on it.")
    ] = None,
    engine: Annotated[
        str, typer.Option(help="Where networks are trained: local, or another engine. Figures don't depend on it.")
    ] = "local",
    out: Annotated[Path | None, typer.Option(help="The sweep's folder; a new one under results by default.")] = None,
    resume: Annotated[Path | None, typer.Option(help="Go on with the sweep in this folder.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan and what it costs, and train nothing.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object, and nothing else.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print a row a lambda, and nothing else.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
    **engine_options: str | None,
) -> None:
    """Sweep lambda."""
    from minas.api import sweep as api
    from minas.cli import _show
    from minas.errors import UsageError
    from minas.evolution.session import Progress
    from minas.factorial.sweep import LAMBDAS
    from minas.reporting.live import Live

    _show.one_of(json=json, csv=csv)
    sitting: dict[str, Any] = {
        "time": time,
        "workers": workers,
        "engine": engine,
        "engine_options": of_engine(engine, engine_options),
    }
    given: dict[str, Any] = {
        "data": data,
        "preprocessing": preprocessing,
        "architectures": architecture or (),
        "lambdas": lambda_ or LAMBDAS,
        "functionals": functional or ("activation",),
        "seeds": seeds,
        "epochs": epochs,
        "learning_rate": learning_rate,
    }
    with Live(quiet=quiet or json or csv) as live:
        if resume is not None:
            _refuse_more(context)
            sweep = api.run_sweep(resume=resume, listener=live, **sitting)
        else:
            if domain is None:
                from minas.domains import DOMAINS

                raise UsageError(f"which domain? For example: minas sweep vision (there are: {', '.join(DOMAINS.names())})")
            live(Progress(phase="starting"))
            if dry_run:
                plan = api.plan_sweep(domain, **given)
                live.finishing()
                return _show_plan(plan, as_json=json)
            sweep = api.run_sweep(domain, out=out, listener=live, **given, **sitting)
        live.finishing()
    _report(sweep, json=json, csv=csv)
    if not sweep.complete:
        raise typer.Exit(1)


def _refuse_more(context: typer.Context) -> None:
    from minas.errors import UsageError

    for name in context.params:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE" and name not in WITH_RESUME and not is_engine_option(name):
            given = "a domain" if name == "domain" else f"--{name.rstrip('_').replace('_', '-')}"
            raise UsageError(
                f"--resume goes on with a sweep as it was planned, so {given} can't be given with it; "
                "only --time, --workers, --engine, --json, --csv and --quiet can"
            )


def _report(sweep: Sweep, *, json: bool, csv: bool) -> None:
    from minas.analysis.sweep_verdicts import weight_in_words
    from minas.api import sweep as api
    from minas.cli import _show

    if json:
        return _show.as_json(api.sweep_values(sweep))
    if csv:
        print(api.summary_csv(sweep), end="")
        return
    seeds = sweep.design["seeds"]
    print(
        f"{sweep.domain}, {sweep.task}: {sweep.complete:,} of {len(sweep.cells):,} trainings complete; means ± 95% intervals "
        f"over {seeds} {'seed' if seeds == 1 else 'seeds'}, energies as multiples of lambda 0"
    )
    header = ("network", "in the loss", "lambda", "test accuracy", "points lost", "E", "T", "V", "S", "missing")
    _show.table(header, [_row(row) for row in sweep.rows], dispensable=("S",))
    for row in sweep.rows:
        for reason, count in row.left_out:
            print(f"{row.instance}, {_name(row)}, lambda {weight_in_words(row.lambda_)}: {count} {reason}")
    print()
    for verdict in sweep.verdicts:
        print(verdict.sentence)
    if not sweep.finished:
        print(f"\nstopped by --time; go on with: minas sweep --resume {sweep.path}")
    print(f"\nthe tables and the plot: {sweep.path}")


def _name(row: SweepRow) -> str:
    return row.functional.replace("_", " ")


def _row(row: SweepRow) -> list[str]:
    from minas.analysis.quantities import show
    from minas.analysis.sweep_verdicts import weight_in_words
    from minas.cli import _show

    lost = "-"
    if row.loss is not None and row.lambda_ > 0:
        half = "" if row.loss.high is None else f" ±{row.loss.high - row.loss.mean:.2f}"
        lost = f"{row.loss.mean:.2f}{half}"
    energies = [row.ratios[name] for name in ("activation_energy", "kinetic", "potential", "action")]
    return [
        row.instance,
        _name(row),
        weight_in_words(row.lambda_),
        _show.interval(row.accuracy, as_percent=True),
        lost,
        *("-" if found is None else show(found.mean) for found in energies),
        str(row.planned - row.complete),
    ]


def _show_plan(plan: Any, *, as_json: bool) -> None:
    from minas.cli import study

    study._show_plan(plan, as_json=as_json)
