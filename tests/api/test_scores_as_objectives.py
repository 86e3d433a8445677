"""A search that minimises 1 - x of scores, from a user's objective set to front, plots, pick and JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest

import minas
from minas.analysis.pictures import front_picture
from minas.api.plots import plot_run
from minas.errors import ConfigError

TINY = {
    "trials": 6,
    "population": 3,
    "window": 2,
    "epochs": 3,
    "members": 2,
    "confirmation_epochs": 2,
    "confirmation_seeds": 2,
    "workers": 1,
    "max_flops": 60_000,
}
MINE = """
name = "mine"
[[objectives]]
measure = "macro_f1"
maximise = true
[[objectives]]
measure = "action"
scale = "log"
[[objectives]]
measure = "roc_auc"
maximise = true
scale = "log"
"""


@pytest.fixture(scope="module")
def data():
    """Three classes, of 90, 45 and 15 images."""
    rng = np.random.default_rng(1)
    y = np.repeat([0, 1, 2], [90, 45, 15])
    x = rng.integers(0, 160, (150, 10, 10), dtype=np.uint8)
    x[y == 1, :5] += 70
    x[y == 2, :, :5] += 70
    return x, y


@pytest.fixture(scope="module")
def run(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("scores")
    (folder / "mine.toml").write_text(MINE)
    return minas.search("vision", data=data, objectives=folder / "mine.toml", out=folder / "run", **TINY)


@pytest.mark.slow
def test_the_front_is_that_of_1_minus_the_score(run):
    rows = [
        (1 - t.measures["macro_f1"], np.log10(t.measures["action"]), np.log10(max(1 - t.measures["roc_auc"], 1e-300)))
        for t in run.trials
    ]
    best = [n for n, a in enumerate(rows) if not any(all(np.less_equal(b, a)) and any(np.less(b, a)) for b in rows)]
    assert {member.trial.number for member in run.front} == {run.trials[n].number for n in best}
    accurate = run.front.accurate().measures["macro_f1"]
    assert accurate == max(member.measures["macro_f1"] for member in run.front)


@pytest.mark.slow
def test_its_bounds_end_where_one_answer_for_all_would_be(run):
    task = run.configuration.task
    right = 1 - task.majority_error
    assert run.bounds["macro_f1"].reference == pytest.approx(1 - 2 * right / (1 + right) / 3)
    assert run.bounds["roc_auc"].reference == 0.5
    assert run.configuration.objectives.objectives[0].maximise


@pytest.mark.slow
def test_json_csv_and_the_test_samples_give_the_score_itself(cli, run):
    found = json.loads(cli("front", run.path, "--json").out)
    assert found["objectives"] == ["1 - macro_f1", "action", "1 - roc_auc"]
    assert found["units"]["macro_f1"] == "1"
    for member in found["members"]:
        assert 0 <= member["measures"]["macro_f1"] <= 1
    confirmed = [member["test"] for member in found["members"] if member["test"]]
    assert confirmed
    assert all(0 <= test["balanced_accuracy"]["mean"] <= 1 for test in confirmed)
    assert "measures.kappa" in cli("front", run.path, "--csv").out.splitlines()[0]


@pytest.mark.slow
def test_the_plot_shows_1_minus_the_score_of_members_and_baselines(run, tmp_path):
    drawn = front_picture(
        run.front.analysis, run.trials, title="", baselines=run.baseline_trials, confirmation=run.confirmation
    )
    assert [axis.label for axis in drawn.axes] == ["1 - macro-F1", "action", "1 - ROC-AUC"]
    for mark in drawn.baselines:
        repeats = [t.measures["macro_f1"] for t in run.baseline_trials if t.candidate.baseline == mark.name]
        assert mark.values[0] == pytest.approx(1 - np.mean(repeats))
        assert mark.test[0].low <= mark.test[0].mean <= mark.test[0].high
    assert len(drawn.baselines) == len({trial.candidate.baseline for trial in run.baseline_trials}) > 0
    assert plot_run(run, "front", tmp_path / "front.svg").stat().st_size > 0


@pytest.mark.slow
def test_pick_takes_a_score_s_limit_as_the_least(cli, run):
    found = json.loads(cli("pick", run.path, "--limit", "macro_f1=0", "--by", "macro_f1", "--json").out)
    assert found["within"] == len(run.front)
    assert found["figures"]["macro_f1"] == pytest.approx(max(f["macro_f1"] for f in run.front.choice({}).figures.values()))
    refused = cli("pick", run.path, "--limit", "macro_f1=1.01")
    assert refused.code == 1
    assert "No member of the front is within the limits (macro-F1 at least 1.01)." in refused.out


def test_a_score_that_would_be_minimised_is_refused_before_anything_is_made(data, tmp_path):
    (tmp_path / "mine.toml").write_text(MINE.replace("maximise = true", "", 1))
    with pytest.raises(ConfigError, match="of 'macro_f1' more is better; write maximise = true beside it"):
        minas.search("vision", data=data, objectives=tmp_path / "mine.toml", out=tmp_path / "run", **TINY)
    assert not (tmp_path / "run").exists()
