"""Objective sets: the numbers that are minimised, how they are scaled, and every mistake in their files."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minas import objectives, resources
from minas.errors import ConfigError, UsageError
from minas.objectives import Bounds, Objective, ObjectiveSet, load

KNOWN = ("error", "action", "flops", "params")
GOOD = """
name = "mine"
[[objectives]]
measure = "error"
[[objectives]]
measure = "action"
scale = "log"
"""
BOUNDS = """
[bounds."mnist-5k".error]
ideal = 0.0
reference = 0.9
[bounds."mnist-5k".action]
ideal = 10
reference = 1e5
"""


@pytest.fixture
def file(tmp_path: Path):
    def write(text: str) -> str:
        path = tmp_path / "mine.toml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def test_every_shipped_set_is_read() -> None:
    from minas.measures import MEASURES

    assert "paper" in resources.names("objectives")
    for name in resources.names("objectives"):
        found = load(name, MEASURES.names())
        assert found.name == name
        assert found.description
    assert load("paper", MEASURES.names()).names == ["error", "action", "flops"]


def test_a_file_of_the_user_s_is_read(file) -> None:
    found = load(file(GOOD + BOUNDS), KNOWN)
    assert found.measures == ["error", "action"]
    assert found.bounds["mnist-5k"]["action"] == Bounds(ideal=10.0, reference=1e5)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name = 'mine'", r"needs the key 'objectives'"),
        ("name = 'mine'\nobjectives = []", r"needs at least one \[\[objectives\]\] table"),
        (GOOD.replace("action", "akction"), r"no measure named 'akction'; did you mean 'action'\?"),
        (GOOD.replace("action", "error"), "a measure is listed twice"),
        (GOOD.replace("log", "logarithm"), r"line 7.*scale"),
        (GOOD.replace("scale", "scael"), r"unknown key 'scael'.*did you mean 'scale'"),
        (GOOD.replace("name", "nmae"), r"did you mean 'name'|the key 'name' is missing"),
        (GOOD + "maximise = 1", "maximise"),
        ("schema = 2\n" + GOOD, "an objective set of schema 2; this MINAS knows schema 1: update MINAS"),
        (
            GOOD + BOUNDS.replace("ideal = 10", "ideal = 0"),
            "action is judged by its logarithm: its ideal bound must be above 0",
        ),
        (GOOD + BOUNDS.replace("0.9", "0.0"), "bounds must ascend, not ideal 0 and reference 0"),
        (GOOD + BOUNDS.replace("1e5", "nan"), "bounds must ascend|finite"),
        (
            GOOD + BOUNDS.replace(".action]", ".akction]"),
            r"bounds for 'akction', which is no objective; did you mean 'action'",
        ),
        (GOOD + BOUNDS[: BOUNDS.index("[bounds", 5)], "the task 'mnist-5k' has bounds, and none for action"),
        (GOOD + "=", "not valid TOML"),
    ],
)
def test_mistakes_in_a_file_are_named(file, text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        load(file(text), KNOWN)
    assert "mine.toml" in str(caught.value)


def test_a_set_that_is_not_there() -> None:
    with pytest.raises(UsageError, match=r"no objective set named 'papre', and no such file; did you mean 'paper'\?"):
        load("papre", KNOWN)


positive = st.floats(1e-200, 1e200)


@given(positive, positive)
def test_every_scale_keeps_the_order(first: float, second: float) -> None:
    low, high = sorted((first, second))
    for scale in ("linear", "log"):
        assert Objective(measure="x", scale=scale).value(low) <= Objective(measure="x", scale=scale).value(high)
    score = Objective(measure="x", maximise=True)
    assert score.value(low) >= score.value(high)


def test_a_logarithm_of_nothing_stays_a_number_and_the_least() -> None:
    action = Objective(measure="action", scale="log")
    assert action.value(1000.0) == 3.0
    assert action.value(0.0) == action.value(-1.0) == -300.0 < action.value(1e-299)
    assert Objective(measure="accuracy", scale="log", maximise=True).value(1.0) == -300.0
    assert Objective(measure="accuracy", maximise=True).name == "1 - accuracy"


THREE = ObjectiveSet(
    name="three",
    objectives=(
        Objective(measure="error"),
        Objective(measure="action", scale="log"),
        Objective(measure="accuracy", maximise=True),
    ),
)


def test_values_are_in_order_and_none_where_a_measure_is_missing_or_no_number() -> None:
    full = {"error": 0.25, "action": 100.0, "accuracy": 0.75, "flops": None}
    np.testing.assert_array_equal(THREE.values(full), [0.25, 2.0, 0.25])
    for bad in (None, math.nan, math.inf):
        assert THREE.values({**full, "action": bad}) is None
    assert THREE.values({"error": 0.25}) is None


@given(st.lists(st.tuples(st.floats(0, 1), positive, st.floats(0, 1)), min_size=1, max_size=5))
def test_bounds_become_0_and_1_and_order_is_kept(rows) -> None:
    bounds = {
        "error": Bounds(ideal=0.1, reference=0.5),
        "action": Bounds(ideal=10.0, reference=1e5),
        "accuracy": Bounds(ideal=0.0, reference=0.25),
    }
    ends = np.array([[0.1, 1.0, 0.0], [0.5, 5.0, 0.25]])
    np.testing.assert_allclose(THREE.normalise(ends, bounds), [[0.0] * 3, [1.0] * 3], atol=1e-15)
    values = np.array([THREE.values({"error": e, "action": a, "accuracy": c}) for e, a, c in rows])
    scaled = THREE.normalise(values, bounds)
    assert scaled.shape == values.shape
    for column in range(3):
        assert (np.diff(scaled[np.argsort(values[:, column], kind="stable"), column]) >= 0).all()


def test_what_a_run_stores_can_be_made_by_hand() -> None:
    with pytest.raises(ValueError, match="at least one"):
        ObjectiveSet(name="none", objectives=())
    assert THREE.schema == objectives.SCHEMA
