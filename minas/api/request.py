"""From what a user asks for to a run's whole configuration."""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

import numpy as np

from minas import config, objectives, seeds, spaces
from minas.domains import DOMAINS, Domain
from minas.engines import checked_options
from minas.errors import ConfigError, UsageError, nearest
from minas.evolution.clock import parse_time
from minas.measures import MEASURES, known_before_training
from minas.run.configuration import DataFacts, RunConfiguration, Settings, TaskFacts, machine, versions
from minas.training.settings import ClassWeights, ConfirmationSettings, TrainingSettings, Vectors

if TYPE_CHECKING:
    from minas.data.task import DataSource, Task
    from minas.spaces import Space


@dataclasses.dataclass(frozen=True, kw_only=True)
class Request:
    """What a user asks for; None is the default of the domain, the search space's file or the machine.

    Attributes:
        domain: name of the domain.
        data: a path, or None for the domain's default data.
        image_size: side in pixels to which images are resized.
        preprocessing: what is done to signals: `standardise=trial,band=8-30`, or a mapping of such names to values.
        space: name or TOML file of the search space, or KIND:REST for one of another kind.
        objectives: name or TOML file of the objective set.
        columns: of a table, the columns to minimise.
        code: of a table, the column of the architectures' codes.
        classes: of a table, the column of classes of equivalent architectures.
        trials: number of trials.
        time: span of time, as `5m` or in seconds.
        population: size of NSGA-II's population.
        window: trials in flight.
        seed: the run's seed.
        workers: worker processes.
        engine: name of the engine.
        engine_options: what is said of it, by the names of its options.
        lambda_: weight of the action in the loss.
        epochs: passes over the training samples in a brief training.
        class_weights: `balanced` or `none`.
        vectors: `naive_bayes`, `glove` or `none`: what the rows of a text's words start from.
        control: evaluate random architectures beside the search.
        members: how many members of the front to confirm; 0 for none.
        confirmation_epochs: passes over the training samples in confirmation.
        confirmation_seeds: how often each member is trained in confirmation.
        limits: measure to the largest value that is worth training.
    """

    domain: str = "vision"
    data: str | None = None
    image_size: int | None = None
    preprocessing: str | Mapping[str, Any] | None = None
    space: str | None = None
    objectives: str | None = None
    columns: tuple[str, ...] = ()
    code: str | None = None
    classes: str | None = None
    trials: int | None = None
    time: str | float | None = None
    population: int = 20
    window: int = 8
    seed: int = 0
    workers: int | None = None
    engine: str = "local"
    engine_options: Mapping[str, str] = dataclasses.field(default_factory=dict)
    lambda_: float | None = None
    epochs: int | None = None
    class_weights: str | None = None
    vectors: str | None = None
    control: bool = False
    members: int | None = None
    confirmation_epochs: int | None = None
    confirmation_seeds: int | None = None
    limits: Mapping[str, float] = dataclasses.field(default_factory=dict)


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def search_space(request: Request, domain: Domain) -> tuple[dict[str, Any], Space]:
    """Return the search space's values, with what the user changed in them, and the space.

    Raises:
        UsageError: there is no such space.
        ConfigError: its file is wrong, or it is of another domain.
    """
    document = spaces.read(request.space or domain.space, domain.name)
    space = spaces.open_space(document)
    training = document.section("training", TrainingSettings)
    confirmation = document.section("confirmation", ConfirmationSettings)
    document.finish()
    if space.domain != domain.name:
        raise UsageError(f"the search space {document.source} is of the domain '{space.domain}', not '{domain.name}'")
    if request.lambda_ is not None:
        training = dataclasses.replace(training, lambda_=request.lambda_)
    if request.epochs is not None:
        training = dataclasses.replace(training, epochs=request.epochs)
    if request.class_weights is not None:
        training = dataclasses.replace(training, class_weights=_class_weights(request.class_weights))
    if request.vectors is not None:
        training = dataclasses.replace(training, vectors=_vectors(request.vectors))
    _check_functional(document, training)
    values = {**document.values, "training": config.plain(training), "confirmation": config.plain(confirmation)}
    return values, space


def _class_weights(given: str) -> ClassWeights:
    """Return what a user said of class weights, if there is such a way."""
    for known in get_args(ClassWeights):
        if given == known:
            return cast(ClassWeights, known)
    raise UsageError(f"no class weights named '{given}'{nearest(given, get_args(ClassWeights))}")


def _vectors(given: str) -> Vectors:
    """Return what a user said of words' vectors, if there are such."""
    for known in get_args(Vectors):
        if given == known:
            return cast(Vectors, known)
    raise UsageError(f"no vectors named '{given}'{nearest(given, get_args(Vectors))}")


def _check_vectors(values: Mapping[str, Any], task: Task) -> None:
    """Refuse vectors that can't be had, before any worker meets that; what must be fetched is fetched once, here."""
    from minas.evaluation import vectors

    if values["training"]["vectors"] != "none":
        vectors.available(task, values["training"]["vectors"])


def _folds(wanted: int, task: Task) -> int:
    """Return into how many folds the search cuts a task's samples."""
    if wanted == 1:
        return 1
    from minas.evaluation.folds import possible

    return possible(task, wanted)


def _check_functional(document: config.Document, training: TrainingSettings) -> None:
    """Refuse a functional that training does not know, before any worker meets it."""
    from minas.action.loss import FUNCTIONALS

    if training.functional not in FUNCTIONALS:
        raise ConfigError(
            f"{_where(document, 'functional')}: no functional named '{training.functional}'"
            f"{nearest(training.functional, FUNCTIONALS)}"
        )


def _check_augmentation(request: Request, domain: Domain, task: Task) -> None:
    """Refuse options of the augmentation that the domain does not know, before any worker meets them."""
    document = spaces.read(request.space or domain.space, domain.name)
    training = document.section("training", TrainingSettings)
    try:
        domain.augment(task, training.augmentation)
    except ConfigError as error:
        raise ConfigError(f"{_where(document, 'augmentation')}: {error}") from error


def _check_networks(values: Mapping[str, Any], space: Space, task: Task) -> None:
    """Refuse a foreign space whose networks don't take a task's samples, before any worker meets them."""
    if spaces.kind_of(values) != spaces.USUAL:
        space.build(space.sample(seeds.generator(0, "check")), task, 0)


def _bounds(
    request: Request, values: Mapping[str, Any], chosen: objectives.ObjectiveSet, task: Task
) -> dict[str, objectives.Bounds]:
    """Return the bounds of the hypervolume, where they are known; the shipped ones are those of our own networks."""
    if spaces.kind_of(values) != spaces.USUAL and request.objectives is None:
        return {}
    return dict(chosen.bounds.get(task.name, {}))


def _check_scores(name: str, chosen: objectives.ObjectiveSet) -> None:
    """Refuse to minimise what more of is better."""
    for objective in chosen.objectives:
        if MEASURES.get(objective.measure).score and not objective.maximise:
            raise ConfigError(
                f"the objective set {name}: of '{objective.measure}' more is better; write maximise = true beside it, "
                f"so that 1 - {objective.measure} is minimised"
            )


def _where(document: config.Document, key: str) -> str:
    """Return the file and the line of a key of its `[training]` table."""
    return f"{document.source}, line {document.line(('training', key))}"


def facts_of(task: Task) -> TaskFacts:
    """Return what readers of a run need to know of its task."""
    return TaskFacts(
        name=task.name,
        digest=task.digest,
        shape=task.shape,
        classes=task.classes,
        samples=(len(task.train), len(task.validation), len(task.test)),
        source=task.source,
        majority_error=1.0 - float(np.bincount(task.validation.targets).max()) / len(task.validation),
    )


def configuration_of(request: Request, domain: Domain, task: Task, source: DataSource) -> tuple[RunConfiguration, Space]:
    """Return a run's whole configuration, bounds aside where they must be worked out first.

    Raises:
        UsageError: something asked for is out of range or unknown.
        ConfigError: a search space's or an objective set's file is wrong.
    """
    space_values, space = search_space(request, domain)
    _check_networks(space_values, space, task)
    _check_augmentation(request, domain, task)
    _check_vectors(space_values, task)
    space_values["training"]["folds"] = _folds(space_values["training"]["folds"], task)
    confirmation = config.Document(source="", text="", values=space_values).section("confirmation", ConfirmationSettings)
    chosen = objectives.load(request.objectives or domain.objectives, MEASURES.names())
    _check_scores(request.objectives or domain.objectives, chosen)
    settings = settings_of(request, confirmation, space.limits(task.shape), domain.seconds)
    facts = facts_of(task)
    usual = [name for name, measure in MEASURES.all().items() if not measure.on_request]
    return (
        RunConfiguration(
            domain=domain.name,
            task=facts,
            data=DataFacts(**dataclasses.asdict(source)),
            settings=settings,
            objectives=chosen,
            measures=tuple(dict.fromkeys([*usual, *chosen.measures])),
            search_space=space_values,
            bounds=_bounds(request, space_values, chosen, task),
            versions=versions(),
            machine=machine(),
        ),
        space,
    )


LEAST = {
    "trials": 1,
    "population": 2,
    "window": 1,
    "workers": 1,
    "epochs": 1,
    "members": 0,
    "confirmation_epochs": 1,
    "confirmation_seeds": 1,
    "lambda_": 0,
}
"""What each number that a user may give must reach."""


def check_numbers(values: Mapping[str, float | None]) -> None:
    """Refuse numbers that are too small; None is no number.

    Raises:
        UsageError: one is too small, or not finite.
    """
    for name, least in LEAST.items():
        value = values.get(name)
        if value is not None and not least <= value < math.inf:
            shown = name.removesuffix("_").replace("_", "-")
            raise UsageError(f"{shown} must be at least {least}, not {value}")


def _check_limits(request: Request) -> None:
    known = known_before_training()
    for name, most in request.limits.items():
        if name not in known:
            raise UsageError(f"a limit on '{name}' cannot be checked before training: limits are {', '.join(known)}")
        if most < 1:
            raise UsageError(f"max-{name} must be at least 1, not {most:g}: every network has more than that")


def _check_image_size(request: Request, domain: Domain) -> None:
    if request.image_size is not None and not domain.image_size:
        others = " and ".join(name for name, other in DOMAINS.all().items() if other.image_size)
        raise UsageError(
            f"an image size was given, and the samples of the domain '{domain.name}' have no sides in pixels, as those of "
            f"{others} have; leave it out"
        )


def settings_of(
    request: Request, confirmation: ConfirmationSettings, own_limits: Mapping[str, float], usual: float
) -> Settings:
    """Return how the run searches, `usual` seconds where nothing else is asked for; of two limits the smaller one holds."""
    seconds = None if request.time is None else parse_time(request.time)
    if seconds is None and request.trials is None:
        seconds = usual
    values = {
        "seed": request.seed,
        "trials": request.trials,
        "seconds": seconds,
        "population": request.population,
        "window": request.window,
        "workers": cores() if request.workers is None else request.workers,
        "engine": request.engine,
        "engine_options": checked_options(request.engine, request.engine_options),
        "control": request.control,
        "members": confirmation.members if request.members is None else request.members,
        "confirmation_epochs": request.confirmation_epochs or confirmation.epochs,
        "confirmation_seeds": request.confirmation_seeds or confirmation.seeds,
        "limits": {
            name: min(limits[name] for limits in (request.limits, own_limits) if name in limits)
            for name in (*request.limits, *own_limits)
        },
    }
    document = config.Document(source="settings", text="", values={"settings": config.plain(values)})
    return document.section("settings", Settings)


def load_task(request: Request) -> tuple[Domain, Task, DataSource]:
    """Load the task that a request names.

    Raises:
        UsageError: there is no such domain, a number is out of range, or preprocessing is unknown or not the domain's to set.
        DataError: the data cannot be used.
    """
    from minas.data.task import DataSource
    from minas.data.treatment import text_of

    domain = DOMAINS.get(request.domain)
    check_numbers({name: getattr(request, name) for name in LEAST})
    _check_limits(request)
    _check_image_size(request, domain)
    checked_options(request.engine, request.engine_options)
    if request.time is not None:
        parse_time(request.time)
    path = None if request.data is None else str(Path(request.data).expanduser().resolve())
    if request.preprocessing is not None and not domain.preprocessing:
        settable = ", ".join(name for name, other in DOMAINS.all().items() if other.preprocessing)
        raise UsageError(
            f"the preprocessing of the domain '{domain.name}' can't be set, only that of {settable}; leave it out"
        )
    source = DataSource(path=path, image_size=request.image_size, preprocessing=text_of(request.preprocessing))
    return domain, domain.load(source), source
