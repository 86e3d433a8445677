"""Trials as JSON: nothing is lost on the way, and what is no trial is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trial_strategies import trials

from minas.errors import DataError
from minas.run.records import table, trial_from_json, trial_to_json


@given(trials())
def test_a_trial_survives_json(trial) -> None:
    assert trial_from_json(json.loads(json.dumps(trial_to_json(trial)))) == trial


@given(trials(), st.sampled_from(["candidate", "status", "cost"]))
def test_a_trial_with_something_missing_is_refused(trial, name) -> None:
    values = trial_to_json(trial)
    del values[name]
    with pytest.raises(DataError, match="not a trial"):
        trial_from_json(values)


@pytest.mark.parametrize(
    "change",
    [
        {"status": "great"},
        {"cost": {"hours": 1}},
        {"cost": None},
        {"candidate": []},
        {"candidate": {"parents": None}},
        {"colour": "red"},
        {"measures": {"error": "low"}},
        {"measures": []},
        {"attempts": None},
        {"cost": {"seconds": "1"}},
    ],
)
@given(trials())
def test_values_of_another_form_are_refused(change, trial) -> None:
    with pytest.raises(DataError, match="not a trial"):
        trial_from_json({**trial_to_json(trial), **change})


@given(st.lists(trials(), max_size=3))
def test_the_table_has_a_row_for_each_trial_in_plain_values(found) -> None:
    rows = table(found)
    assert [row["number"] for row in rows] == [trial.number for trial in found]
    assert json.loads(json.dumps(rows)) == rows
    for row, trial in zip(rows, found, strict=True):
        assert list(row) == ["number", "id", "status", "reason", "architecture", "measures", "seconds", "late"]
        assert (row["status"], row["measures"]) == (trial.status.value, trial.measures)
        assert row["id"] == trial.candidate.key[: None if trial.candidate.key.startswith("baseline:") else 8]
