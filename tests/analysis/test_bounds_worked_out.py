from __future__ import annotations

import math

import pytest

from minas.analysis.bounds import worked_out_bounds


def test_bounds_of_a_users_data() -> None:
    bounds = worked_out_bounds(0.6, (1e3, 1e6), [50.0, 200.0, 100.0, math.nan])
    assert (bounds["error"].ideal, bounds["error"].reference) == (0.0, 0.6)
    assert (bounds["flops"].ideal, bounds["flops"].reference) == (1e3, 1e6)
    assert bounds["action"].ideal == pytest.approx(5.0)
    assert bounds["action"].reference == pytest.approx(400.0)


@pytest.mark.parametrize(
    ("error", "limits", "actions", "says"),
    [
        (0.0, (1e3, 1e6), [1.0], "two classes"),
        (0.5, (1e6, 1e6), [1.0], "must ascend"),
        (0.5, (1e3, 1e6), [math.nan, 0.0], "finite, positive action"),
    ],
)
def test_empty_bounds_are_refused(error: float, limits: tuple[float, float], actions: list[float], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        worked_out_bounds(error, limits, actions)
