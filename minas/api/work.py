"""A run's work, as engines and readers of networks need it, from its configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from minas import config, spaces
from minas.errors import ConfigError, UsageError, naming, nearest
from minas.run.configuration import RunConfiguration
from minas.run.folder import CONFIGURATION

if TYPE_CHECKING:
    from minas.data.task import DataSource, Task
    from minas.evaluation.work import Work
    from minas.spaces import Space
    from minas.training.settings import TrainingSettings


def work_of(configuration: RunConfiguration, folder: Path | None) -> Work:
    """Return what every candidate of a run shares.

    Args:
        configuration: the run's configuration.
        folder: the run's folder, where weights go; None keeps none.

    Raises:
        UsageError: the configuration says of the data what no run writes.
    """
    from minas.evaluation.work import Work

    space = dict(configuration.search_space)
    return Work(
        domain=configuration.domain,
        source=asdict(source_of(configuration, folder)),
        space=config.dumps(space),
        space_source="the run's search_space",
        training=space.get("training", {}),
        measures=configuration.measures,
        limits=dict(configuration.settings.limits),
        folder=None if folder is None else str(folder.resolve()),
    )


def work_text(configuration: RunConfiguration, folder: Path | None) -> str:
    """Return a run's work as JSON, as the evaluator of its space takes it: `work_of`, where networks are trained."""
    if spaces.of_networks(configuration.search_space):
        return work_of(configuration, folder).to_json()
    from minas.evaluation import lookup

    return lookup.work(config.dumps(dict(configuration.search_space)), "the run's search_space")


def source_of(configuration: RunConfiguration, folder: Path | None) -> DataSource:
    """Return where a run's data come from; what was kept in the run's folder is found there, wherever the folder is now.

    Args:
        configuration: the run's configuration.
        folder: the run's folder, or None for one whose data lie elsewhere.

    Raises:
        UsageError: the configuration says what no run writes.
    """
    from minas.data.task import DataSource

    data, place = configuration.data, folder or Path()
    with naming(place / CONFIGURATION):
        path = None if data.path is None else str(place / data.path)
        return DataSource(**{**asdict(data), "path": path})


def space_of(configuration: RunConfiguration, folder: Path) -> Space:
    """Return the space that a run searches.

    Raises:
        UsageError: the configuration does not describe one.
    """
    path = folder / CONFIGURATION
    with naming(path):
        text = config.dumps(dict(configuration.search_space))
        return spaces.open_space(config.parse(text, source=f"{path}, its search_space as a file of its own"))


def training_of(configuration: RunConfiguration, folder: Path) -> TrainingSettings:
    """Return how a run trains.

    Raises:
        UsageError: the configuration does not say it.
    """
    from minas.action.loss import FUNCTIONALS
    from minas.evaluation.work import training_settings

    training = configuration.search_space.get("training")
    with naming(folder / CONFIGURATION):
        if not isinstance(training, Mapping) or "epochs" not in training or "lambda" not in training:
            raise ConfigError("search_space.training must be a table with epochs, lambda and what else trains a network")
        settings = training_settings(training)
        if settings.functional not in FUNCTIONALS:
            raise ConfigError(f"no functional named '{settings.functional}'{nearest(settings.functional, FUNCTIONALS)}")
    return settings


def task_of(configuration: RunConfiguration, folder: Path) -> Task:
    """Return a run's task, loaded again.

    Args:
        configuration: the run's configuration.
        folder: the run's folder.

    Raises:
        DataError: the data cannot be used any more.
        UsageError: they are not what the run was made with.
    """
    from minas.domains import DOMAINS

    if not spaces.of_networks(configuration.search_space):
        raise UsageError(f"{folder} is the search of a table, which has no data to train or test on")
    with naming(folder / CONFIGURATION):
        domain = DOMAINS.get(configuration.domain)
    task = domain.load(source_of(configuration, folder))
    if task.digest != configuration.task.digest:
        raise UsageError(f"the data of {task.source} have changed since the run {folder} was made: its networks know others")
    return task
