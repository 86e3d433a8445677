"""From where to where an axis goes."""

from __future__ import annotations

import numpy as np
import pytest

from minas.analysis.limits import linear_limits
from minas.objectives import Bounds


@pytest.mark.parametrize(
    ("ideal", "values", "lowest"),
    [(0.15, [0.2, 0.22, 0.3], 0.15), (0.15, [0.12, 0.2], 0.12), (0.0, [0.2, 0.3], 0.0), (None, [0.2, 0.3], 0.0)],
)
def test_an_axis_starts_at_the_ideal_bound_or_the_lowest_value(
    ideal: float | None, values: list[float], lowest: float
) -> None:
    bound = None if ideal is None else Bounds(ideal=ideal, reference=0.35)
    low, high = linear_limits([np.array(values)], [values[0]], bound)
    assert low == lowest
    assert high > values[0]


def test_a_named_value_below_all_others_is_shown() -> None:
    low, _ = linear_limits([np.array([0.2, 0.3])], [0.1], Bounds(ideal=0.15, reference=0.35))
    assert low == 0.1
