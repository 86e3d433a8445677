"""`minas search`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from minas.cli._engine_options import is_engine_option, of_engine, takes_engine_options

NAME = "search"
HELP = """Search a domain for networks of little error, action and FLOPs; confirm the front on test data; write it all down.

    minas search vision
    minas search vision --time 30m --control
    minas search vision --data my-images --max-flops 200k
    minas search physiological --data emg.npz --preprocessing standardise=trial,band=20-450,rate=2000,points=128
    minas search vision --space nni:nni.nas.hub.pytorch:NasBench201:stem_out_channels=8,num_modules_per_stack=1
    minas search --space table:nb201.csv.gz --code ops --classes rep --objectives 100-accuracy,flops
    minas search --resume results/vision-20261124-101500
"""


WITH_RESUME = ("resume", "time", "workers", "engine", "json", "quiet")
"""What may stand beside --resume: the rest of a run is what it was."""


@takes_engine_options
def command(
    context: typer.Context,
    domain: Annotated[str | None, typer.Argument(help="The domain, such as vision.")] = None,
    trials: Annotated[
        int | None, typer.Option(help="Number of trials: repeatable to the bit, whatever the machine's pace.")
    ] = None,
    time: Annotated[
        str | None,
        typer.Option(help="Time for search, confirmation and plots, such as 5m (default; neuromorphic: 10m) or 1h30m."),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            help="Your own data. vision: IDX, CIFAR, .npz or images in folders by class; text: CSV, JSON lines or .txt files "
            "in folders by class; physiological: .ts, .npz, CSV, EDF, WFDB or .mat of Ninapro; neuromorphic: .npy, .npz, "
            "N-MNIST, AEDAT 3.1 or SHD."
        ),
    ] = None,
    image_size: Annotated[int | None, typer.Option(help="Side, in pixels, to which images are resized.")] = None,
    preprocessing: Annotated[
        str | None, typer.Option(help="Of signals: standardise, band, rate, points, baseline; such as band=8-30,rate=250.")
    ] = None,
    objectives: Annotated[
        str | None,
        typer.Option(help="Objective set: paper, or a TOML file. Of a table: columns to minimise, or NUMBER-COLUMN."),
    ] = None,
    space: Annotated[
        str | None,
        typer.Option(
            help="Search space: the domain's own, a TOML file, nni:PACKAGE:CLASS for a model space of NNI, or table:FILE."
        ),
    ] = None,
    code: Annotated[str | None, typer.Option(help="Of a table: the column of codes, a digit for each gene.")] = None,
    classes: Annotated[
        str | None, typer.Option(help="Of a table: the column that says which architectures are equivalent.")
    ] = None,
    max_flops: Annotated[str | None, typer.Option(help="Most multiply-accumulates of a sample, such as 200k.")] = None,
    max_params: Annotated[str | None, typer.Option(help="Most parameters, such as 5k.")] = None,
    max_activations: Annotated[str | None, typer.Option(help="Most outputs of linear operators, such as 3k.")] = None,
    lambda_: Annotated[float | None, typer.Option("--lambda", help="Weight of the action in the loss.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the training samples in a brief training.")] = None,
    class_weights: Annotated[
        str | None, typer.Option(help="balanced: every class counts alike in the loss, however rare; or none.")
    ] = None,
    vectors: Annotated[
        str | None, typer.Option(help="Of texts, what the rows of words start from: naive_bayes, glove or none.")
    ] = None,
    control: Annotated[
        bool, typer.Option("--control", help="Evaluate as many random architectures, drawn beside the front.")
    ] = False,
    population: Annotated[int, typer.Option(help="Size of NSGA-II's population.")] = 20,
    window: Annotated[int, typer.Option(help="Trials in flight; 4 for each worker keeps workers busy.")] = 8,
    seed: Annotated[int, typer.Option(help="The run's seed.")] = 0,
    workers: Annotated[
        int | None, typer.Option(help="Worker processes; the cores by default. Trials don't depend on it.")
    ] = None,
    engine: Annotated[
        str | None,
        typer.Option(help="Where trials are evaluated: local (default), or another engine. Trials don't depend on it."),
    ] = None,
    members: Annotated[int | None, typer.Option(help="Most members of the front to confirm; 0 for none.")] = None,
    confirmation_epochs: Annotated[int | None, typer.Option(help="Passes over the training samples in confirmation.")] = None,
    confirmation_seeds: Annotated[int | None, typer.Option(help="How often each member is trained in confirmation.")] = None,
    out: Annotated[Path | None, typer.Option(help="The run's folder; a new one under results by default.")] = None,
    resume: Annotated[Path | None, typer.Option(help="Go on with the run in this folder.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the front as one JSON object, and nothing else.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
    **engine_options: str | None,
) -> None:
    """Search a domain."""
    from minas import spaces
    from minas.api import search as api
    from minas.errors import UsageError
    from minas.reporting.live import Live

    with Live(quiet=quiet or json) as live:
        if resume is not None:
            _refuse_more(context)
            said = None if engine is None else of_engine(engine, engine_options)
            run = api.resume(
                resume, listener=live, workers=workers, time=time, engine=engine, engine_options=said, began=context.obj
            )
        elif domain is None and (space is None or spaces.looked_up(space) is None):
            from minas.domains import DOMAINS

            raise UsageError(f"which domain? For example: minas search vision (there are: {', '.join(DOMAINS.names())})")
        else:
            options: dict[str, Any] = {
                "image_size": image_size,
                "preprocessing": preprocessing,
                "objectives": objectives,
                "space": space,
                "code": code,
                "classes": classes,
                "lambda_": lambda_,
                "epochs": epochs,
                "class_weights": class_weights,
                "vectors": vectors,
                "control": control,
                "population": population,
                "window": window,
                "seed": seed,
                "workers": workers,
                "engine": engine or "local",
                "engine_options": of_engine(engine or "local", engine_options),
                "members": members,
                "confirmation_epochs": confirmation_epochs,
                "confirmation_seeds": confirmation_seeds,
                "max_flops": max_flops,
                "max_params": max_params,
                "max_activations": max_activations,
                "out": out,
                "listener": live,
                "started": live.started,
                "began": context.obj,
            }
            run = api.search(domain, trials=trials, time=time, data=data, **options)
    _report(run, json=json)
    if not run.front:
        raise typer.Exit(1)


def _refuse_more(context: typer.Context) -> None:
    from minas.errors import UsageError

    engine = context.params.get("engine")
    for name in context.params:
        source = context.get_parameter_source(name)
        if (
            source is not None
            and source.name == "COMMANDLINE"
            and name not in WITH_RESUME
            and not (engine and is_engine_option(name))
        ):
            given = "a domain" if name == "domain" else f"--{name.rstrip('_').replace('_', '-')}"
            raise UsageError(
                f"--resume goes on with a run as it was configured, so {given} can't be given with it; "
                "only --time, --workers, --engine, --json and --quiet can"
            )


def _report(run: Any, *, json: bool) -> None:
    from minas.cli import _show

    if json:
        from minas.api.tables import front_values

        _show.as_json(front_values(run))
        return
    from minas.api.summary import closing, heading

    print(heading(run))
    _show.front_table(run)
    print()
    print(closing(run))
