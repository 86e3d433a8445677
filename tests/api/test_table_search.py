"""Searches of a table: quick, repeatable, gone on with, and read as any other run."""

from __future__ import annotations

import json

import pytest
import small_tables

import minas
from minas.api.search import resume
from minas.api.sitting import InterruptedRunError
from minas.errors import UsageError
from minas.evolution.session import Progress

OBJECTIVES = ["100-accuracy", "cost"]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return small_tables.write(tmp_path_factory.mktemp("table") / "bench.csv.gz")


def searched(path, out, **options):
    given = {"code": "code", "objectives": OBJECTIVES, "trials": 18, "population": 6, "window": 4, **options}
    return minas.search(space=f"table:{path}", out=out, **given)


@pytest.fixture(scope="module")
def run(path, tmp_path_factory):
    return searched(path, tmp_path_factory.mktemp("runs") / "run")


def figures(run):
    return [(t.candidate.key, t.candidate.architecture, t.candidate.parents, t.status, t.measures) for t in run.trials]


def test_a_search_looks_architectures_up_and_pays_for_none_twice(run):
    assert len(run.told) == 18
    assert len({trial.candidate.key for trial in run.told}) == 18
    for trial in run.told:
        code = trial.candidate.architecture["code"]
        assert trial.measures == {"100-accuracy": 100 - small_tables.accuracy(code), "cost": 10 + sum(map(int, code))}
    best = max(small_tables.accuracy(trial.candidate.architecture["code"]) for trial in run.told)
    assert run.front.accurate().measures["100-accuracy"] == 100 - best
    assert run.trial(run.front[0].id).candidate.key == run.front[0].key


def test_nothing_is_trained_confirmed_or_compared_with_published_networks(run):
    assert run.configuration.settings.members == 0
    assert (run.confirmation, run.baseline_trials, run.lines) == ([], [], [])
    assert list((run.path / "weights").iterdir()) == []


def test_bounds_are_the_tables_and_stored_with_the_run(run):
    errors = sorted(100 - small_tables.accuracy(code) for code in small_tables.codes())
    bounds = run.configuration.bounds
    assert bounds["100-accuracy"].ideal == 0.0
    assert bounds["100-accuracy"].reference == (errors[11] + errors[12]) / 2
    assert bounds["cost"].reference == 10 + 2 + 5 + 2  # of the best one, the dearest member of the true front
    assert 0.0 < run.front.hypervolume < 1.0


def test_same_seed_same_trials_whatever_the_workers(path, run, tmp_path):
    assert figures(searched(path, tmp_path / "again", workers=2)) == figures(run)
    assert figures(searched(path, tmp_path / "other", seed=1)) != figures(run)


def test_classes_are_paid_for_once_and_end_the_search(path, tmp_path):
    run = searched(path, tmp_path / "run", classes="kind", trials=24)
    assert len(run.told) == 12
    assert len({code["code"][0] + code["code"][2] for code in (t.candidate.architecture for t in run.told)}) == 12


def test_an_interrupted_search_goes_on_to_the_same_end(path, run, tmp_path):
    def stop(progress: Progress) -> None:
        if progress.phase == "search" and progress.told >= 7:
            raise KeyboardInterrupt

    with pytest.raises(InterruptedRunError, match="--resume"):
        searched(path, tmp_path / "run", listener=stop)
    assert 0 < len(minas.open_run(tmp_path / "run").told) < 18
    again = resume(tmp_path / "run")
    assert figures(again) == figures(run)
    assert again.front.hypervolume == run.front.hypervolume


def test_a_changed_table_is_refused_on_resume_and_finished_runs_can_be_read_without_it(tmp_path):
    path = small_tables.write(tmp_path / "bench.csv")

    def stop(progress: Progress) -> None:
        if progress.phase == "search":
            raise KeyboardInterrupt

    with pytest.raises(InterruptedRunError):
        searched(path, tmp_path / "broken", listener=stop)
    finished = searched(path, tmp_path / "finished")
    path.write_text(path.read_text() + "\n")
    with pytest.raises(UsageError, match=r"bench.csv has changed since the search was made"):
        resume(tmp_path / "broken")
    path.unlink()
    assert len(minas.open_run(finished.path).front) == len(finished.front)
    assert resume(finished.path).front.hypervolume == finished.front.hypervolume


def test_the_configuration_names_the_file_by_its_path_and_digest(path, run):
    import hashlib

    found = run.configuration.search_space["table"]
    assert found["file"] == str(path)
    assert found["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest() == run.configuration.task.digest


def test_a_search_without_a_number_of_trials_has_250(tmp_path):
    rows = "".join(f"{number:03},{number % 37},{(number * 7) % 101}\n" for number in range(400))
    path = small_tables.write(tmp_path / "many.csv", "code,accuracy,cost\n" + rows)
    assert len(searched(path, tmp_path / "run", trials=None).told) == 250


def test_random_architectures_beside_it(path, tmp_path):
    run = searched(path, tmp_path / "run", control=True, trials=10)
    assert len(run.control) == 10
    assert run.comparison.source == "control"


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"code": None}, "needs --code"),
        ({"objectives": None}, "needs --objectives"),
        ({"objectives": ["cost", "cost"]}, "named twice"),
        ({"objectives": ["acuracy"]}, "no column named 'acuracy'; did you mean 'accuracy'?"),
        ({"code": "number"}, "digits"),
        ({"code": "kind"}, "stands in line 2 already"),
        ({"domain": "vision"}, "so a domain can't be given with it"),
        ({"data": "digits.npz"}, "so data can't be given with it"),
        ({"epochs": 3}, "so --epochs can't be given with it"),
        ({"lambda_": 0.1}, "so --lambda can't be given with it"),
        ({"members": 2}, "no members to confirm"),
        ({"max_flops": "2k"}, "so limits can't be given with it"),
        ({"trials": 0}, "trials must be at least 1"),
        ({"window": 0}, "window must be at least 1"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words_and_leaves_no_folder(path, tmp_path, options, text):
    with pytest.raises(UsageError) as caught:
        searched(path, tmp_path / "run", **options)
    assert text in str(caught.value)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("option", ["code", "classes"])
def test_columns_go_with_a_table(tmp_path, option):
    with pytest.raises(UsageError, match=f"--{option} names a column of a table"):
        minas.search("vision", trials=1, out=tmp_path / "run", **{option: "x"})
    with pytest.raises(UsageError, match="columns go with space='table:FILE'"):
        minas.search("vision", trials=1, out=tmp_path / "run", objectives=["x"])


@pytest.mark.parametrize("use", ["network", "export", "draw", "groups"])
def test_what_needs_a_network_says_that_there_is_none(run, tmp_path, use):
    from minas.api.plots import plot_architecture

    member = run.front.knee()
    uses = {
        "network": member.network,
        "export": lambda: member.export(tmp_path / "out"),
        "draw": lambda: plot_architecture(member, tmp_path / "a.png"),
        "groups": run.leave_one_group_out,
    }
    with pytest.raises(UsageError, match="the search of a table") as caught:
        uses[use]()
    assert str(caught.value).count(". ") == 0
    assert list(tmp_path.iterdir()) == []


def test_the_commands_search_read_and_plot_a_table(cli, path, run, tmp_path):
    out = tmp_path / "run"
    arguments = ["--space", f"table:{path}", "--code", "code", "--objectives", "100-accuracy,cost", "--out", str(out)]
    made = cli("search", *arguments, "--trials", "18", "--population", "6", "--window", "4", "--json", "--quiet")
    assert made.code == 0, made.err
    found, same = json.loads(made.out), json.loads(cli("front", str(run.path), "--json").out)
    assert found["members"] == same["members"]
    expected = {"schema", "run", "domain", "task", "seed", "trials", "hypervolume", "units", "objectives", "members"}
    assert expected | {"baselines", "control"} <= set(found)
    assert (found["domain"], found["task"], found["objectives"]) == ("table", "bench", OBJECTIVES)
    assert found["units"] == {"100-accuracy": "", "cost": ""}
    assert set(found["members"][0]) == {"id", "architecture", "measures", "test", "on_front", "labels"}

    shown = cli("front", str(out))
    header = next(line for line in shown.out.splitlines() if line.startswith("architecture"))
    assert header.split() == ["architecture", "code", "100-accuracy", "cost"]
    assert "FLOPs" not in shown.out
    assert len(json.loads(cli("trials", str(out), "--json").out)) == 18
    assert cli("trials", str(out)).out.splitlines()[0].split()[:6] == [
        "architecture", "number", "status", "code", "100-accuracy", "cost",
    ]  # fmt: skip
    assert cli("plot", str(out), str(tmp_path / "front.png")).code == 0
    assert (tmp_path / "front.png").stat().st_size > 10_000
    picked = cli("pick", str(out), "--limit", "100-accuracy=8", "--by", "cost")
    assert picked.code == 0
    assert "training" not in picked.out
    for refused in (["export", str(out), "knee", str(tmp_path / "x")], ["plot", str(out), "--architecture", "knee"]):
        failed = cli(*refused)
        assert failed.code == 2
        assert len(failed.err.strip().splitlines()) == 1


def test_the_printed_command_repeats_the_search(cli, run, tmp_path):
    import shlex

    command = shlex.split(run.fact("repeat"))
    assert command[:2] == ["minas", "search"]
    again = cli(*command[1:], "--out", str(tmp_path / "again"), "--quiet")
    assert again.code == 0, again.err
    assert figures(minas.open_run(tmp_path / "again")) == figures(run)
