"""What a run notes down beside its trials: the form of each fact, for stores that may be damaged or a stranger's."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args

from minas.trial import Role


@dataclass(frozen=True)
class _Form:
    """What a fact must be, in words, and whether a JSON value is that."""

    expected: str
    fits: Callable[[Any], bool]


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**63


def _is_amount(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value <= 1.7e308 and math.isfinite(value)


def _are_counts(value: Any) -> bool:
    return isinstance(value, list) and all(_is_count(item) for item in value)


def _is_plan(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and set(value) == {"members", "epochs", "seeds", "expected", "note"}
        and _are_counts(value["members"])
        and _is_count(value["epochs"])
        and _is_count(value["seeds"])
        and _is_amount(value["expected"])
        and isinstance(value["note"], str | None)
    )


_FLAG = _Form("true or false", lambda value: isinstance(value, bool))
_TEXT = _Form("a text", lambda value: isinstance(value, str | None))
_COUNT = _Form("a whole number of 0 or more", _is_count)
_AMOUNT = _Form("a number of 0 or more", _is_amount)

_FORMS = {
    "baselines_training": _FLAG,
    "confirmation_plan": _Form("a table with members, epochs, seeds, expected and note", _is_plan),
    "finished": _FLAG,
    "joules": _AMOUNT,
    "joules_reason": _TEXT,
    "lines": _Form("a list of tables", lambda value: isinstance(value, list) and all(isinstance(row, dict) for row in value)),
    "not_repeatable": _TEXT,
    "population": _Form("a list of whole numbers of 0 or more", _are_counts),
    "preprocessing": _Form("a table", lambda value: isinstance(value, dict)),
    "repeat": _TEXT,
    "spent": _AMOUNT,
    **{f"{role}_{name}": form for role in get_args(Role) for name, form in (
        ("ended", _COUNT), ("exhausted", _FLAG), ("seconds", _AMOUNT), ("told", _COUNT),
    )},
}  # fmt: skip


def check(name: str, value: Any) -> None:
    """Refuse a fact that no run writes; one whose name is not known may be anything.

    Args:
        name: the fact's name.
        value: what its JSON says.

    Raises:
        ValueError: it has another form; the text says which was expected.
    """
    form = _FORMS.get(name)
    if form is not None and not form.fits(value):
        raise ValueError(f"'{name}' is {str(value)[:60]!r}; expected {form.expected}")
