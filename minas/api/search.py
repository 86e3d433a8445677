"""The main job: search, confirm, compare, write down."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from minas import spaces
from minas.analysis.quantities import number
from minas.api import table_search
from minas.api.request import Request, check_numbers, configuration_of, load_task
from minas.api.run import Run, open_run
from minas.api.sitting import sit
from minas.domains import DOMAINS
from minas.errors import DataError, UsageError, naming
from minas.evolution.session import Listener, Progress
from minas.run import folder as run_folder
from minas.run.configuration import RunConfiguration, read
from minas.run.store import Store

if TYPE_CHECKING:
    from minas.spaces import Space


def search(
    domain: str | None = None,
    *,
    trials: int | None = None,
    time: str | float | None = None,
    data: Any = None,
    groups: Any = None,
    image_size: int | None = None,
    preprocessing: str | Mapping[str, Any] | None = None,
    objectives: str | os.PathLike[str] | Sequence[str] | None = None,
    space: str | os.PathLike[str] | None = None,
    code: str | None = None,
    classes: str | None = None,
    max_flops: float | str | None = None,
    max_params: float | str | None = None,
    max_activations: float | str | None = None,
    lambda_: float | None = None,
    epochs: int | None = None,
    class_weights: str | None = None,
    vectors: str | None = None,
    control: bool = False,
    population: int = 20,
    window: int = 8,
    seed: int = 0,
    workers: int | None = None,
    engine: str = "local",
    engine_options: Mapping[str, str] | None = None,
    members: int | None = None,
    confirmation_epochs: int | None = None,
    confirmation_seeds: int | None = None,
    out: str | os.PathLike[str] | None = None,
    listener: Listener | None = None,
    started: Callable[[Path], None] | None = None,
    began: float | None = None,
) -> Run:
    """Search a domain's space for networks of little error, action and FLOPs; confirm the front; write all of it to a folder.

    Example:
        `run = minas.search("vision", trials=40, seed=0)`, then `run.front.knee().network()`

    In a script, call it under `if __name__ == "__main__":`, since worker processes read the script again.

    Args:
        domain: name of the domain; vision by default. A table has none.
        trials: number of trials; the same number and seed give the same trials, to the bit, on the same machine.
        time: span of time for search, confirmation and plots, such as `"5m"`, or seconds; 5 minutes, or as
            the domain says, where trials are not given either. A table has 250 trials then.
        data: a path; arrays `(x, y)`; `(train, test)` or `(train, validation, test)` of such pairs; a torch data set may stand
            for a pair. Signals (channels, time) and recordings (time, ...) may be of unequal lengths: shorter signals stay at
            their last values, shorter recordings have no events behind their end. None takes the domain's default data.
        groups: with arrays, whose each sample is (a subject, a user), whole numbers or texts, (samples,): no group is then in
            two parts. Where parts are given apart, a sequence of such arrays, one a part.
        image_size: side, in pixels, to which images are resized.
        preprocessing: what is done to signals, where that is not what is usual for the data: a mapping, or its text as on the
            command line, `"standardise=trial,band=8-30"`. `standardise`: `"channel"`, every channel by its mean and deviation
            over the training samples; `"trial"`, every channel of every sample by its own; or `"none"`. `band`: the lowest and
            highest frequency that a band-pass keeps, in hertz. `rate`: points of time a second, which a band needs, where the
            data don't say it. `points`: to how many points of time samples are brought. `baseline`: over how many points,
            as recorded, a sample's level is taken, and taken away.
        objectives: objective set, by name or as a TOML file; the domain's own by default. Of a table the columns to minimise,
            `NUMBER-COLUMN` for what is taken from a number, such as `["100-accuracy", "flops"]`; the first one is the error.
        space: search space, by name or as a TOML file; the domain's own by default. `"nni:PACKAGE:CLASS"` searches a model
            space of NNI, whose class is imported, as docs/spaces.md says. `"table:FILE"` looks architectures up in a
            table, CSV or gzipped CSV, and trains nothing.
        code: of a table, the column of the architectures' codes, a digit for each gene.
        classes: of a table, the column that says which architectures are equivalent; nothing is then paid twice.
        max_flops: largest number of multiply-accumulates of a sample that is worth training, as a number or as `"200k"`.
        max_params: likewise for parameters.
        max_activations: likewise for outputs of linear operators.
        lambda_: weight of the action in the loss; the search space's own by default, as for `epochs`.
        epochs: passes over the training samples in a brief training.
        class_weights: `"balanced"` lets every class count alike in the loss, however few samples it has; `"none"`, as by
            default, every sample.
        vectors: what the rows of a text's words start from: `"naive_bayes"`, as by default, how much likelier each word is in
            one class of the training samples; `"glove"` GloVe's vectors, which are fetched if need be (76 MB); `"none"` what
            was drawn.
        control: evaluate as many random architectures beside the search.
        population: size of NSGA-II's population.
        window: trials in flight.
        seed: the run's seed.
        workers: worker processes; one for each core by default. The trials don't depend on it.
        engine: name of the engine: where trials are evaluated, which changes nothing in them.
        engine_options: what is said of it, such as `{"address": "tcp://..."}` for dask.
        members: how many members of the front to confirm at most; 0 for none.
        confirmation_epochs: passes over the training samples in confirmation.
        confirmation_seeds: how often each member is trained in confirmation.
        out: the run's folder; a new one under `results` by default.
        listener: hears of progress.
        started: hears of the run's folder once it is made.
        began: when the user's clock began, by `time.monotonic()`; with this call by default.

    Returns:
        The run. Its front is empty where no trial ended in time.

    Raises:
        UsageError: something asked for is unknown or out of range.
        DataError: the data cannot be used.
        InterruptedRunError: Ctrl-C; `resume` goes on.
        MinasError: the machine failed (a full disk, say); what was finished is kept.
    """
    began = monotonic() if began is None else began
    reference = None if space is None else os.fspath(space)
    file = None if reference is None else spaces.looked_up(reference)
    given = {"flops": max_flops, "params": max_params, "activations": max_activations}
    request = Request(
        domain=domain or USUAL,
        image_size=image_size,
        preprocessing=preprocessing,
        space=reference,
        objectives=_objective_set(objectives) if file is None else None,
        columns=() if file is None else table_search.columns(objectives),
        code=code,
        classes=classes,
        trials=trials,
        time=time,
        population=population,
        window=window,
        seed=seed,
        workers=workers,
        engine=engine,
        engine_options=engine_options or {},
        lambda_=lambda_,
        epochs=epochs,
        class_weights=class_weights,
        vectors=vectors,
        control=control,
        members=members,
        confirmation_epochs=confirmation_epochs,
        confirmation_seeds=confirmation_seeds,
        limits={name: number(value, f"max_{name}") for name, value in given.items() if value is not None},
    )
    if file is None:
        _refuse_columns(code, classes)
        folder, (configuration, opened, fitted) = _begun(request, data, groups, out)
    else:
        folder, (configuration, opened, fitted) = _begun_of_table(request, file, (domain, data, groups), out)
    with run_folder.lock(folder):
        configuration.write(folder)
        if started is not None:
            started(folder)
        sit(folder, configuration, opened, listener, began, {"preprocessing": fitted})
    return open_run(folder)


USUAL = "vision"
"""The domain that is searched where none is named."""

Resolved = tuple[RunConfiguration, "Space", Mapping[str, Any]]
"""A run's configuration, its space, and the task's preprocessing."""


KEPT_DATA = "data/data.npz"
"""Where a run's folder keeps data that were given as arrays."""


def _begun(request: Request, data: Any, groups: Any, out: str | os.PathLike[str] | None) -> tuple[Path, Resolved]:
    """Return a new run's folder and all that it needs; no folder is left behind by a request that can't be met."""
    if data is None or isinstance(data, str | os.PathLike):
        if groups is not None:
            raise UsageError(
                "groups go with data given as arrays; in a file they stand beside the samples, such as an array named groups "
                "in an .npz archive"
            )
        found = _resolved(dataclasses.replace(request, data=None if data is None else os.fspath(data)))
        return run_folder.create(out, domain=request.domain), found
    from minas.data import arrays

    theirs = out is not None and Path(os.path.expanduser(out)).is_dir()
    folder = run_folder.create(out, domain=request.domain)
    kept = folder / KEPT_DATA
    try:  # arrays are written into the run's folder, where every worker can read them
        arrays.store(data, kept.parent, groups=groups, behind=DOMAINS.get(request.domain).behind)
        configuration, space, preprocessing = _resolved(dataclasses.replace(request, data=str(kept)))
    except BaseException as error:
        run_folder.discard(folder, [kept], keep=theirs)
        if isinstance(error, DataError):  # the file that it names is gone, and none of the user's
            raise DataError(str(error).replace(str(kept.resolve()), "the data given as arrays")) from None
        raise
    facts = dataclasses.replace(configuration.task, source=KEPT_DATA)
    place = dataclasses.replace(configuration.data, path=KEPT_DATA)  # relative: the run's folder may be moved
    return folder, (dataclasses.replace(configuration, task=facts, data=place), space, preprocessing)


def _begun_of_table(
    request: Request, file: str, unfit: tuple[Any, ...], out: str | os.PathLike[str] | None
) -> tuple[Path, Resolved]:
    """Return the same for a search of a table; a domain, data and groups don't fit one."""
    for name, value in zip(("a domain", "data", "groups"), unfit, strict=True):
        if value is not None:
            raise UsageError(f"a search of a table trains nothing, so {name} can't be given with it; leave {name} out")
    configuration, space = table_search.configuration_of(request, file)
    return run_folder.create(out, domain=configuration.domain), (configuration, space, {})


def _refuse_columns(code: str | None, classes: str | None) -> None:
    for name, given in (("code", code), ("classes", classes)):
        if given is not None:
            raise UsageError(f"--{name} names a column of a table, which goes with --space table:FILE; leave it out")


def _objective_set(given: str | os.PathLike[str] | Sequence[str] | None) -> str | None:
    """Return the name or the file of an objective set."""
    if given is None or isinstance(given, str | os.PathLike):
        return None if given is None else os.fspath(given)
    raise UsageError(
        f"objectives are {list(given)}, and columns go with space='table:FILE'; expected an objective set or its file"
    )


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
    engine: str | None = None,
    engine_options: Mapping[str, str] | None = None,
    began: float | None = None,
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
        engine: where trials are evaluated from now on; they don't depend on it.
        engine_options: what is said of it.
        began: when this sitting began, by `time.monotonic()`; with this call by default.

    Raises:
        UsageError: it is no run folder, another process works on it, or its data have changed.
    """
    from minas.api.work import space_of, task_of

    began = monotonic() if began is None else began
    folder = run_folder.existing(path)
    if _shown(folder, listener):  # without a lock: a finished run may lie where nothing can be written
        return open_run(folder)
    with run_folder.lock(folder):
        if _shown(folder, listener):
            return open_run(folder)
        configuration = _gone_on_with(folder, workers, time, engine, engine_options)
        if configuration.data.path is not None:
            task_of(configuration, folder)
        space = space_of(configuration, folder)
        configuration.write(folder)
        sit(folder, configuration, space, listener, began)
    return open_run(folder)


def _shown(folder: Path, listener: Listener | None) -> bool:
    """Tell whether a run is finished, and say so: then it is only opened, whatever was asked for."""
    path = folder / run_folder.DATABASE
    if not path.is_file():
        return False
    with Store(path, read_only=True) as store:
        finished = bool(store.fact("finished", False))
    if finished and listener is not None:
        listener(Progress(phase="finishing", note=f"{folder} is finished already: there is nothing left to do"))
    return finished


def _gone_on_with(
    folder: Path,
    workers: int | None,
    time: str | float | None,
    engine: str | None,
    engine_options: Mapping[str, str] | None,
) -> RunConfiguration:
    """Return the configuration with which an unfinished run goes on.

    Raises:
        UsageError: it was made with other versions, is damaged, or something asked for is out of range.
    """
    from minas.api.work import training_of
    from minas.engines import checked_options
    from minas.evolution.clock import parse_time

    configuration = read(folder)
    _check_versions(configuration, folder)
    settings = configuration.settings
    if workers is not None:
        check_numbers({"workers": workers})
        settings = dataclasses.replace(settings, workers=workers)
    if time is not None:
        if settings.seconds is None:
            raise UsageError(f"{folder} is a run of {settings.trials} trials, without a clock: leave --time out")
        settings = dataclasses.replace(settings, seconds=parse_time(time))
    if spaces.of_networks(configuration.search_space):
        training_of(configuration, folder)
    if engine is not None or engine_options is not None:
        chosen = settings.engine if engine is None else engine
        before = settings.engine_options if chosen == settings.engine else {}
        options = checked_options(chosen, {**before, **(engine_options or {})})
        settings = dataclasses.replace(settings, engine=chosen, engine_options=options)
    else:
        with naming(folder / run_folder.CONFIGURATION):
            checked_options(settings.engine, settings.engine_options)
    return dataclasses.replace(configuration, settings=settings)


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
