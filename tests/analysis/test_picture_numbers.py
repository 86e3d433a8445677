from __future__ import annotations

import dataclasses
import subprocess
import sys

import numpy as np
import pytest
from planted_trials import BOUNDS, PAPER, trial, trials

from minas.analysis.front import front_of
from minas.analysis.lines import Judged, Spread
from minas.analysis.pictures import front_picture, hypervolume_picture, outside, title
from minas.objectives import Objective, ObjectiveSet
from minas.trial import Candidate, Status, Trial

SEARCH = trials((0.01, 1e3, 1e5), (0.03, 50, 1e4), (0.1, 2e3, 2e5), (0.85, 3e3, 5e5))


def repeat(key: str, seed: int, error: float, baseline: str | None = None) -> Trial:
    role = "baseline" if baseline else "confirmation"
    candidate = Candidate(role=role, number=seed, key=key, architecture=None, baseline=baseline, seed=seed, epochs=9)  # type: ignore[arg-type]
    measures = {"error": 0.5, "test_error": error, "action": 10.0, "test_action": 20.0, "flops": 1e4}
    return Trial(candidate=candidate, status=Status.COMPLETE, measures=measures)


def test_what_the_front_plot_shows() -> None:
    front = front_of(SEARCH, PAPER, BOUNDS)
    key = front.members[1].key
    picture = front_picture(
        front,
        SEARCH,
        title="t",
        units={"flops": "MACs"},
        control=trials((0.2, 500, 3e4)),
        baselines=[repeat("baseline:chain_w_8", s, 0.02 + s / 100, "chain_w_8") for s in (0, 1)],
        confirmation=[repeat(key, s, 0.02) for s in (0, 1)],
    )
    assert [axis.label for axis in picture.axes] == ["error", "action", "FLOPs (MACs)"]
    assert [axis.log for axis in picture.axes] == [False, True, True]
    assert picture.dominated.tolist() == [[0.1, 2e3, 2e5], [0.85, 3e3, 5e5]]
    assert picture.control.tolist() == [[0.2, 500, 3e4]]
    accurate, knee = picture.members
    assert accurate.name == "accurate"
    assert knee.name == "knee / frugal"
    assert accurate.test == (None, None, None)
    assert [interval.mean for interval in knee.test if interval] == pytest.approx([0.02, 20.0, 1e4])
    baseline = picture.baselines[0]
    assert (baseline.name, baseline.named) == ("chain w 8", True)
    assert baseline.test[0] is not None
    assert baseline.test[0].mean == pytest.approx(0.025)
    assert baseline.test[0].low < 0.02 < 0.03 < baseline.test[0].high  # type: ignore[operator]


def line(name: str, error: float) -> Judged:
    spread = Spread(mean=error, low=error - 0.01, high=error + 0.01, samples=100)
    return Judged(name=name, source="", seconds=1.0, measures={}, test={"error": spread})


def test_lines_are_sorted_and_the_axis_reaches_those_that_are_near() -> None:
    front = front_of(SEARCH, PAPER, BOUNDS)
    bare = front_picture(front, SEARCH, title="t")
    high = bare.axes[0].limits[1]
    picture = front_picture(front, SEARCH, title="t", lines=[line("far", 0.7), line("near", 1.2 * high)])
    assert [(rung.name, rung.value) for rung in picture.lines] == [("near", 1.2 * high), ("far", 0.7)]
    assert 1.2 * high < picture.axes[0].limits[1] < 0.7
    assert picture.axes[1:] == bare.axes[1:]
    assert bare.lines == ()


def test_a_line_of_a_score_is_drawn_as_one_minus_it() -> None:
    score = ObjectiveSet(name="s", objectives=(Objective(measure="kappa", maximise=True), Objective(measure="flops")))
    judged = Judged(
        name="SVM", source="", seconds=1.0, measures={}, test={"kappa": Spread(mean=0.8, low=0.7, high=0.85, samples=9)}
    )
    bounds = {"kappa": BOUNDS["error"], "flops": BOUNDS["flops"]}
    picture = front_picture(front_of([], score, bounds), [], title="t", lines=[judged, line("no kappa", 0.1)])
    rung = picture.lines[0]
    assert (len(picture.lines), rung.value, rung.low, rung.high) == (
        1,
        pytest.approx(0.2),
        pytest.approx(0.15),
        pytest.approx(0.3),
    )


def test_without_a_control_the_initial_population_is_the_random_line() -> None:
    front = front_of(SEARCH, PAPER, BOUNDS)
    picture = front_picture(front, SEARCH, title="t", population=3)
    assert picture.random == "initial population"
    assert picture.control.tolist() == [[0.1, 2e3, 2e5]]  # the two on the front are drawn as members
    assert picture.dominated.tolist() == [[0.85, 3e3, 5e5]]
    assert picture.average is not None
    assert picture.average.tolist() == [0.03, 1e3, 1e5]
    control = front_picture(front, SEARCH, title="t", control=trials((0.2, 500, 3e4)), population=3)
    assert control.random == "control"
    assert control.average is not None
    assert control.average.tolist() == [0.2, 500, 3e4]
    assert front_picture(front, SEARCH, title="t").average is None


def test_trials_near_chance_lie_beyond_the_axis_and_are_counted() -> None:
    picture = front_picture(front_of(SEARCH, PAPER, BOUNDS), SEARCH, title="t")
    low, high = picture.axes[0].limits
    assert low == 0.0
    assert 0.1 < high < 0.85
    assert outside(picture) == 1


def test_log_limits_hold_all_positive_values_and_a_decade() -> None:
    told = [*SEARCH, trial(9, {"error": 0.02, "action": 0.0, "flops": 1e4})]
    picture = front_picture(front_of(told, PAPER, BOUNDS), told, title="t")
    assert 0 < picture.axes[1].limits[0] < 50
    assert picture.axes[1].limits[1] > 3e3
    one = front_picture(front_of(SEARCH[:1], PAPER, BOUNDS), SEARCH[:1], title="t")
    low, high = one.axes[2].limits
    assert high / low == pytest.approx(10)
    assert low < 1e5 < high


def test_missing_measures_are_nan_and_empty_runs_have_axes() -> None:
    told = [*SEARCH, trial(9, {"error": 0.5, "action": None, "flops": 1e4})]
    picture = front_picture(front_of(told, PAPER, BOUNDS), told, title="t")
    assert np.isnan(picture.dominated[-1]).tolist() == [False, True, False]
    empty = front_picture(front_of([], PAPER, BOUNDS), [], title="t")
    assert empty.axes[0].limits == (0.0, 1.0)
    assert outside(empty) == 0


def test_a_score_is_drawn_as_one_minus_it() -> None:
    score = ObjectiveSet(
        name="s", objectives=(Objective(measure="accuracy", maximise=True), Objective(measure="flops", scale="log"))
    )
    told = [dataclasses.replace(SEARCH[0], measures={"accuracy": 0.9, "flops": 1e4})]
    confirmation = [repeat(told[0].candidate.key, 0, 0.0)]
    confirmation[0] = dataclasses.replace(confirmation[0], measures={"test_accuracy": 0.8, "flops": 1e4})
    bounds = {"accuracy": BOUNDS["error"], "flops": BOUNDS["flops"]}
    picture = front_picture(front_of(told, score, bounds), told, title="t", confirmation=confirmation)
    assert picture.axes[0].label == "1 - accuracy"
    assert picture.members[0].values[0] == pytest.approx(0.1)
    assert picture.members[0].test[0].mean == pytest.approx(0.2)  # type: ignore[union-attr]


def test_hypervolume_picture() -> None:
    picture = hypervolume_picture(SEARCH, PAPER, BOUNDS, title="t", control=SEARCH[2:], population=20)
    assert len(picture.search) == 4
    assert len(picture.control) == 2
    assert picture.population == 4
    assert picture.search[-1] == pytest.approx(front_of(SEARCH, PAPER, BOUNDS).hypervolume)


def test_title() -> None:
    front = front_of(SEARCH[:1], PAPER, BOUNDS)
    assert title(run="r1", task="mnist", trials=1, front=front).startswith(
        "r1, mnist: 1 trial, 1 on the front, hypervolume 0."
    )


def test_analysis_and_plots_do_not_import_torch() -> None:
    code = (
        "import sys, minas.plots, minas.analysis.pick, minas.analysis.pictures, minas.analysis.topology, minas.analysis.comparison\n"
        "minas.plots.SHELF.all()\n"
        "assert not {'torch', 'pymoo', 'matplotlib', 'scipy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
