"""A run's plots: gathers what they are drawn from, and writes them to files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minas import spaces
from minas.analysis.subjects import ArchitectureSubject, RunSubject
from minas.analysis.topology import Place
from minas.api.run import FACTS
from minas.errors import UsageError
from minas.graph import architecture as graphs
from minas.plots import SHELF, Plot, check_ending, save

if TYPE_CHECKING:
    from minas.api.front import Member
    from minas.api.run import Run


def run_subject(run: Run) -> RunSubject:
    """Return what plots of a run are drawn from."""
    return RunSubject(
        name=run.name,
        configuration=run.configuration,
        units=run.units,
        front=run.front.analysis,
        trials=run.trials,
        told=run.told,
        control=run.control,
        baselines=run.baseline_trials,
        confirmation=run.confirmation,
        lines=run.lines,
        facts={name: run.fact(name) for name in FACTS},
    )


def architecture_subject(member: Member, *, say: Callable[[str], None] = lambda text: None) -> ArchitectureSubject:
    """Return what plots of an architecture are drawn from, with each node's action where its trained weights are at hand.

    Args:
        member: the architecture.
        say: told why no action is at hand, and what helps.

    Raises:
        UsageError: it is no graph of MINAS.
    """
    member.run.check_networks(member.id)
    if member.architecture is None:
        raise UsageError(f"{member.id} is no architecture of the search space: it cannot be drawn")
    kind = spaces.kind_of(member.run.configuration.search_space)
    if kind != spaces.USUAL:
        raise UsageError(f"{member.id} is an architecture of the {kind} space and no graph of MINAS: it cannot be drawn")
    return ArchitectureSubject(
        run=member.run.name,
        id=member.id,
        labels=member.labels,
        architecture=graphs.load(dict(member.architecture)),
        task=member.run.configuration.task,
        measures=member.measures,
        action=_action(member, say),
    )


def plot_run(run: Run, kind: str, path: Path) -> Path:
    """Draw a run into a file.

    Args:
        run: the run.
        kind: a plot of the shelf that is of a run, such as `front`.
        path: a PNG, SVG or PDF file, by its ending.

    Raises:
        UsageError: no such plot, another ending, or nothing to draw.
    """
    plot, path = _plot(kind, RunSubject), check_ending(path)
    return save(plot.figure(run_subject(run)), path)


def plot_architecture(
    member: Member, path: Path, *, kind: str = "architecture", say: Callable[[str], None] = lambda text: None
) -> Path:
    """Draw one architecture into a file.

    Args:
        member: the architecture.
        path: a PNG, SVG or PDF file, by its ending.
        kind: a plot of the shelf that is of an architecture.
        say: told why the action of its nodes is not at hand, where it is not.

    Raises:
        UsageError: no such plot, another ending, or an architecture that is no graph of MINAS.
    """
    plot, path = _plot(kind, ArchitectureSubject), check_ending(path)
    return save(plot.figure(architecture_subject(member, say=say)), path)


def _plot(kind: str, of: type) -> Plot[Any, Any]:
    """Return a plot, if it is of what is to be drawn."""
    plot = SHELF.get(kind)
    if plot.of is of:
        return plot
    if of is RunSubject:
        raise UsageError(
            f"the plot '{kind}' is of one architecture: name it with --architecture knee, accurate, frugal or an id"
        )
    fitting = [name for name, other in SHELF.all().items() if other.of is of]
    raise UsageError(
        f"the plot '{kind}' is of a whole run, so it takes no --architecture; plots that do: {', '.join(fitting)}"
    )


def _action(member: Member, say: Callable[[str], None]) -> dict[Place, float] | None:
    """Return each node's action on validation samples, or None where weights or samples are not at hand."""
    from minas.api.networks import node_actions

    try:
        return node_actions(member)
    except UsageError as error:
        say(f"drawn without the action of its nodes: {error}")
        return None
