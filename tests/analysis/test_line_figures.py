"""Figures of methods without a network: agreement with the measures of networks, intervals, and their way through JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from minas.analysis.lines import judged_from_json, measured, spreads, wilson
from minas.errors import DataError
from minas.measures import MEASURES, Trained, measure


class Answers(torch.nn.Module):
    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.one_hot(inputs[:, 0].long(), 4).float()


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=40))
def test_figures_are_those_of_the_measures_of_the_same_name(pairs) -> None:
    targets, answers = (np.array(column) for column in zip(*pairs, strict=True))
    ours = measured(targets, answers)
    inputs = torch.from_numpy(answers)[:, None].float()
    trained = Trained(network=Answers().eval(), inputs=inputs, targets=torch.from_numpy(targets), classes=4)
    names = ["error", "balanced_accuracy", "macro_f1", "kappa"]
    theirs = {name: value for name, value in measure(trained, names).values.items() if value is not None}
    assert set(names) <= set(MEASURES.names())
    assert ours == pytest.approx(theirs)


@pytest.mark.parametrize(("wrong", "samples"), [(0, 50), (3, 293), (48, 1000), (50, 50)])
def test_the_interval_of_an_error_is_wilsons(wrong, samples) -> None:
    found = binomtest(wrong, samples).proportion_ci(method="wilson")
    assert wilson(wrong / samples, samples) == pytest.approx((found.low, found.high))


def test_scores_get_intervals_that_narrow_with_samples() -> None:
    targets = np.arange(60) % 3
    answers = np.where(np.arange(60) % 10 == 0, (targets + 1) % 3, targets)
    few, many = spreads(targets, answers), spreads(np.tile(targets, 20), np.tile(answers, 20))
    for name in few:
        assert few[name].low <= few[name].mean <= few[name].high
        assert few[name].high - few[name].low > 2 * (many[name].high - many[name].low)
    assert spreads(targets, answers) == few


def line() -> dict:
    return {
        "name": "SVM",
        "source": "Cortes and Vapnik",
        "seconds": 1.5,
        "measures": {"error": 0.1},
        "test": {"error": {"mean": 0.12, "low": 0.1, "high": 0.15, "samples": 50}},
    }


def test_figures_come_back_from_json() -> None:
    assert judged_from_json(json.loads(json.dumps(line()))).to_json() == line()


@pytest.mark.parametrize(
    "change",
    [
        {"test": None},
        {"test": {"error": {"mean": 1}}},
        {"seconds": "long"},
        {"measures": {"error": float("nan")}},
        {"name": None},
    ],
)
def test_other_values_are_refused(change) -> None:
    values = {**line(), **change}
    if change == {"name": None}:
        del values["name"]
    with pytest.raises(DataError):
        judged_from_json(values)
