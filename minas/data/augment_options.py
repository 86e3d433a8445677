"""The options of a search space's `augmentation` table, as every kind of augmentation checks them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from minas.errors import ConfigError, nearest


def check(options: Mapping[str, Any], settings: type, *, of: str, below: Mapping[str, float] | None = None) -> None:
    """Refuse options that no augmentation has, and values that are no finite numbers from 0.

    Args:
        options: name to value.
        settings: the dataclass whose fields are the options that there are.
        of: what is augmented, for errors: `images`.
        below: option to the number that its value must lie below.

    Raises:
        ConfigError: with what was expected.
    """
    known = {field.name for field in fields(settings)}
    for name, value in options.items():
        if name not in known:
            raise ConfigError(f"no augmentation of {of} named '{name}'{nearest(name, known)}")
        bound = (below or {}).get(name, math.inf)
        if isinstance(value, str) or not math.isfinite(value) or not 0 <= value < bound:
            expected = "a number from 0" if bound == math.inf else f"a share from 0, below {bound:g}"
            raise ConfigError(f"augmentation: {name} = {value}; expected {expected}")
