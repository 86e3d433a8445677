"""The user's clock: one span of time for search, confirmation and plots, which a resumed run goes on spending."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field

from minas.errors import UsageError

CONFIRMATION_SHARE = 0.40
"""Share of the clock that is kept for confirmation, plots included."""

UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def parse_time(text: str | float) -> float:
    """Return seconds from `90`, `90s`, `5m`, `1.5h`, `1h30m` or a number of seconds.

    Raises:
        UsageError: the text is no span of time, or not above zero.
    """
    if isinstance(text, int | float):
        seconds = float(text)
    else:
        parts = re.findall(r"(\d+(?:\.\d+)?)([smhd]?)", text.strip().lower())
        whole = "".join(number + unit for number, unit in parts) == text.strip().lower()
        if not parts or not whole or (len(parts) > 1 and not all(unit for _, unit in parts)):
            raise UsageError(f"'{text}' is not a span of time: write 90s, 5m, 1.5h or 1h30m")
        seconds = sum(float(number) * UNITS[unit or "s"] for number, unit in parts)
    if not 0 < seconds < float("inf"):
        raise UsageError(f"a span of time must be above zero, not '{text}'")
    return seconds


@dataclass
class Clock:
    """Counts the seconds that a run has spent, over all its sittings.

    Attributes:
        total: seconds that the user gave, or None for no clock.
        spent_before: seconds spent in earlier sittings.
        started: when this sitting began, by `time.monotonic()`; the moment at which the clock is made by default.
    """

    total: float | None
    spent_before: float = 0.0
    started: float = field(default_factory=time.monotonic)

    def spent(self) -> float:
        """Return the seconds spent so far, earlier sittings included."""
        return self.spent_before + time.monotonic() - self.started

    def left(self, share: float = 1.0) -> float:
        """Return the seconds left of a share of the clock, counted from its beginning; infinite without a clock."""
        return float("inf") if self.total is None else share * self.total - self.spent()

    def over(self, share: float = 1.0) -> bool:
        """Tell whether a share of the clock is spent."""
        return self.left(share) <= 0
