"""What is asked to be done to signals: one text, however it was given, and errors in words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minas.api.request import Request, load_task
from minas.data.signals import Settings
from minas.data.treatment import Treatment, text_of
from minas.errors import UsageError

FREQUENCIES = st.floats(0, 1e6, allow_nan=False).map(abs)
TREATMENTS = st.builds(
    Treatment,
    standardise=st.sampled_from(["none", "channel", "trial"]),
    band=st.none() | st.tuples(FREQUENCIES, FREQUENCIES).filter(lambda pair: pair[0] < pair[1]),
    rate=st.none() | st.floats(1e-6, 1e6),
    baseline=st.none() | st.integers(0, 10**6),
    points=st.none() | st.integers(1, 10**6),
)


@given(TREATMENTS)
def test_the_text_of_what_is_asked_for_asks_for_the_same(asked: Treatment) -> None:
    assert Treatment.of(str(asked)) == asked


def test_a_mapping_and_a_text_in_any_order_ask_alike() -> None:
    text = text_of({"points": 128, "band": (8, 30), "standardise": "trial", "baseline": 128, "rate": 250.5})
    assert text == "standardise=trial,band=8-30,rate=250.5,baseline=128,points=128"
    assert text_of(" baseline = 128, points=128,rate=250.5,band= 8.0 - 30 ,standardise=trial") == text
    assert text_of({"band": "8-30", "points": "128"}) == "band=8-30,points=128"
    assert text_of(None) is None


def test_what_is_not_asked_for_stays_as_usual() -> None:
    usual = Settings(rate=256, baseline=128, average=16)
    assert Treatment().applied(usual, rate=256, where="x") == usual
    assert Treatment.of("points=20").applied(usual, rate=256, where="x") == Settings(rate=256, baseline=128, points=20)
    assert Treatment.of("baseline=0,band=1-9").applied(usual, rate=256, where="x").band == (1, 9)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("", r"preprocessing '': expected names and values, such as standardise=trial,band=8-30,points=128"),
        ({}, "expected names and values"),
        (7, "preprocessing 7: expected names and values"),
        ("trial", "'trial' has no value; expected NAME=VALUE"),
        ("standardize=trial", "no preprocessing of signals named 'standardize'; did you mean 'standardise'"),
        ({"bands": (8, 30)}, "named 'bands'; did you mean 'band'"),
        ("points=8,points=9", "points is given twice"),
        ("standardise=trials", "standardise = trials; expected none, channel or trial; did you mean 'trial'"),
        ({"standardise": True}, "standardise = True; expected none, channel or trial"),
        ("band=30-8", "band = 30-8; expected a lowest and a highest frequency in hertz, such as 8-30"),
        ("band=8", "band = 8; expected a lowest"),
        ("band=-8-30", "band = -8-30; expected"),
        ({"band": (8, float("nan"))}, "expected a lowest"),
        ({"band": [[8], [30]]}, "expected a lowest"),
        ("points=0", "points = 0; expected a whole number of points of time, from 1"),
        ("points=12.5", "points = 12.5; expected a whole number"),
        ({"points": True}, "points = True; expected a whole number"),
        ({"points": 1e300}, "expected a whole number"),
        ("points=nan", "points = nan; expected"),
        ("baseline=-1", "baseline = -1; expected a whole number of points of time, from 0"),
        ("rate=0", "rate = 0; expected points of time in a second, above 0"),
    ],
)
def test_unknown_names_and_senseless_values_are_refused_in_words(asked: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        text_of(asked)


@pytest.mark.parametrize("domain", ["vision", "text", "neuromorphic"])
def test_only_signals_have_preprocessing_to_set(domain: str) -> None:
    with pytest.raises(UsageError, match=f"the preprocessing of the domain '{domain}' can't be set, only that of physio"):
        load_task(Request(domain=domain, preprocessing="standardise=trial"))
