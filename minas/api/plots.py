"""A run's plots, from its figures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from minas.analysis import pictures, topology
from minas.errors import UsageError
from minas.graph import architecture as graphs
from minas.plots import SHELF, check_ending, save

if TYPE_CHECKING:
    from minas.api.front import Member
    from minas.api.run import Run

OF_A_RUN = ("front", "hypervolume")


def plot_run(run: Run, kind: str, path: Path) -> Path:
    """Draw one of a run's plots into a file.

    Args:
        run: the run.
        kind: `front` or `hypervolume`.
        path: a PNG, SVG or PDF file, by its ending.

    Raises:
        UsageError: another ending, or nothing to draw.
    """
    path = check_ending(path)
    return save(SHELF.get(kind).draw(_picture(run, kind)), path)


def plot_architecture(member: Member, path: Path) -> Path:
    """Draw an architecture with FLOPs on its nodes, and with each one's action where its trained weights are at hand.

    Raises:
        UsageError: another ending, or an architecture that is no graph of MINAS.
    """
    path = check_ending(path)
    facts = member.run.configuration.task
    if member.architecture is None:
        raise UsageError(f"{member.id} is no architecture of the search space: it cannot be drawn")
    picture = topology.architecture_picture(
        graphs.load(dict(member.architecture)),
        shape=facts.shape,
        classes=len(facts.classes),
        title=f"{member.id} of {member.run.name}" + (f" ({', '.join(member.labels)})" if member.labels else ""),
        action=_action(member),
    )
    return save(SHELF.get("architecture").draw(picture), path)


def _picture(run: Run, kind: str) -> Any:
    front = run.front.analysis
    title = pictures.title(run=run.name, task=run.configuration.task.name, trials=len(run.told), front=front)
    if kind == "hypervolume":
        return pictures.hypervolume_picture(
            run.told,
            run.configuration.objectives,
            run.bounds,
            title=title,
            control=run.control,
            population=run.configuration.settings.population,
        )
    return pictures.front_picture(
        front,
        run.told,
        title=title,
        units=run.units,
        control=run.control,
        baselines=run.baseline_trials,
        confirmation=run.confirmation,
    )


def _action(member: Member) -> dict[topology.Place, float] | None:
    """Return each node's action on validation samples, or None where the weights were not kept."""
    from minas.api.networks import node_actions

    try:
        return node_actions(member)
    except UsageError:
        return None
