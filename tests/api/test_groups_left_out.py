"""Leave one group out: what is trained on what, a row a group, resumed where it stopped, and what can't be done."""

from __future__ import annotations

import csv
import io
import json
import shutil

import numpy as np
import pytest
from small_search import SMALL

import minas
from minas.api import groups
from minas.api.groups import groups_csv, leave_one_group_out
from minas.data.task import DataSource
from minas.domains import DOMAINS
from minas.errors import UsageError
from minas.run.store import Store

NAMES = ["ann", "bob", "cem", "dee", "eve"]


@pytest.fixture(scope="module")
def subjects(tmp_path_factory, thousand_digits):
    """Real digits, each of one of five made-up writers."""
    with np.load(thousand_digits) as found:
        path = tmp_path_factory.mktemp("groups") / "writers.npz"
        chosen = np.arange(len(found["y"])) % 4 == 0
        writers = np.array(NAMES)[np.random.default_rng(0).integers(0, 5, chosen.sum())]
        np.savez(path, x=found["x"][chosen], y=found["y"][chosen], groups=writers)
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory, subjects) -> minas.Run:
    folder = tmp_path_factory.mktemp("runs") / "writers"
    return minas.search("vision", data=subjects, workers=1, out=folder, **{**SMALL, "members": 1, "trials": 4})


@pytest.fixture(scope="module")
def left_out(run):
    return run.leave_one_group_out()


@pytest.mark.parametrize("name", NAMES)
def test_the_group_is_the_test_part_and_preprocessing_does_not_see_it(subjects, name) -> None:
    whole = DOMAINS.get("vision").load(DataSource(path=str(subjects)))
    task = DOMAINS.get("vision").load(DataSource(path=str(subjects), left_out=name))
    assert set(task.test.groups) == {name}
    assert set(task.train.groups) | set(task.validation.groups) == set(NAMES) - {name}
    assert task.digest != whole.digest
    assert task.preprocessing != whole.preprocessing or set(whole.train.groups) == set(task.train.groups)


@pytest.mark.slow
def test_there_is_a_row_for_each_group_that_says_what_the_search_saw(run, left_out, subjects) -> None:
    whole = DOMAINS.get("vision").load(DataSource(path=str(subjects)))
    rows = left_out["groups"]
    assert [row["group"] for row in rows] == NAMES
    assert sum(row["samples"] for row in rows) == 250
    assert {row["group"] for row in rows if not row["seen"]} == set(whole.test.groups)
    assert "seen" in left_out["selection"]
    for row in rows:
        assert row["reason"] is None
        for member in row["members"]:
            assert 0 <= member["test"]["error"]["mean"] <= 1
            assert member["test"]["error"]["seeds"] == left_out["seeds"] == 2
            assert "flops" not in member["test"]
    labels = [label for member in left_out["over_groups"] for label in member["labels"]]
    assert sorted(labels) == ["accurate", "frugal", "knee"]


@pytest.mark.slow
def test_means_are_over_groups_each_counting_once(left_out) -> None:
    for place, member in enumerate(left_out["over_groups"]):
        errors = {row["group"]: row["members"][place]["test"]["error"]["mean"] for row in left_out["groups"]}
        unseen = [errors[row["group"]] for row in left_out["groups"] if not row["seen"]]
        assert member["all"]["error"]["mean"] == pytest.approx(np.mean(list(errors.values())))
        assert member["all"]["error"]["groups"] == 5
        assert member["unseen"]["error"]["mean"] == pytest.approx(np.mean(unseen))


@pytest.mark.slow
def test_a_second_time_nothing_is_trained_and_what_is_missing_is(run, left_out, tmp_path, monkeypatch) -> None:
    copy = minas.open_run(shutil.copytree(run.path, tmp_path / "copy"))
    broken = groups.ENGINES
    monkeypatch.setattr(groups, "ENGINES", None)
    again = leave_one_group_out(copy)
    assert {**again, "run": run.name} == left_out
    monkeypatch.setattr(groups, "ENGINES", broken)
    shutil.rmtree(copy.path / "groups" / "0002")
    assert leave_one_group_out(copy)["groups"] == left_out["groups"]
    with Store(copy.path / "groups" / "0002" / "run.db", read_only=True) as store:
        assert len(store.trials("confirmation")) == 2 * len(left_out["over_groups"])


@pytest.mark.slow
def test_the_command_prints_a_table_json_or_csv(run, left_out, cli) -> None:
    assert json.loads(cli("groups", run.path, "--json").out) == left_out
    rows = list(csv.DictReader(io.StringIO(cli("groups", run.path, "--csv").out)))
    assert [row["group"] for row in rows] == NAMES
    assert (run.path / "groups.csv").read_text() == groups_csv(left_out)
    named = [name for name in rows[0] if "knee" in name and name.endswith(".error.mean")]
    assert float(rows[0][named[0]]) == left_out["groups"][0]["members"][0]["test"]["error"]["mean"]
    shown = cli("groups", run.path, "--quiet").out
    for words in (*NAMES, "seen by the search", "mean of all", "mean of the unseen", "was decided by the run"):
        assert words in shown


@pytest.mark.slow
def test_a_class_that_one_group_alone_has_leaves_a_reason(run, left_out, monkeypatch, tmp_path) -> None:
    from minas.errors import DataError

    copy = minas.open_run(shutil.copytree(run.path, tmp_path / "copy"))
    vision = DOMAINS.get("vision")

    class Domains:
        @staticmethod
        def get(name):
            return type("Domain", (), {"load": staticmethod(load)})

    def load(source):
        if source.left_out == "cem":
            raise DataError("class '3' is in the group 'cem' alone")
        return vision.load(source)

    monkeypatch.setattr(groups, "DOMAINS", Domains)
    rows = leave_one_group_out(copy)["groups"]
    assert [row["reason"] for row in rows] == [None, None, "class '3' is in the group 'cem' alone", None, None]
    assert all(member["test"] == {} for member in rows[2]["members"])


def test_data_without_groups_are_refused(finished_run, cli) -> None:
    with pytest.raises(UsageError, match="have no groups, so none can be left out"):
        finished_run.leave_one_group_out()
    assert cli("groups", finished_run.path).code == 2
