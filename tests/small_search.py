"""The smallest search that has everything a run can have."""

from __future__ import annotations

from typing import Any

SMALL: dict[str, Any] = {
    "trials": 6,
    "population": 3,
    "window": 2,
    "epochs": 2,
    "members": 2,
    "confirmation_epochs": 1,
    "confirmation_seeds": 2,
    "max_flops": 150_000,
}
"""Options of the smallest search that has everything a run can have."""
