"""The main job: search, confirm, compare, write down."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minas.api.request import Request, configuration_of, load_task
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
    out: str | os.PathLike[str] | None = None,
    listener: Listener | None = None,
    started: Callable[[Path], None] | None = None,
    max_flops: float | None = None,
    max_params: float | None = None,
    **options: Any,
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
        data: a path; arrays `(x, y)`; a torch data set; or `{"train": (x, y), "validation": ..., "test": ...}`. None takes the
            domain's default data.
        out: the run's folder; a new one under `results` by default.
        listener: hears of progress.
        started: hears of the run's folder once it is made.
        max_flops: largest number of multiply-accumulates that is worth training.
        max_params: likewise for parameters.
        options: more of `minas.api.request.Request`, such as `seed`, `workers`, `population`, `window`, `lambda_`,
            `objectives`, `space`, `control`, `members`.

    Returns:
        The run.

    Raises:
        UsageError: something asked for is unknown or out of range.
        DataError: the data cannot be used.
        InterruptedRunError: Ctrl-C; `resume` goes on.
        MinasError: the machine failed (a full disk, say); what was finished is kept.
    """
    _known(options)
    given = {"flops": max_flops, "params": max_params}
    limits = {**options.pop("limits", {}), **{name: value for name, value in given.items() if value is not None}}
    request = Request(domain=domain, trials=trials, time=time, limits=limits, **options)
    with _data_path(data, out, domain) as (path, out_path):
        import dataclasses

        request = dataclasses.replace(request, data=path)
        found, task, source = load_task(request)
        configuration, space = configuration_of(request, found, task, source)
        folder = out_path or run_folder.create(out, domain=domain)
    with run_folder.lock(folder):
        configuration.write(folder)
        if started is not None:
            started(folder)
        _sitting(folder, configuration, space, listener)
    return open_run(folder)


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
        time: give the run this much time in all, in place of what it had.

    Raises:
        UsageError: it is no run folder, or another process works on it.
    """
    import dataclasses

    from minas.api.work import work_of
    from minas.evaluation.work import open_space
    from minas.evolution.clock import parse_time

    folder = run_folder.existing(path)
    with run_folder.lock(folder):
        configuration = read(folder)
        settings = configuration.settings
        if workers is not None:
            settings = dataclasses.replace(settings, workers=workers)
        if time is not None:
            if settings.seconds is None:
                raise UsageError(f"{folder} is a run of {settings.trials} trials, without a clock: leave --time out")
            settings = dataclasses.replace(settings, seconds=parse_time(time))
        configuration = dataclasses.replace(configuration, settings=settings)
        _check_versions(configuration, folder)
        space = open_space(work_of(configuration, None).space, str(folder / run_folder.CONFIGURATION))
        configuration.write(folder)
        _sitting(folder, configuration, space, listener)
    return open_run(folder)


def _known(options: Mapping[str, Any]) -> None:
    from minas.errors import nearest

    for name in options:
        if name not in Request.__dataclass_fields__:
            raise UsageError(f"search() has no option '{name}'{nearest(name, Request.__dataclass_fields__)}")


@contextlib.contextmanager
def _data_path(data: Any, out: str | os.PathLike[str] | None, domain: str) -> Iterator[tuple[str | None, Path | None]]:
    """Give the path of the data; arrays are first written into the run's folder, where every worker can read them."""
    if data is None or isinstance(data, str | os.PathLike):
        yield (None if data is None else os.fspath(data)), None
        return
    from minas.data import arrays

    folder = run_folder.create(out, domain=domain)
    yield arrays.store(data, folder / "data").path, folder


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


def _sitting(folder: Path, configuration: RunConfiguration, space: Space, listener: Listener | None) -> None:
    """Do whatever of a run is left to do."""
    from minas.api.phases import run_phases
    from minas.api.work import work_of
    from minas.engines import ENGINES

    heard = listener or (lambda progress: None)
    heard(Progress(phase="starting", left=configuration.settings.seconds))
    settings = configuration.settings
    with Store(folder / run_folder.DATABASE) as store:
        if store.fact("finished"):
            return
        clock = Clock(settings.seconds, spent_before=float(store.fact("spent", 0.0)))
        engine = ENGINES.get(settings.engine).start(work_of(configuration, folder).to_json(), settings.workers)
        session = Session(
            folder=folder,
            configuration=configuration,
            store=store,
            engine=engine,
            space=space,
            epochs=int(configuration.search_space["training"]["epochs"]),
            clock=clock,
            listener=heard,
        )
        try:
            run_phases(session)
        except KeyboardInterrupt:
            raise InterruptedRunError(
                f"stopped; what was finished is kept. Go on with: minas search --resume {folder}"
            ) from None
        finally:
            engine.close()
            with contextlib.suppress(MinasError):
                store.put_fact("spent", clock.spent())
