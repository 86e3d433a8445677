"""A run's work, as engines and readers of networks need it, from its configuration."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from minas import config
from minas.errors import UsageError
from minas.run.configuration import RunConfiguration

if TYPE_CHECKING:
    from minas.data.task import Task
    from minas.evaluation.work import Work


def work_of(configuration: RunConfiguration, folder: Path | None) -> Work:
    """Return what every candidate of a run shares.

    Args:
        configuration: the run's configuration.
        folder: where weights go; None keeps none.
    """
    from minas.evaluation.work import Work

    space = dict(configuration.search_space)
    return Work(
        domain=configuration.domain,
        source=dict(configuration.data),
        space=config.dumps(space),
        space_source="the run's search_space",
        training=space.get("training", {}),
        measures=configuration.measures,
        limits=dict(configuration.settings.limits),
        folder=None if folder is None else str(folder.resolve()),
    )


def task_of(configuration: RunConfiguration, folder: Path) -> Task:
    """Return a run's task, loaded again.

    Args:
        configuration: the run's configuration.
        folder: the run's folder, for the error's text.

    Raises:
        DataError: the data cannot be used any more.
        UsageError: they are not what the run was made with.
    """
    from minas.data.task import DataSource
    from minas.domains import DOMAINS

    task = DOMAINS.get(configuration.domain).load(DataSource(**configuration.data))  # type: ignore[arg-type]
    if task.digest != configuration.task.digest:
        raise UsageError(f"the data of {task.source} have changed since the run {folder} was made: its networks know others")
    return task
