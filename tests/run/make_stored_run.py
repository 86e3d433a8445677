"""How `tests/assets/store-N.sql` were made: dumps of stores of schema N, one of a run killed in its confirmation, of a study.

Never made anew: they stand for what a user's disk holds. A new schema gets a new file beside them.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from minas.run.store import Store
from minas.trial import Candidate, Cost, Status, Trial

ASSET = Path(__file__).parents[1] / "assets" / "store-1.sql"
STUDY_ASSET = ASSET.with_name("store-2.sql")


def make(path: Path) -> None:
    with Store(path) as store:
        for number in range(4):
            store.put_candidate(candidate("search", number))
        store.put_trial(trial("search", 0, measures={"error": 0.031, "action": 1.5e3, "rescale_gap": None}))
        store.put_trial(trial("search", 1, status=Status.DIVERGED, reason="the loss was not finite in epoch 2"))
        store.put_trial(trial("search", 3, measures={"error": 0.25}, late=True, attempts=2))
        store.put_candidate(candidate("confirmation", 0))
        store.put_fact("search_told", 2)
        store.put_fact("population", [0, 1])
        store.put_fact("confirmation_plan", {"members": [0], "epochs": 25, "seeds": 3, "expected": 12.5, "note": None})


def make_study(path: Path) -> None:
    """Make the store of schema 2: a study of two cells, one of them trained."""
    with Store(path) as store:
        for number in range(2):
            store.put_candidate(cell(number))
        store.put_trial(Trial(candidate=cell(0), status=Status.COMPLETE, measures={"error": 0.25, "epochs_to_accuracy": None}))


def cell(number: int) -> Candidate:
    return Candidate(
        role="study",
        number=number,
        key="baseline:LeNet-5",
        architecture=None,
        baseline="LeNet-5",
        seed=2**62,
        epochs=8,
        part="test",
        training={"lambda": 0.5 * number, "optimizer": "sgd", "functional": "action"},
        levels={"domain": "vision", "family": "conventional", "lambda": 0.5 * number, "seed": 3},
    )


def candidate(role, number: int) -> Candidate:
    architecture = {"schema": 1, "kind": "image", "stages": [], "head": {"grid": 3}}
    key = f"{number:064x}"
    return Candidate(
        role=role, number=number, key=key, architecture=architecture, seed=2**62 + number, epochs=8, parents=("é",)
    )


def trial(role, number: int, *, status: Status = Status.COMPLETE, **rest) -> Trial:
    cost = Cost(seconds=1.25, training_seconds=1.0, measuring_seconds=0.125, cpu_seconds=1.5, training_macs=3e9)
    reasons = {"rescale_gap": "nothing to rescale"} if number == 0 else {}
    return Trial(candidate=candidate(role, number), status=status, reasons=reasons, cost=cost, **rest)


def dump(path: Path) -> str:
    connection = sqlite3.connect(path)
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    return "\n".join([*connection.iterdump(), f"PRAGMA user_version = {version};", ""])
