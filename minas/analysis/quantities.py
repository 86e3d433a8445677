"""Numbers as users write and read them: `200k`, `1.5M`, `3%`."""

from __future__ import annotations

import math
import numbers
import re

from minas.errors import UsageError

FACTORS = {"": 1.0, "%": 0.01, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
LARGEST = 1.7e308
"""What a float can hold."""
_QUANTITY = re.compile(r"\s*([0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)([eE][+-]?[0-9]+)?\s*([%kKMGT]?)\s*", re.ASCII)


def parse(text: str) -> float:
    """Return the number that a text such as `.03`, `3%`, `200k`, `1.5M`, `200_000` or `2e5` says.

    Raises:
        UsageError: the text is no such number; negative numbers are none either.
    """
    match = _QUANTITY.fullmatch(text)
    if match is None:
        hint = ": for thousands write k, for millions M" if re.fullmatch(r".*\d\s*[mgt]\s*", text) else ""
        raise UsageError(f"'{text}' is no quantity{hint}; write a number such as .03, 3%, 200k, 1.5M or 200_000")
    digits, exponent, suffix = match.groups()
    value = float(digits.replace("_", "") + (exponent or "")) * FACTORS[suffix]
    if not math.isfinite(value):
        raise UsageError(f"'{text}' is too large a number")
    return value


def number(value: float | str, name: str) -> float:
    """Return what was given as a number, or as a text that says one; see `parse`.

    Args:
        value: what was given.
        name: what it is for, as errors name it.

    Raises:
        UsageError: it is neither, is negative, or is not finite.
    """
    if isinstance(value, str):
        return parse(value)
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not 0 <= value <= LARGEST:
        raise UsageError(f"{name} is {str(value)[:60]!r}; expected a number of 0 or more, or a text such as 200k, 1.5M or 3%")
    return float(value)


def show(value: float | None, *, digits: int = 3) -> str:
    """Return a number for people, to so many significant digits: `0.0312`, `214k`, `1.5M`; `n/a` for None."""
    if value is None:
        return "n/a"
    if not math.isfinite(value):
        return str(value)
    for factor, suffix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= factor * (1 - 0.5 * 10.0**-digits):
            return f"{_plain(value / factor, digits)}{suffix}"
    return _plain(value, digits)


def _plain(value: float, digits: int) -> str:
    rounded = float(f"{value:.{digits}g}")
    if rounded != 0 and abs(rounded) < 1e-4:
        return f"{rounded:g}"
    return f"{rounded:.10f}".rstrip("0").rstrip(".")
