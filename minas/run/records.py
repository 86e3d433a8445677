"""Trials as JSON values, for tables, shipped reference figures and caches."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from minas.errors import DataError
from minas.run.rows import checked_trial
from minas.trial import Candidate, Cost, Status, Trial


def trial_to_json(trial: Trial) -> dict[str, Any]:
    """Return all of a trial as JSON values."""
    values = dataclasses.asdict(trial)
    values["status"] = trial.status.value
    values["candidate"]["parents"] = list(trial.candidate.parents)
    return values


def trial_from_json(values: Mapping[str, Any]) -> Trial:
    """Return the trial that `trial_to_json` wrote.

    Raises:
        DataError: the values are no trial.
    """
    try:
        candidate = Candidate(**{**values["candidate"], "parents": tuple(values["candidate"]["parents"])})
        rest = {name: value for name, value in values.items() if name not in ("candidate", "status", "cost")}
        trial = Trial(candidate=candidate, status=Status(values["status"]), cost=Cost(**values["cost"]), **rest)
        return checked_trial(trial)
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"not a trial: {error}") from None


def table(trials: Iterable[Trial]) -> list[dict[str, Any]]:
    """Return a row for each trial, in the form that `minas trials --json` prints."""
    return [
        {
            "number": trial.number,
            "id": trial.id,
            "status": trial.status.value,
            "reason": trial.reason,
            "architecture": trial.candidate.architecture,
            "measures": dict(trial.measures),
            "seconds": trial.cost.seconds,
            "late": trial.late,
        }
        for trial in trials
    ]
