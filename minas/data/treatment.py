"""What a user asks to be done to signals: read from an option's text or from a mapping, and written as one text."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, cast

from minas.errors import UsageError, nearest

if TYPE_CHECKING:
    from minas.data.signals import Settings

EXAMPLE = "standardise=trial,band=8-30,points=128"

_EXPECTED = {
    "standardise": "none, channel or trial",
    "band": "a lowest and a highest frequency in hertz, such as 8-30",
    "rate": "points of time in a second, above 0",
    "baseline": "a whole number of points of time, from 0",
    "points": "a whole number of points of time, from 1",
}
_NUMBER = r"\d+(?:\.\d*)?|\.\d+"


@dataclass(frozen=True, kw_only=True)
class Treatment:
    """What is asked for; None is what is usual for the data.

    Attributes:
        standardise: `none`, `channel` or `trial`.
        band: (lowest, highest) frequency in hertz of a band-pass.
        rate: points of time in a second, where the data don't say it.
        baseline: how many points of time, as recorded, a sample's level is taken from.
        points: how many points of time a sample has for networks.
    """

    standardise: Literal["none", "channel", "trial"] | None = None
    band: tuple[float, float] | None = None
    rate: float | None = None
    baseline: int | None = None
    points: int | None = None

    @classmethod
    def of(cls, given: str | Mapping[str, Any]) -> Treatment:
        """Return what `standardise=trial,band=8-30`, or a mapping of such names to values, asks for.

        Raises:
            UsageError: an unknown name, or a value that makes no sense; the text says what was expected.
        """
        values: dict[str, Any] = {}
        for name, value in _pairs(given):
            if name not in _EXPECTED:
                raise UsageError(f"no preprocessing of signals named '{name}'{nearest(name, _EXPECTED)}")
            if name in values:
                raise UsageError(f"preprocessing: {name} is given twice; expected once")
            values[name] = _value(name, value)
        return cls(**values)

    def __str__(self) -> str:
        """Return the text from which `of` makes the same again."""
        values = ((part.name, getattr(self, part.name)) for part in fields(self))
        return ",".join(f"{name}={_written(value)}" for name, value in values if value is not None)

    def applied(self, usual: Settings, *, rate: float | None, where: str) -> Settings:
        """Return the settings that are usual for some data, changed as asked.

        Args:
            usual: what would be done otherwise.
            rate: points of time in a second, as the data say; None where they don't.
            where: what errors name.

        Raises:
            UsageError: what is asked for makes no sense together, or contradicts the data.
        """
        if self.rate is not None and rate is not None and not math.isclose(self.rate, rate):
            raise UsageError(
                f"preprocessing: a rate of {_written(self.rate)} points of time a second, and {where} says {_written(rate)}; "
                "leave the rate out"
            )
        rate = self.rate if rate is None else rate
        if self.band is not None and rate is None:
            raise UsageError(
                f"preprocessing: a band in hertz needs the rate, which {where} does not say; add it, in points of time a "
                f"second, such as rate=250: band={_written(self.band)},rate=250"
            )
        changes: dict[str, Any] = {"rate": rate}
        for name in ("standardise", "band", "baseline"):
            if getattr(self, name) is not None:
                changes[name] = getattr(self, name)
        if self.points is not None:
            changes |= {"points": self.points, "average": 1}
        return dataclasses.replace(usual, **changes)


def text_of(given: str | Mapping[str, Any] | None) -> str | None:
    """Return what a user asked for as one text, in one order; None where nothing is asked for.

    Raises:
        UsageError: as for `Treatment.of`.
    """
    return None if given is None else str(Treatment.of(given))


def _pairs(given: str | Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    if not given or not isinstance(given, str | Mapping):
        raise UsageError(f"preprocessing {given!r}: expected names and values, such as {EXAMPLE}")
    if isinstance(given, Mapping):
        yield from ((str(name), value) for name, value in given.items())
        return
    for part in given.split(","):
        name, equals, value = part.partition("=")
        if not equals:
            raise UsageError(f"preprocessing {given!r}: '{part.strip()}' has no value; expected NAME=VALUE, such as {EXAMPLE}")
        yield name.strip(), value.strip()


def _value(name: str, value: Any) -> Any:
    if name == "standardise":
        if value in ("none", "channel", "trial"):
            return cast(str, value)
        hint = nearest(value, ("none", "channel", "trial")) if isinstance(value, str) else ""
        raise UsageError(f"preprocessing: standardise = {value}; expected {_EXPECTED[name]}{hint if 'mean' in hint else ''}")
    numbers = _numbers(value, 2 if name == "band" else 1)
    whole = name in ("baseline", "points")
    if (
        numbers is None
        or (whole and (numbers[0] != int(numbers[0]) or numbers[0] < (1 if name == "points" else 0) or numbers[0] > 2**31))
        or (name == "rate" and numbers[0] <= 0)
        or (name == "band" and not 0 <= numbers[0] < numbers[1])
    ):
        raise UsageError(f"preprocessing: {name} = {value}; expected {_EXPECTED[name]}")
    if name == "band":
        return numbers[0], numbers[1]
    return int(numbers[0]) if whole else numbers[0]


def _numbers(value: Any, count: int) -> tuple[float, ...] | None:
    """Return so many finite numbers, from a text such as `8-30`, a number or a sequence; None where it is something else."""
    if isinstance(value, str):
        found = re.fullmatch("-".join([rf"\s*({_NUMBER})\s*"] * count), value, re.ASCII)
        return None if found is None else tuple(map(float, found.groups()))
    items = value if isinstance(value, tuple | list) else (value,)
    try:
        numbers = tuple(float(item) for item in items if not isinstance(item, bool | str))
    except (TypeError, ValueError, OverflowError):
        return None
    return numbers if len(numbers) == len(items) == count and all(map(math.isfinite, numbers)) else None


def _written(value: Any) -> str:
    if isinstance(value, tuple):
        return "-".join(map(_written, value))
    if isinstance(value, float):
        import numpy as np

        return np.format_float_positional(value, trim="-")
    return str(value)
