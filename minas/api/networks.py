"""Trained networks of a run: read back from its weights, and handed over."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor, nn

from minas import spaces
from minas.action.masks import other_than
from minas.action.meter import ActionMeter
from minas.api.work import space_of, task_of
from minas.errors import MinasError, UsageError, naming
from minas.exports import EXPORTS, Content
from minas.graph.kinds import padding_of
from minas.graph.prediction import Place
from minas.run import configuration
from minas.run.folder import DATABASE, weights_path
from minas.trial import Trial

if TYPE_CHECKING:
    from minas.api.front import Member
    from minas.api.run import Run
    from minas.spaces import Architecture, Space


def trained_network(run: Run, trial: Trial) -> nn.Module:
    """Return the network of a trial with its trained weights, in eval mode.

    Raises:
        UsageError: its weights were not kept, or its architecture is none.
        MinasError: its weights are damaged, or those of another architecture.
    """
    run.check_networks(trial.id)
    path = weights_path(run.path, trial.candidate.role, trial.number)
    if not path.is_file() and trial.candidate.key in run.front.by_key:
        raise UsageError(f"{path} is missing: {trial.id} is on the front, so its weights were kept; somebody moved them")
    if not path.is_file():
        raise UsageError(
            f"the weights of {trial.id} were not kept (of dominated trials they are not): "
            f"name a member of the front, see minas front {run.path}"
        )
    space, architecture = _architecture(run, trial)
    state = _state(path, trial, _expected(run, trial, space, architecture))
    with naming(run.path / DATABASE):
        network = space.build(architecture, run.configuration.task, 0)
    network.load_state_dict(state)
    return network.eval()


def _architecture(run: Run, trial: Trial) -> tuple[Space, Architecture]:
    """Return a trial's space and architecture, which may come from a stranger's store."""
    if trial.candidate.architecture is None:
        raise UsageError(f"{trial.id} is no architecture of the search space, so there is nothing to build it from")
    space = space_of(run.configuration, run.path)
    with naming(run.path / DATABASE):
        return space, space.load(trial.candidate.architecture)


def _expected(run: Run, trial: Trial, space: Space, architecture: Architecture) -> dict[str, Tensor]:
    """Return the state dict that an architecture's network has, without memory behind its tensors: widths may be huge.

    A foreign space's own code need not do without that memory.
    """
    own = spaces.kind_of(run.configuration.search_space) == spaces.USUAL
    try:
        with naming(run.path / DATABASE), torch.device("meta") if own else nullcontext():
            return space.build(architecture, run.configuration.task, 0).state_dict()
    except (RuntimeError, OverflowError, TypeError) as error:
        raise UsageError(f"{run.path / DATABASE}: no network can be built of {trial.id}: {error}") from error


def _state(path: Path, trial: Trial, expected: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights of a file once its header has said that they are those of the architecture.

    Raises:
        MinasError: the file is damaged, or its tensors are not those that are expected.
    """
    try:
        with safe_open(path, framework="pt") as file:
            shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118 - no mapping
        wrong = _difference(shapes, {name: tuple(tensor.shape) for name, tensor in expected.items()})
        if wrong is None:
            state: dict[str, Tensor] = load_file(path)
            wrong = _difference(
                {name: tensor.dtype for name, tensor in state.items()},
                {name: tensor.dtype for name, tensor in expected.items()},
            )
    except (SafetensorError, RuntimeError, OSError, TypeError, ValueError, KeyError) as error:
        wrong = str(error)
    if wrong is not None:
        raise MinasError(f"{path} does not hold the weights of {trial.id}: {wrong}")
    return state


def _difference(given: Mapping[str, object], expected: Mapping[str, object]) -> str | None:
    """Return the first tensor, by name, of which something else is given than expected."""
    for name in sorted({*given, *expected}):
        if given.get(name) != expected.get(name):
            return f"the tensor {name[:60]!r} is {given.get(name, 'missing')}; expected {expected.get(name, 'none')}"
    return None


def export_member(member: Member, folder: Path, *, force: bool, form: str = "pytorch") -> Path:
    """Write a member's network to a folder and check it there; see `Member.export`."""
    run, trial = member.run, member.chosen
    run.check_networks(member.id)
    if spaces.kind_of(run.configuration.search_space) != spaces.USUAL:
        raise UsageError(
            f"{member.id} is a network of {_space_name(run)}, whose own code builds it, so there is no source to export; take "
            "its nn.Module from .network() in Python"
        )
    network = trained_network(run, trial)
    content = Content(
        architecture=_architecture(run, trial)[1],
        state=network.state_dict(),
        shape=run.configuration.task.shape,
        classes=run.configuration.task.classes,
        preprocessing=run.fact("preprocessing") or task_of(run.configuration, run.path).preprocessing,
        measures=trial.measures,
        provenance={
            "run": run.name,
            "domain": run.configuration.domain,
            "task": run.configuration.task.name,
            "digest": run.configuration.task.digest,
            "architecture": member.id,
            "labels": list(member.labels),
            "trained": f"{trial.candidate.role}, {trial.candidate.epochs} epochs",
            "seed": trial.candidate.seed,
            "versions": configuration.versions(),
        },
    )
    EXPORTS.get(form).write(content, folder, force)
    return folder


def _space_name(run: Run) -> str:
    return f"the {spaces.kind_of(run.configuration.search_space)} space {space_of(run.configuration, run.path).name}"


def node_actions(member: Member, samples: int = 256) -> dict[Place, float]:
    """Return the action of each of a member's nodes on validation samples; see `place_actions`.

    Args:
        member: whose network is metered.
        samples: how many validation samples are looked at.

    Raises:
        UsageError: the weights were not kept.
    """
    network = trained_network(member.run, member.chosen)
    task = task_of(member.run.configuration, member.run.path)
    return place_actions(network, torch.from_numpy(task.validation.inputs[:samples]), padding=padding_of(task.kind))


def place_actions(network: nn.Module, inputs: Tensor, *, padding: int | None = None) -> dict[Place, float]:
    """Meter a network once, and return each node's part of the action: the sum over all of them is the network's.

    A node has the steps of its own operator, and those that merge the states that it takes. A step that reaches over several
    nodes, such as a linear operator in one and the normalisation in the next, counts whole where its linear operator is.

    Args:
        network: a `Network`, in eval mode.
        inputs: samples, of shape (batch, *shape).
        padding: what fills them behind their last position, or None.

    Returns:
        Place to action: (stage, node), both from 0; the stem is (-1, 0), the head (number of stages, 0). An operator that
        changes no state has 0.
    """
    with torch.no_grad(), ActionMeter(network, mask=other_than(padding), steps=True) as meter:
        network(inputs)
    names = [name for name, _ in network.named_children()]
    stages = 1 + max(int(found[1]) for found in map(_NODE.fullmatch, names) if found)
    actions = {_place(name, stages): 0.0 for name in names}
    for row in meter.table():
        actions[_place(row.parts[0], stages)] += row.action
    return actions


_NODE = re.compile(r"stage(\d+)_node(\d+)")


def _place(name: str, stages: int) -> Place:
    found = _NODE.fullmatch(name)
    if found is not None:
        return int(found[1]), int(found[2])
    return (-1, 0) if name == "stem" else (stages, 0)
