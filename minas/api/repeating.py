"""The command that repeats a run's trials and front to the bit."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from minas import config, objectives, spaces
from minas.api.table_search import listed
from minas.api.work import source_of
from minas.domains import DOMAINS
from minas.measures import MEASURES
from minas.run.configuration import RunConfiguration
from minas.run.folder import write_atomically
from minas.spaces import table
from minas.training.settings import TrainingSettings

if TYPE_CHECKING:
    from minas.api.run import Run

SPACE, OBJECTIVES = "search_space.toml", "objectives.toml"
"""What a run's folder keeps of a user's own files, so that the command holds when they change."""


def repeat_command(run: Run) -> str | None:
    """Return the command that repeats a run on the same kind of machine, or None where no trial was told.

    A user's own search space and objective set are written into the run's folder, and named there.

    Raises:
        MinasError: the folder cannot be written.
    """
    count = run.fact("search_ended") or len(run.told)
    if not count:
        return None
    settings = run.configuration.settings
    trained = spaces.of_networks(run.configuration.search_space)
    own = _of_training(run) if trained else _of_table(run)
    options: dict[str, Any] = {
        "trials": count,
        "seed": settings.seed,
        "population": settings.population,
        "window": settings.window,
        **own,
    }
    parts = [text for name, value in options.items() if value is not None for text in (f"--{name}", _typed(value))]
    domain = [run.configuration.domain] if trained else []
    return shlex.join(["minas", "search", *domain, *parts, *(["--control"] if settings.control else [])])


def _of_table(run: Run) -> dict[str, Any]:
    """Return the options of a search of a table: the file, and which of its columns are what."""
    found = run.configuration.search_space[table.NAME]
    return {
        "space": f"{table.NAME}:{found['file']}",
        "code": found["code"],
        "objectives": listed(found["objectives"]),
        "classes": found.get("classes"),
    }


def _of_training(run: Run) -> dict[str, Any]:
    """Return the options of a search that trains networks."""
    training = run.configuration.search_space["training"]
    return {
        "lambda": training["lambda"],
        "epochs": training["epochs"],
        "class-weights": _beside_the_own(run.configuration, "class_weights"),
        "vectors": _beside_the_own(run.configuration, "vectors"),
        "data": source_of(run.configuration, run.path).path,
        "image-size": run.configuration.data.image_size,
        "preprocessing": run.configuration.data.preprocessing,
        **_limits(run),
        **_confirmation(run),
        **_own_files(run),
    }


def _beside_the_own(configuration: RunConfiguration, name: str) -> str | None:
    """Return what a run's training has for a setting that is `none` by default, where it is not the domain's own."""
    domain = DOMAINS.get(configuration.domain)
    own, here = (
        space.get("training", {}).get(name, "none")
        for space in (spaces.read(domain.space, domain.name).values, configuration.search_space)
    )
    return None if here == own else str(here)


def _limits(run: Run) -> dict[str, Any]:
    """Return options for those limits that are not the space's own."""
    configuration = run.configuration
    space = spaces.open_space(config.parse(config.dumps(dict(configuration.search_space)), source="search_space"))
    own = space.limits(configuration.task.shape)
    return {f"max-{name}": value for name, value in configuration.settings.limits.items() if own.get(name) != value}


def _confirmation(run: Run) -> dict[str, Any]:
    """Return the confirmation's options: what its plan came to, whatever the clock then allowed."""
    plan = run.fact("confirmation_plan")
    if plan is None:
        return {}
    return {
        "members": len(plan["members"]),
        "confirmation-epochs": plan["epochs"],
        "confirmation-seeds": plan["seeds"],
    }


def _own_files(run: Run) -> dict[str, Any]:
    """Return options for files that are not the shipped defaults, written into the run's folder first."""
    found: dict[str, Any] = {}
    if not _is_shipped_space(run.configuration):
        write_atomically(run.path / SPACE, config.dumps(dict(run.configuration.search_space)))
        found["space"] = run.path / SPACE
    usual = objectives.load(DOMAINS.get(run.configuration.domain).objectives, MEASURES.names())
    if not _same(usual, run.configuration.objectives, run.configuration.task.name):
        write_atomically(run.path / OBJECTIVES, config.dumps(run.configuration.objectives))
        found["objectives"] = run.path / OBJECTIVES
    return found


def _same(one: objectives.ObjectiveSet, other: objectives.ObjectiveSet, task: str) -> bool:
    """Tell whether two objective sets mean the same for a task; other tasks' bounds are of no concern."""
    return replace(one, bounds={}) == replace(other, bounds={}) and one.bounds.get(task) == other.bounds.get(task)


def _is_shipped_space(configuration: RunConfiguration) -> bool:
    """Tell whether a run's search space is its domain's own; what the command says by options aside."""
    domain = DOMAINS.get(configuration.domain)
    return _bare(spaces.read(domain.space, domain.name).values) == _bare(configuration.search_space)


def _bare(space: Any) -> dict[str, Any]:
    """Return a space's values without what the command says by options; what its training leaves out has its default."""
    given = config.Document(source="", text="", values={"training": dict(space.get("training", {}))})
    training = config.plain(given.section("training", TrainingSettings))
    for aside in ("epochs", "lambda", "class_weights", "vectors"):
        training.pop(aside)
    return {**config.plain(dict(space)), "training": training, "confirmation": None}


def _typed(value: Any) -> str:
    """Return a value as the command line reads it back without loss."""
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() else repr(value)
    return str(value)
