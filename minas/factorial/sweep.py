"""A sweep over lambda as a study's design: one task, one way to train, a few networks, weights as they stand in the loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from minas import baselines
from minas.analysis.pictures import WITHOUT_ACTION
from minas.errors import UsageError, nearest
from minas.factorial.design import REFERENCE, FamilyDesign, StrategyDesign, StudyDesign, TaskDesign
from minas.training.settings import Optimizer

LAMBDAS = (0.0, 1e-5, 1e-4, 1e-3, 1e-2)
"""The paper's grid."""

SEEDS = 10
"""How often the paper trained each."""

FUNCTIONALS = {"activation": "activation_energy", "action": "action"}
"""What a sweep may put into the loss, as users say it: the paper's energy, and the action."""

USUAL = {"vision": "MLP"}
"""Domain to the network that is swept where none is named, the paper's own; elsewhere the first conventional baseline."""

MOST_EPOCHS = 10
"""Passes over the training samples, where a front's confirmation has more: a sweep is many trainings."""


def sweep_design(
    task: TaskDesign,
    *,
    architectures: Sequence[str] = (),
    lambdas: Sequence[float] = LAMBDAS,
    functionals: Sequence[str] = ("activation",),
    repeats: int = SEEDS,
    optimizer: Optimizer = "adamw",
    learning_rate: float | None = None,
) -> StudyDesign:
    """Return a sweep as a study's design.

    All lambdas and functionals share the seeds, so that their differences pair, and lambda 0 is trained once for all
    functionals; it is always there, since everything is compared with it.

    Args:
        task: what is trained for, and for how long.
        architectures: names of the domain's baselines, or members of a front as RUN:ID, a run's folder (or `reference`) with
            an id or label; the domain's usual baseline by default.
        lambdas: weights of the functional in the loss.
        functionals: of `FUNCTIONALS`.
        repeats: seeds for each.
        optimizer: the search space's.
        learning_rate: the schedule's peak; the search space's by default.

    Raises:
        UsageError: a baseline or functional is unknown, a lambda is below 0 or the only one, there are no seeds, or the
            learning rate is not above 0.
    """
    if learning_rate is not None and not 0 < learning_rate < float("inf"):
        raise UsageError(f"learning-rate must be above 0, not {learning_rate:g}: such as --learning-rate 1e-3")
    if repeats < 1:
        raise UsageError(f"seeds must be at least 1, not {repeats}")
    return StudyDesign(
        description=f"a sweep over lambda in the domain {task.domain}",
        seeds=repeats,
        lambdas=_lambdas(lambdas),
        lambda_scale="absolute",
        functionals=_functionals(functionals),
        tasks=(task,),
        strategies=(StrategyDesign(name="usual", optimizer=optimizer, learning_rate=learning_rate),),
        families=_families(task.domain, architectures),
    )


def _lambdas(given: Sequence[float]) -> tuple[float, ...]:
    for value in given:
        if not 0 <= value < float("inf"):
            raise UsageError(f"lambda must be at least 0, not {value:g}: give weights such as --lambda 1e-4")
    found = tuple(sorted({0.0, *map(float, given)}))
    if len(found) < 2:
        raise UsageError("a sweep over lambda 0 alone has nothing to compare: give weights such as --lambda 1e-4")
    return found


def _functionals(given: Sequence[str]) -> tuple[str, ...]:
    for name in given:
        if name not in FUNCTIONALS:
            raise UsageError(f"no functional of a sweep named '{name}'{nearest(name, FUNCTIONALS)}")
    return tuple(dict.fromkeys(FUNCTIONALS[name] for name in given or ("activation",)))


def _families(domain: str, given: Sequence[str]) -> Mapping[str, FamilyDesign]:
    """Return the families of the networks that are named: each baseline's own, and one for each front."""
    known = baselines.of_domain(domain, variants=True)
    found: dict[tuple[str, str], list[str]] = {}
    for name in dict.fromkeys(given or (usual_architecture(domain),)):
        run, colon, member = name.rpartition(":")
        if colon and run and name not in known:
            found.setdefault(("front", run), []).append(member)
        else:
            found.setdefault((_family_of(domain, name), ""), []).append(name)
    families: dict[str, FamilyDesign] = {}
    for (family, run), names in found.items():
        if not run:
            families[family] = FamilyDesign(names=tuple(names), instances=len(names))
            continue
        several = f"front {Path(run).name}" if "front" in families else "front"
        where = REFERENCE if run == REFERENCE else str(Path(run).expanduser().resolve())
        families[several] = FamilyDesign(source="front", front=where, names=tuple(names), instances=len(names))
    return families


def _family_of(domain: str, name: str) -> str:
    baseline = baselines.find(domain, name)
    if not baseline.action:
        raise UsageError(
            f"'{name}' is trained by cross-entropy alone, whatever lambda is: sweep '{name.removesuffix(WITHOUT_ACTION)}', "
            "whose lambda 0 is the same"
        )
    return baseline.family


def usual_architecture(domain: str) -> str:
    """Return the name of the network that is swept where none is named.

    Raises:
        UsageError: the domain has no baselines.
    """
    name = USUAL.get(domain) or next(iter(baselines.instances(domain, "conventional")), None)
    if name is None:
        raise UsageError(f"the domain {domain} has no baselines to sweep")
    return name
