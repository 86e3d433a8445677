"""Trained networks of a run: read back from its weights, and handed over."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from minas.api.work import task_of, work_of
from minas.errors import MinasError, UsageError
from minas.evaluation.work import open_space
from minas.exports import EXPORTS, Content
from minas.network import build
from minas.run import configuration
from minas.run.folder import weights_path
from minas.trial import Trial

if TYPE_CHECKING:
    from minas.api.front import Member
    from minas.api.run import Run


def trained_network(run: Run, trial: Trial) -> nn.Module:
    """Return the network of a trial with its trained weights, in eval mode.

    Raises:
        UsageError: its weights were not kept.
        MinasError: its weights are damaged.
    """
    path = weights_path(run.path, trial.candidate.role, trial.number)
    if not path.is_file() and trial.candidate.key in run.front.by_key:
        raise UsageError(f"{path} is missing: {trial.id} is on the front, so its weights were kept; somebody moved them")
    if not path.is_file():
        raise UsageError(
            f"the weights of {trial.id} were not kept (of dominated trials they are not): "
            f"name a member of the front, see minas front {run.path}"
        )
    if trial.candidate.architecture is None:
        raise UsageError(f"{trial.id} is no architecture of the search space, so there is nothing to build it from")
    space = open_space(work_of(run.configuration, None).space, "the run's search_space")
    facts = run.configuration.task
    network = build(space.load(trial.candidate.architecture), shape=facts.shape, classes=len(facts.classes), seed=0)
    try:
        network.load_state_dict(load_file(path))
    except (SafetensorError, RuntimeError) as error:
        raise MinasError(f"{path} does not hold the weights of {trial.id}: {error}") from None
    return network.eval()


def export_member(member: Member, folder: Path, *, force: bool, form: str = "pytorch") -> Path:
    """Write a member's network to a folder and check it there; see `Member.export`."""
    run, trial = member.run, member.chosen
    network = trained_network(run, trial)
    space = open_space(work_of(run.configuration, None).space, "the run's search_space")
    assert trial.candidate.architecture is not None
    content = Content(
        architecture=space.load(trial.candidate.architecture),
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


def node_actions(member: Member, samples: int = 256) -> dict[tuple[int, int], float]:
    """Return each node's action on validation samples: (stage, node), both from 0; the head is (number of stages, 0).

    Args:
        member: whose network is metered.
        samples: how many validation samples are looked at.

    Raises:
        UsageError: the weights were not kept.
    """
    import re

    import torch

    from minas.action.meter import ActionMeter

    network = trained_network(member.run, member.chosen)
    inputs = torch.from_numpy(task_of(member.run.configuration, member.run.path).validation.inputs[:samples])
    stages = len((member.architecture or {})["stages"])
    actions: dict[tuple[int, int], float] = {}
    with torch.no_grad():
        for name, module, given in _inputs_of_children(network, inputs):
            with ActionMeter(module) as meter:
                module(given)
            found = re.fullmatch(r"stage(\d+)_node(\d+)", name)
            actions[(int(found[1]), int(found[2])) if found else (stages, 0)] = float(meter.action())
    return actions


def _inputs_of_children(network: nn.Module, inputs: Tensor) -> list[tuple[str, nn.Module, Tensor]]:
    """Run a network and return its children with what each was given: no step of the action reaches over two of them."""
    seen: list[tuple[str, nn.Module, Tensor]] = []
    hooks = [
        module.register_forward_pre_hook(lambda module, args, name=name: seen.append((name, module, args[0])))
        for name, module in network.named_children()
    ]
    try:
        network(inputs)
    finally:
        for hook in hooks:
            hook.remove()
    return seen
