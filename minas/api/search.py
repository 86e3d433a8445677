"""The main job: search, confirm, compare, write down."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shlex
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minas.api.request import Request, check_numbers, configuration_of, load_task
from minas.api.run import Run, open_run
from minas.errors import MinasError, UsageError
from minas.evolution.clock import Clock
from minas.evolution.session import Listener, Progress, Session
from minas.run import folder as run_folder
from minas.run.configuration import RunConfiguration, read
from minas.run.store import Store

if TYPE_CHECKING:
    from minas.spaces import Space


class InterruptedRunError(MinasError):
    """The user stopped a run; what was finished is kept."""


def search(
    domain: str = "vision",
    *,
    trials: int | None = None,
    time: str | float | None = None,
    data: Any = None,
    image_size: int | None = None,
    objectives: str | os.PathLike[str] | None = None,
    space: str | os.PathLike[str] | None = None,
    max_flops: float | None = None,
    max_params: float | None = None,
    max_activations: float | None = None,
    lambda_: float | None = None,
    epochs: int | None = None,
    control: bool = False,
    population: int = 20,
    window: int = 8,
    seed: int = 0,
    workers: int | None = None,
    engine: str = "local",
    members: int | None = None,
    confirmation_epochs: int | None = None,
    confirmation_seeds: int | None = None,
    out: str | os.PathLike[str] | None = None,
    listener: Listener | None = None,
    started: Callable[[Path], None] | None = None,
) -> Run:
    """Search a domain's space for networks of little error, action and FLOPs; confirm the front; write all of it to a folder.

    Example:
        `run = minas.search("vision", trials=40, seed=0)`, then `run.front.knee().network()`

    In a script, call it under `if __name__ == "__main__":`, since worker processes read the script again.

    Args:
        domain: name of the domain.
        trials: number of trials; the same number and seed give the same trials, to the bit, on the same machine.
        time: span of time for search, confirmation and plots, such as `"5m"`, or seconds; 5 minutes where trials are not
            given either.
        data: a path; arrays `(x, y)`; `(train, test)` or `(train, validation, test)` of such pairs; a torch data set may stand
            for a pair. None takes the domain's default data.
        image_size: side, in pixels, to which images are resized.
        objectives: objective set, by name or as a TOML file; the domain's own by default.
        space: search space, by name or as a TOML file; the domain's own by default.
        max_flops: largest number of multiply-accumulates of a sample that is worth training.
        max_params: likewise for parameters.
        max_activations: likewise for outputs of linear operators.
        lambda_: weight of the action in the loss; the search space's own by default, as for `epochs`.
        epochs: passes over the training samples in a brief training.
        control: evaluate as many random architectures beside the search.
        population: size of NSGA-II's population.
        window: trials in flight.
        seed: the run's seed.
        workers: worker processes; one for each core by default. The trials don't depend on it.
        engine: name of the engine.
        members: how many members of the front to confirm at most; 0 for none.
        confirmation_epochs: passes over the training samples in confirmation.
        confirmation_seeds: how often each member is trained in confirmation.
        out: the run's folder; a new one under `results` by default.
        listener: hears of progress.
        started: hears of the run's folder once it is made.

    Returns:
        The run. Its front is empty where no trial ended in time.

    Raises:
        UsageError: something asked for is unknown or out of range.
        DataError: the data cannot be used.
        InterruptedRunError: Ctrl-C; `resume` goes on.
        MinasError: the machine failed (a full disk, say); what was finished is kept.
    """
    given = {"flops": max_flops, "params": max_params, "activations": max_activations}
    request = Request(
        domain=domain,
        image_size=image_size,
        space=None if space is None else os.fspath(space),
        objectives=None if objectives is None else os.fspath(objectives),
        trials=trials,
        time=time,
        population=population,
        window=window,
        seed=seed,
        workers=workers,
        engine=engine,
        lambda_=lambda_,
        epochs=epochs,
        control=control,
        members=members,
        confirmation_epochs=confirmation_epochs,
        confirmation_seeds=confirmation_seeds,
        limits={name: float(value) for name, value in given.items() if value is not None},
    )
    folder, (configuration, opened, preprocessing) = _begun(request, data, out)
    with run_folder.lock(folder):
        configuration.write(folder)
        if started is not None:
            started(folder)
        _sitting(folder, configuration, opened, listener, {"preprocessing": preprocessing})
    return open_run(folder)


Resolved = tuple[RunConfiguration, "Space", Mapping[str, Any]]
"""A run's configuration, its space, and the task's preprocessing."""


def _begun(request: Request, data: Any, out: str | os.PathLike[str] | None) -> tuple[Path, Resolved]:
    """Return a new run's folder and all that it needs; no folder is left behind by a request that can't be met."""
    if data is None or isinstance(data, str | os.PathLike):
        found = _resolved(dataclasses.replace(request, data=None if data is None else os.fspath(data)))
        return run_folder.create(out, domain=request.domain), found
    from minas.data import arrays

    folder = run_folder.create(out, domain=request.domain)
    try:  # arrays are written into the run's folder, where every worker can read them
        path = arrays.store(data, folder / "data").path
        return folder, _resolved(dataclasses.replace(request, data=path))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _resolved(request: Request) -> Resolved:
    domain, task, source = load_task(request)
    configuration, space = configuration_of(request, domain, task, source)
    return configuration, space, task.preprocessing


def resume(
    path: str | os.PathLike[str],
    *,
    listener: Listener | None = None,
    workers: int | None = None,
    time: str | float | None = None,
) -> Run:
    """Go on with a run that was interrupted, from whatever is there; a finished one is opened.

    With a number of trials its front will be the one that an uninterrupted run gives, to the bit; a run by the clock spends
    what is left of it.

    Example:
        `run = minas.resume("results/vision-20261124-101500")`

    Args:
        path: the run's folder.
        listener: hears of progress.
        workers: worker processes from now on; the trials don't depend on it.
        time: give the run this much time in all, in place of what it had; a search that has ended stays ended.

    Raises:
        UsageError: it is no run folder, another process works on it, or its data have changed.
    """
    from minas.api.work import task_of, work_of
    from minas.evaluation.work import open_space
    from minas.evolution.clock import parse_time

    folder = run_folder.existing(path)
    with run_folder.lock(folder):
        configuration = read(folder)
        settings = configuration.settings
        if workers is not None:
            check_numbers({"workers": workers})
            settings = dataclasses.replace(settings, workers=workers)
        if time is not None:
            if settings.seconds is None:
                raise UsageError(f"{folder} is a run of {settings.trials} trials, without a clock: leave --time out")
            settings = dataclasses.replace(settings, seconds=parse_time(time))
        configuration = dataclasses.replace(configuration, settings=settings)
        _check_versions(configuration, folder)
        if "path" in configuration.data:
            task_of(configuration, folder)
        space = open_space(work_of(configuration, None).space, str(folder / run_folder.CONFIGURATION))
        configuration.write(folder)
        _sitting(folder, configuration, space, listener)
    return open_run(folder)


def _check_versions(configuration: RunConfiguration, folder: Path) -> None:
    """Refuse to go on under another torch or numpy: the figures would no longer be those of one run."""
    from minas.run.configuration import versions

    now = versions()
    for name in ("torch", "numpy", "pymoo", "minas"):
        before = configuration.versions.get(name)
        if before is not None and before != now[name]:
            raise UsageError(
                f"{folder} was made with {name} {before}, and here is {now[name]}: install that version to go on with it"
            )


def _sitting(
    folder: Path,
    configuration: RunConfiguration,
    space: Space,
    listener: Listener | None,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Do whatever of a run is left to do; `facts` are kept first."""
    try:
        _work(folder, configuration, space, listener or (lambda progress: None), facts or {})
    except KeyboardInterrupt:
        raise InterruptedRunError(
            f"stopped; what was finished is kept. Go on with: minas search --resume {shlex.quote(str(folder))}"
        ) from None


def _work(folder: Path, configuration: RunConfiguration, space: Space, listener: Listener, facts: Mapping[str, Any]) -> None:
    from minas.api.phases import run_phases
    from minas.api.work import work_of
    from minas.engines import ENGINES

    settings = configuration.settings
    with Store(folder / run_folder.DATABASE) as store:
        if store.fact("finished"):
            listener(Progress(phase="finishing", note=f"{folder} is finished already: there is nothing left to do"))
            return
        for name, value in facts.items():
            store.put_fact(name, value)
        listener(Progress(phase="starting", left=configuration.settings.seconds))
        clock = Clock(settings.seconds, spent_before=float(store.fact("spent", 0.0)))
        engine = ENGINES.get(settings.engine).start(work_of(configuration, folder).to_json(), settings.workers)
        try:
            session = Session(
                folder=folder,
                configuration=configuration,
                store=store,
                engine=engine,
                space=space,
                epochs=int(configuration.search_space["training"]["epochs"]),
                clock=clock,
                listener=listener,
            )
            run_phases(session)
        finally:
            engine.close()
            with contextlib.suppress(MinasError):
                store.put_fact("spent", clock.spent())
