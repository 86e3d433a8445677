from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minas.analysis.quantities import number, parse, show
from minas.errors import UsageError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("200k", 200_000.0),
        ("1.5M", 1_500_000.0),
        (".03", 0.03),
        ("3%", 0.03),
        ("0", 0.0),
        ("200_000", 200_000.0),
        ("2e5", 200_000.0),
        ("2G", 2e9),
        (" 12 K ", 12_000.0),
        ("5.", 5.0),
    ],
)
def test_parse(text: str, value: float) -> None:
    assert parse(text) == pytest.approx(value)


@pytest.mark.parametrize(
    "text", ["", "k", "-3", "nan", "inf", "1,5", "2kk", "three", "1e999", "٣", "0x10", "1.2.3", "_1", "."]
)
def test_parse_refuses(text: str) -> None:
    with pytest.raises(UsageError):
        parse(text)


def test_the_error_says_what_to_write() -> None:
    with pytest.raises(
        UsageError, match=r"'200m' is no quantity: for thousands write k, for millions M; write a number such as .03"
    ):
        parse("200m")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (214_000, "214k"), (1.5e6, "1.5M"), (0.03, "0.03"), (0.031249, "0.0312"), (0, "0"), (999, "999"), (999.9, "1k"),
        (999_999, "1M"), (12, "12"), (1.5e-7, "1.5e-07"), (None, "n/a"), (-2500, "-2.5k"),
    ],
)  # fmt: skip
def test_show(value: float | None, text: str) -> None:
    assert show(value) == text


@given(st.floats(1e-4, 9e14))
def test_what_is_shown_can_be_parsed(value: float) -> None:
    assert parse(show(value, digits=6)) == pytest.approx(value, rel=1e-5)


@pytest.mark.parametrize(("given", "value"), [("200k", 2e5), ("3%", 0.03), (7, 7.0), (0.5, 0.5), (np.int64(9), 9.0), (0, 0.0)])
def test_a_number_may_be_given_as_a_number_or_as_a_text(given, value):
    found = number(given, "max_flops")
    assert (found, type(found)) == (pytest.approx(value), float)


@pytest.mark.parametrize("given", [True, -1, float("nan"), float("inf"), 10**400, [1], None, 1j, b"2"])
def test_what_is_no_number_is_refused_by_what_it_is_for(given):
    with pytest.raises(UsageError, match=r"^max_flops is .*; expected a number of 0 or more, or a text such as 200k"):
        number(given, "max_flops")
