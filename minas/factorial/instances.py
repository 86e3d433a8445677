"""The architectures of a study's families: hand-designed, drawn at random, or members of a front."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from minas import baselines, resources, seeds
from minas.errors import UsageError, naming, nearest
from minas.factorial.design import REFERENCE, FamilyDesign, TaskDesign
from minas.factorial.plan import Instance
from minas.spaces import Architecture, Space
from minas.trial import short_id

FRONT = "front.json"
DRAWS = 1000
"""Random draws for each architecture before a space counts as too small, or its limits as too narrow."""


def instances(
    task: TaskDesign,
    families: Mapping[str, FamilyDesign],
    space: Space,
    *,
    seed: int,
    shape: tuple[int, ...],
    classes: int,
) -> tuple[Instance, ...]:
    """Return the architectures of a task, family after family, none of them twice.

    Args:
        task: the task.
        families: by name.
        space: of the task, for random draws and for keys.
        seed: the study's.
        shape: of one sample.
        classes: how many.

    Raises:
        UsageError: there are fewer than a family asks for.
    """
    found: dict[str, Instance] = {}
    for name, family in families.items():
        if family.source == "baselines":
            new = _baselines(task, name, family)
        elif family.source == "front":
            new = _front(task, name, family, space)
        else:
            new = _random(task, name, family, space, set(found), seed, shape, classes)
        for instance in new:
            if instance.key in found:
                raise UsageError(
                    f"{task.level}: {instance.name} is in the family {found[instance.key].family} and in {name}; "
                    "expected architectures that differ"
                )
            found[instance.key] = instance
    return tuple(found.values())


def _baselines(task: TaskDesign, name: str, family: FamilyDesign) -> list[Instance]:
    chosen = list(family.names) or baselines.instances(task.domain, family.kind)
    if len(chosen) < family.instances and not family.names:
        raise UsageError(
            f"{task.level}: the family {name} is to have {family.instances} instances, and there are {len(chosen)} "
            f"{family.kind} baselines in the domain {task.domain}: {', '.join(chosen)}"
        )
    return [
        Instance(
            family=name,
            name=one,
            key=f"baseline:{one}",
            architecture=baselines.find(task.domain, one).architecture,
            baseline=one,
        )
        for one in (chosen if family.names else chosen[: family.instances])
    ]


def _front(task: TaskDesign, name: str, family: FamilyDesign, space: Space) -> list[Instance]:
    """Return members of a front: those that are named, else confirmed ones first, in the front's order."""
    path = _front_file(task, family)
    with naming(path):
        members = _chosen(_members(path, task.domain), family.names)
        loaded = [space.load(member["architecture"]) for member in members]
    wanted = len(loaded) if family.names else family.instances
    if len(loaded) < wanted:
        raise UsageError(
            f"{task.level}: the family {name} is to have {family.instances} instances, "
            f"and the front in {path} has {len(loaded)}"
        )
    return [_of(name, space, architecture) for architecture in loaded[:wanted]]


def _front_file(task: TaskDesign, family: FamilyDesign) -> Path:
    if family.front == REFERENCE:
        return resources.folder("results") / "reference" / task.domain / FRONT
    given = Path(os.path.expanduser(family.front))
    path = given / FRONT if given.is_dir() else given
    if not path.is_file():
        raise UsageError(f"no front at {given}: expected a run's folder, with its {FRONT}, or '{REFERENCE}'")
    return path


def _members(path: Path, domain: str) -> list[dict[str, Any]]:
    try:
        front = json.loads(path.read_text(encoding="utf-8"))
        theirs, members = front.get("domain", domain), sorted(front["members"], key=lambda member: member["test"] is None)
        for member in members:
            member["architecture"].items(), len(member["id"]), list(member["labels"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError(f"can't be read as a front: {type(error).__name__}: {error}") from None
    if theirs != domain:
        raise UsageError(f"a front of the domain {theirs}, whose networks take no samples of the domain {domain}")
    return members


def _chosen(members: list[dict[str, Any]], names: Sequence[str]) -> list[dict[str, Any]]:
    """Return the members of these ids or labels, such as knee, each once; all where there are no names."""
    if not names:
        return members
    known = {str(name): member for member in members for name in (member["id"], *member["labels"])}
    for name in names:
        if name not in known:
            raise UsageError(f"no member of the front named '{name}'{nearest(name, known)}")
    return list({known[name]["id"]: known[name] for name in names}.values())


def _random(
    task: TaskDesign,
    name: str,
    family: FamilyDesign,
    space: Space,
    taken: set[str],
    seed: int,
    shape: tuple[int, ...],
    classes: int,
) -> list[Instance]:
    """Return draws from the space within its limits, as a search's first architectures are."""
    rng = seeds.generator(seed, "study", "random", task.level, name)
    limits = space.limits(shape)
    found: dict[str, Instance] = {}
    for _ in range(DRAWS * family.instances):
        if len(found) == family.instances:
            break
        architecture = space.sample(rng)
        features = space.features(architecture, shape, classes)
        instance = _of(name, space, architecture)
        within = all(features.get(limit, 0.0) <= most for limit, most in limits.items())
        if within and instance.key not in taken:
            found.setdefault(instance.key, instance)
    if len(found) < family.instances:
        raise UsageError(
            f"{task.level}: the space {space.name} gives {len(found)} random architectures, not {family.instances}"
        )
    return list(found.values())


def _of(family: str, space: Space, architecture: Architecture) -> Instance:
    key = space.key(architecture)
    return Instance(family=family, name=short_id(key), key=key, architecture=space.dump(architecture))
