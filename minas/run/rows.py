"""Rows of a store as candidates and trials, every value checked: a damaged store, or a stranger's, may hold anything."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from minas.trial import Candidate, Cost, Role, Status, Trial

PARTS = ("validation", "test")
ROLES = get_args(Role)
COSTS = tuple(part.name for part in dataclasses.fields(Cost))
CANDIDATE = 11
"""Columns of a row that are its candidate's."""
NOTHING: Mapping[str, Any] = {}
"""What all but a study's candidates have of their own."""


def candidate(row: tuple[Any, ...]) -> Candidate:
    """Return the candidate of a row: role, number, key, architecture, baseline, seed, epochs, part, parents, training, levels.

    Raises:
        ValueError: a value is not what a run writes there.
        TypeError: likewise.
    """
    return checked_candidate(_candidate(row))


def _candidate(row: tuple[Any, ...]) -> Candidate:
    role, number, key, architecture, baseline, seed, epochs, part, parents, training, levels = row
    return Candidate(
        role=role,
        number=number,
        key=key,
        architecture=None if architecture is None else _table("architecture", architecture),
        baseline=baseline,
        seed=seed,
        epochs=epochs,
        part=part,
        parents=tuple(json.loads(parents)),
        training=NOTHING if training == "{}" else _table("training", training),
        levels=NOTHING if levels == "{}" else _table("levels", levels),
    )


def trial(row: tuple[Any, ...]) -> Trial:
    """Return the trial of a row: its candidate's values, then status, reason, measures, reasons, cost, late, attempts.

    Raises:
        ValueError: a value is not what a run writes there.
        TypeError: likewise.
    """
    status, reason, measures, reasons, cost, late, attempts = row[CANDIDATE:]
    return checked_trial(
        Trial(
            candidate=_candidate(row[:CANDIDATE]),
            status=Status(status),
            reason=reason,
            measures=_finite_numbers("measures", measures),
            reasons=_table("reasons", reasons),
            cost=Cost(**_finite_numbers("cost", cost)),
            late=bool(_whole("late", late)),
            attempts=attempts,
        )
    )


def checked_candidate(found: Candidate) -> Candidate:
    """Return a candidate whose values may have come from anywhere.

    Raises:
        ValueError: one of them is of another type, or out of range.
    """
    _one_of("role", found.role, ROLES)
    _whole("number", found.number)
    _text("key", found.key)
    if found.architecture is not None:
        _object("architecture", found.architecture)
    if found.baseline is not None:
        _text("baseline", found.baseline)
    _whole("seed", found.seed, least=-(2**63))
    _whole("epochs", found.epochs)
    _one_of("part", found.part, PARTS)
    for key in found.parents:
        _text("parents", key)
    for name, values in (("training", found.training), ("levels", found.levels)):
        for key, value in _object(name, values).items():
            if not isinstance(value, str):
                _number(f"{name}: {key}", value)
    return found


def checked_trial(found: Trial) -> Trial:
    """Return a trial whose values may have come from anywhere.

    Raises:
        ValueError: one of them is of another type, or out of range.
    """
    checked_candidate(found.candidate)
    if found.reason is not None:
        _text("reason", found.reason)
    for name, value in _object("measures", found.measures).items():
        if type(value) is not float:  # what nearly all of them are, in stores of 10,000 trials
            _number(f"measures: {name}", value)
    for name, text in _object("reasons", found.reasons).items():
        _text(f"reasons: {name}", text)
    for name in COSTS:
        value = getattr(found.cost, name)
        if type(value) is not float or not 0 <= value < math.inf:
            _spent(name, value)
    if not isinstance(found.late, bool):
        raise _unexpected("late", found.late, "true or false")
    _whole("attempts", found.attempts, least=1)
    return found


def _spent(name: str, value: Any) -> None:
    """Refuse what no trial can have cost; None is a number that could not be had."""
    if value is None and name != "joules":
        raise ValueError(f"cost: {name} is missing")
    _number(f"cost: {name}", value)
    if value is not None and not 0 <= value < math.inf:
        raise ValueError(f"cost: {name} is {value}; expected a number of 0 or more")


def _table(name: str, text: Any) -> dict[str, Any]:
    return _object(name, EVERY_NUMBER.decode(text))


def _finite_numbers(name: str, text: Any) -> dict[str, Any]:
    """Return a flat table of numbers; to look at them afterwards is faster than to call a function for each as it is read."""
    values = _object(name, NO_CONSTANTS.decode(text))
    for value in values.values():
        if type(value) is float and not math.isfinite(value):
            raise ValueError(f"{name}: a number beyond what a float holds")
    return values


def _finite(digits: str) -> float:
    """Return a number; JSON knows none that is not finite, whatever Python's reader takes for one."""
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"{digits[:60]} is no finite number")
    return value


EVERY_NUMBER = json.JSONDecoder(parse_constant=_finite, parse_float=_finite)
NO_CONSTANTS = json.JSONDecoder(parse_constant=_finite)
"""Made once: making one takes as long as reading a trial."""


def _object(name: str, values: Any) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise _unexpected(name, values, "a JSON object")
    return values


def _number(name: str, value: Any) -> None:
    """Refuse what is no number that a float can hold; None is a number that could not be had."""
    if value is not None and (type(value) not in (int, float) or (isinstance(value, int) and abs(value) > 1.7e308)):
        raise _unexpected(name, value, "a number")


def _whole(name: str, value: Any, *, least: int = 0) -> int:
    if type(value) is not int or not least <= value < 2**63:
        raise _unexpected(name, value, f"a whole number of at least {least}")
    return value


def _text(name: str, value: Any) -> None:
    if not isinstance(value, str):
        raise _unexpected(name, value, "a text")


def _one_of(name: str, value: Any, choices: Iterable[str]) -> None:
    if value not in choices:
        raise _unexpected(name, value, f"one of {', '.join(choices)}")


def _unexpected(name: str, value: Any, expected: str) -> ValueError:
    shown = "a huge number" if isinstance(value, int) and abs(value) > 10**18 else repr(value)[:60]
    return ValueError(f"{name[:60]} is {shown}; expected {expected}")
