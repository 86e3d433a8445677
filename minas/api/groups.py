"""Leave one group out: a run's members trained on all other groups and tested on the one left out, a row for each group."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from minas.analysis import confirmation
from minas.api.request import check_numbers, facts_of
from minas.api.tables import csv_of, varies
from minas.api.work import source_of, task_of, work_of
from minas.domains import DOMAINS
from minas.engines import ENGINES
from minas.errors import DataError, UsageError
from minas.evolution.clock import Clock
from minas.evolution.confirm import run_repeats
from minas.evolution.session import Listener, Progress, Session
from minas.run import folder as run_folder
from minas.run.store import Store
from minas.spaces import Space
from minas.trial import Trial

if TYPE_CHECKING:
    from minas.api.front import Member
    from minas.api.run import Run
    from minas.data.task import Task

SCHEMA = 1
FOLDER = "groups"
"""Where a run's folder keeps a store for each group, so that what was interrupted goes on."""

SELECTION = (
    "Which architectures are tested was decided by the run, on its own training and validation samples. So their choice knows "
    "something of a group that the search has seen, though no network tested on it was trained on it, and neither "
    "preprocessing nor early stopping saw it; of groups that the search has not seen nothing is known at all."
)
"""What was selected on what, in words."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Fold:
    """One group and where its samples were in the run's own split."""

    name: str
    samples: int
    seen: bool


def leave_one_group_out(run: Run, *, workers: int | None = None, listener: Listener | None = None) -> dict[str, Any]:
    """Train the front's knee, accurate and frugal member on all groups but one, test on that one, and do so for each group.

    By the protocol of the run's confirmation. Preprocessing is fitted anew without the group, and a validation part is cut
    from the others. The tables are written to the run's folder, as `groups.json` and `groups.csv`; what was interrupted goes
    on where it stopped.

    Args:
        run: a run on data whose samples have groups.
        workers: worker processes; the run's own number by default. The figures don't depend on it.
        listener: hears of progress.

    Returns:
        JSON values: `schema`, `run`, `domain`, `task`, `epochs`, `seeds`, `selection` (what was selected on what), `groups`
        and `over_groups`. Each of `groups` has `group`, `samples`, `seen` (the search trained or chose by it), `reason` (why
        there are no figures, or null) and `members` [{`id`, `labels`, `test` {name: {`mean`, `low`, `high`, `seeds`}}}]. Each
        of `over_groups` has a member's `id`, `labels`, and `all` and `unseen` {name: {`mean`, `low`, `high`, `groups`}}: means
        of the groups' means with their 95% intervals over groups.

    Raises:
        UsageError: the data have no groups, the front is empty, or the folder is in use.
        DataError: the data cannot be used any more.
        MinasError: the machine failed; what was finished is kept.
    """
    check_numbers({"workers": workers})
    members = _members(run)
    folds = _folds(task_of(run.configuration, run.path))
    epochs, seeds = _protocol(run)
    rows = []
    with run_folder.lock(run.path):
        for number, fold in enumerate(folds):
            if listener is not None:
                note = f"without the group {fold.name} ({number + 1} of {len(folds)})"
                listener(Progress(phase="confirmation", note=note))
            trials, reason = _tested(run, number, fold, members, epochs, seeds, workers, listener)
            rows.append(_row(fold, members, trials, reason))
        values = {
            "schema": SCHEMA,
            "run": run.name,
            "domain": run.configuration.domain,
            "task": run.configuration.task.name,
            "epochs": epochs,
            "seeds": seeds,
            "selection": SELECTION,
            "groups": rows,
            "over_groups": [_over_groups(place, member, rows) for place, member in enumerate(members)],
        }
        run_folder.write_atomically(run.path / "groups.json", json.dumps(values, indent=1))
        run_folder.write_atomically(run.path / "groups.csv", groups_csv(values))
    return values


def groups_csv(values: dict[str, Any]) -> str:
    """Return what `leave_one_group_out` gave as CSV: a row a group, a member's figures under its labels or its id."""
    flat = []
    for row in values["groups"]:
        cells = {name: row[name] for name in ("group", "samples", "seen", "reason")}
        for member in row["members"]:
            name = "+".join(member["labels"]) or member["id"]
            for measure, interval in member["test"].items():
                cells |= {f"{name}.{measure}.{part}": value for part, value in interval.items()}
        flat.append(cells)
    return csv_of(flat, ("group", "samples", "seen", "reason"))


def _members(run: Run) -> list[Member]:
    """Return the labelled members of a front, each once."""
    if not run.front:
        raise UsageError(f"the front of {run.path} is empty: there is nothing to test on groups")
    named = [run.front.knee(), run.front.accurate(), run.front.frugal()]
    return list({member.key: member for member in named}.values())


def _protocol(run: Run) -> tuple[int, int]:
    """Return epochs and seeds of the run's confirmation: what its plan came to, else what was asked for."""
    plan, settings = run.fact("confirmation_plan"), run.configuration.settings
    if plan is not None and plan["members"]:
        return plan["epochs"], plan["seeds"]
    return settings.confirmation_epochs, settings.confirmation_seeds


def _folds(task: Task) -> list[_Fold]:
    """Return a task's groups, sorted by their names."""
    parts = {"train": task.train, "validation": task.validation, "test": task.test}
    counted: dict[str, int] = {}
    seen: set[str] = set()
    for name, part in parts.items():
        if part.groups is None:
            raise UsageError(
                f"the samples of the task {task.name} have no groups, so none can be left out: groups are a subject, user, "
                "speaker or group column in a file, an array named groups in an .npz archive, or groups= from Python"
            )
        for group, samples in zip(*np.unique(part.groups, return_counts=True), strict=True):
            counted[str(group)] = counted.get(str(group), 0) + int(samples)
            if name != "test":
                seen.add(str(group))
    if len(counted) < 2:
        raise UsageError(f"all samples of the task {task.name} are of one group: leaving it out leaves nothing to train on")
    return [_Fold(name=name, samples=counted[name], seen=name in seen) for name in sorted(counted)]


def _tested(
    run: Run,
    number: int,
    fold: _Fold,
    members: Sequence[Member],
    epochs: int,
    seeds: int,
    workers: int | None,
    listener: Listener | None,
) -> tuple[list[Trial], str | None]:
    """Return the trials of one group, those of an earlier sitting among them, or why there are none."""
    configuration = run.configuration
    source = dataclasses.replace(source_of(configuration, run.path), left_out=fold.name)
    try:
        task = DOMAINS.get(configuration.domain).load(source)
    except DataError as error:
        return [], str(error)
    configuration = dataclasses.replace(configuration, task=facts_of(task))
    folder = run.path / FOLDER / f"{number:04d}"
    folder.mkdir(parents=True, exist_ok=True)
    plan = {"group": fold.name, "digest": task.digest, "members": [m.key for m in members], "epochs": epochs, "seeds": seeds}
    _start_anew_where_planned_otherwise(folder, plan)
    with Store(folder / run_folder.DATABASE) as store:
        store.put_fact("groups_plan", plan)
        if len(done := store.trials("confirmation")) < len(members) * seeds:
            work = work_of(run.configuration, run.path)
            work = dataclasses.replace(work, source=dataclasses.asdict(source), folder=None)
            kind = ENGINES.get(configuration.settings.engine)
            engine = kind.start(
                work.to_json(),
                workers or configuration.settings.workers,
                options=configuration.settings.engine_options,
            )
            try:
                session = Session(
                    folder=folder,
                    configuration=configuration,
                    store=store,
                    engine=engine,
                    space=_space(run),
                    epochs=epochs,
                    clock=Clock(None),
                    listener=listener or (lambda progress: None),
                )
                run_repeats(session, [member.trial.candidate for member in members], epochs=epochs, repeats=seeds)
            finally:
                engine.close()
            done = store.trials("confirmation")
    return done, None


def _space(run: Run) -> Space:
    from minas.api.work import space_of

    return space_of(run.configuration, run.path)


def _start_anew_where_planned_otherwise(folder: Path, plan: dict[str, Any]) -> None:
    """Remove a group's store that was made by another plan: of other data, members or length."""
    path = folder / run_folder.DATABASE
    if not path.is_file():
        return
    with Store(path, read_only=True) as store:
        same = store.fact("groups_plan") == plan
    if not same:
        for leftover in folder.glob(f"{run_folder.DATABASE}*"):
            leftover.unlink()


def _row(fold: _Fold, members: Sequence[Member], trials: Sequence[Trial], reason: str | None) -> dict[str, Any]:
    found = confirmation.summarise(trials)
    if reason is None and not any(found.values()):
        reason = next((trial.reason for trial in trials if trial.reason), "no training completed")
    return {
        "group": fold.name,
        "samples": fold.samples,
        "seen": fold.seen,
        "reason": reason,
        "members": [{"id": m.id, "labels": list(m.labels), "test": dict(_varying(found.get(m.key, {})))} for m in members],
    }


def _varying(found: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, interval in found.items():
        if varies(name):
            yield name, dataclasses.asdict(interval)


def _over_groups(place: int, member: Member, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    def summary(chosen: Sequence[dict[str, Any]]) -> dict[str, Any]:
        tests = [row["members"][place]["test"] for row in chosen]
        out = {}
        for name in dict.fromkeys(name for test in tests for name in test):
            means = [test[name]["mean"] for test in tests if name in test]
            found = confirmation.interval(means)
            out[name] = {"mean": found.mean, "low": found.low, "high": found.high, "groups": len(means)}
        return out

    unseen = [row for row in rows if not row["seen"]]
    return {"id": member.id, "labels": list(member.labels), "all": summary(rows), "unseen": summary(unseen)}
