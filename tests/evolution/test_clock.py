"""The user's clock: how it is written, and what is left of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minas.errors import UsageError
from minas.evolution import clock as clock_module
from minas.evolution.clock import Clock, parse_time


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("90s", 90),
        ("5m", 300),
        (" 1.5H ", 5400),
        ("1h30m", 5400),
        ("1d2h3m4.5s", 93784.5),
        (90, 90),
        (0.25, 0.25),
    ],
)
def test_spans_of_time(text, seconds: float) -> None:
    assert parse_time(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "m", "5 m", "-5m", "5x", "1h30", "5m!", "1:30", "nan", "inf", "1e3", "five minutes", "m5"]
)
def test_what_is_no_span_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_time(text)
    assert str(caught.value) == f"'{text}' is not a span of time: write 90s, 5m, 1.5h or 1h30m"


@pytest.mark.parametrize("text", ["0", "0m", 0, -1.0, float("nan"), float("inf"), "9" * 400])
def test_a_span_must_be_above_zero_and_finite(text) -> None:
    with pytest.raises(UsageError, match="a span of time must be above zero"):
        parse_time(text)


@given(st.integers(1, 10**6), st.integers(0, 59), st.integers(0, 59))
def test_parts_add_up(hours: int, minutes: int, seconds: int) -> None:
    assert parse_time(f"{hours}h{minutes}m{seconds}s") == 3600 * hours + 60 * minutes + seconds


def test_a_clock_goes_on_over_sittings_and_shares_count_from_its_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(clock_module.time, "monotonic", lambda: now[0])
    clock = Clock(100.0, spent_before=50.0, started=1000.0)
    now[0] = 1010.0
    assert (clock.spent(), clock.left(), clock.left(0.6)) == (60.0, 40.0, 0.0)
    assert clock.over(0.6)
    assert not clock.over()


def test_without_a_clock_time_is_never_over() -> None:
    clock = Clock(None, spent_before=1e12)
    assert clock.left(0.01) == float("inf")
    assert not clock.over(0.01)
