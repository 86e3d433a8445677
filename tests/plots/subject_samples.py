"""A run and an architecture as plain records, for every plot of the shelf."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

import numpy as np

from minas.analysis.front import front_of
from minas.analysis.subjects import ArchitectureSubject, RunSubject
from minas.graph.architecture import Architecture, Node, Stage
from minas.objectives import Bounds, Objective, ObjectiveSet
from minas.run.configuration import DataFacts, RunConfiguration, Settings, TaskFacts
from minas.trial import Candidate, Role, Status, Trial

TASK = TaskFacts(
    name="mnist-5k", digest="0", shape=(1, 28, 28), classes=tuple("0123456789"), samples=(4000, 500, 500), majority_error=0.9
)
CONFIGURATION = RunConfiguration(
    domain="vision",
    task=TASK,
    data=DataFacts(),
    settings=Settings(population=8, control=True),
    objectives=ObjectiveSet(
        name="paper",
        objectives=(
            Objective(measure="error"),
            Objective(measure="action", scale="log"),
            Objective(measure="flops", scale="log"),
        ),
    ),
    measures=("action", "error", "flops"),
    search_space={},
    bounds={
        "error": Bounds(ideal=0.0, reference=0.9),
        "action": Bounds(ideal=10.0, reference=1e4),
        "flops": Bounds(ideal=1e3, reference=1e6),
    },
)


def _trial(role: Role, number: int, key: str, values: Any, **rest: Any) -> Trial:
    baseline = key.removeprefix("baseline:") if role == "baseline" else None
    candidate = Candidate(role=role, number=number, key=key, architecture=None, baseline=baseline, seed=number, epochs=1)
    measures = dict(zip(CONFIGURATION.measures, map(float, values), strict=True))
    if role in ("baseline", "confirmation"):
        measures |= {f"test_{name}": value * 1.02 for name, value in measures.items() if name != "flops"}
    return Trial(candidate=candidate, status=Status.COMPLETE, measures=measures, **rest)


def _random(role: Role, many: int) -> list[Trial]:
    generator = np.random.default_rng(many)
    columns = [
        10 ** generator.uniform(1.5, 4, many),
        generator.uniform(0.02, 0.5, many),
        10 ** generator.uniform(3.5, 6, many),
    ]
    rows = np.stack(columns, axis=1)
    return [
        _trial(role, number, hashlib.sha256(f"{role}{number}".encode()).hexdigest(), row) for number, row in enumerate(rows)
    ]


def run(*, many: int = 30, beside: bool = True) -> RunSubject:
    """Return a run of so many trials, one of them failed; `beside`: with control, confirmation and baselines."""
    trials = _random("search", many)
    if many:
        trials[-1] = dataclasses.replace(trials[-1], status=Status.FAILED, reason="no such kernel", measures={})
    front = front_of(trials, CONFIGURATION.objectives, CONFIGURATION.bounds)
    confirmation = [
        _trial("confirmation", seed, member.key, [member.trial.measures[name] for name in CONFIGURATION.measures])
        for member in front.members[:3]
        for seed in (0, 1)
    ]
    baselines = [_trial("baseline", seed, "baseline:chain_w16", (900 + seed, 0.03, 2e5)) for seed in (0, 1)]
    return RunSubject(
        name="vision-20261124-101500",
        configuration=CONFIGURATION,
        units={"action": "1", "error": "1", "flops": "MAC"},
        front=front,
        trials=trials,
        told=trials,
        control=_random("control", many - 5) if beside else (),
        baselines=baselines if beside else (),
        confirmation=confirmation if beside else (),
        facts={"search_seconds": 12.0, "joules": None},
    )


def architecture(*, action: bool = True) -> ArchitectureSubject:
    """Return an architecture of two stages, with the action of its nodes or without."""
    first = Stage(width=8, stride=2, nodes=(Node(operator="conv3x3"), Node(operator="sep3x3")), edges=((0, 1), (0, 2), (1, 2)))
    second = Stage(width=16, stride=2, nodes=(Node(operator="conv3x3"), Node(operator="maxpool3x3")), edges=((0, 1), (1, 2)))
    places = [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0)]
    return ArchitectureSubject(
        run="vision-20261124-101500",
        id="1a2b3c4d",
        labels=("knee",),
        architecture=Architecture(kind="image", stages=(first, second), head=(("grid", 3),)),
        task=TASK,
        measures={"action": 150.0, "error": 0.03, "flops": 2e5},
        action={place: 10.0 * (number + 1) for number, place in enumerate(places)} if action else None,
    )
