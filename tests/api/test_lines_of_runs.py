"""The field's lines beside a front: kept once, shown by every reader, shipped for the default tasks."""

from __future__ import annotations

import json
import time

import pytest

import minas
from minas import resources
from minas.analysis.lines import Judged, judged_from_json, spreads
from minas.api import line_figures, phases
from minas.api import lines as api
from minas.api.tables import front_values
from minas.data.task import DataSource
from minas.domains import DOMAINS
from minas.lines import of_domain
from minas.run.configuration import TaskFacts

np = pytest.importorskip("numpy")
TASK = TaskFacts(name="a task", digest="0" * 64, shape=(1, 28, 28), classes=("a", "b"), samples=(30, 10, 20))


def judged(domain: str = "vision", error: float = 0.05) -> list[Judged]:
    targets = np.arange(20) % 2
    answers = np.where(np.arange(20) < 20 * error, 1 - targets, targets)
    return [
        Judged(name=line.name, source="", seconds=1.0, measures={"error": error}, test=spreads(targets, answers))
        for line in of_domain(domain)
    ]


def test_what_is_kept_is_found_for_the_same_task_only() -> None:
    line_figures.keep("vision", TASK, judged())
    assert line_figures.find("vision", TASK) == judged()
    for other in ({"digest": "1" * 64}, {"shape": (1, 14, 14)}):
        assert line_figures.find("vision", TaskFacts(**{**vars(TASK), **other})) == []


def test_figures_of_other_lines_than_those_on_the_shelf_are_none(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    line_figures.keep("physiological", TASK, judged("physiological")[:1])
    assert line_figures.find("physiological", TASK) == []


@pytest.mark.parametrize("text", ["", "[]", "{", '{"schema": 1, "task": 3}', '{"schema": 1, "task": {}, "lines": [4]}'])
def test_a_damaged_cache_is_as_good_as_none(tmp_path, monkeypatch, text) -> None:
    path = tmp_path / "broken.json"
    path.write_text(text)
    monkeypatch.setattr(line_figures, "_cached", lambda domain, task: path)
    assert line_figures.find("vision", TASK) == []


@pytest.mark.parametrize(
    "path", sorted((resources.folder("results") / "reference" / "lines").glob("*.json")), ids=lambda p: p.stem
)
def test_shipped_figures_are_of_all_lines_of_the_default_tasks(path) -> None:
    values = json.loads(path.read_text())
    domain = DOMAINS.get(values["domain"])
    assert values["task"]["name"] == domain.default_task
    assert {judged_from_json(row).name for row in values["lines"]} == {line.name for line in of_domain(domain.name)}
    assert path.name == f"{domain.name}-{domain.default_task}.json"


def test_the_shipped_figures_are_found_for_the_default_digits() -> None:
    from minas.api.request import Request, facts_of, load_task

    _, task, _ = load_task(Request(domain="vision", trials=1))
    assert [line.name for line in line_figures.find("vision", facts_of(task))] == ["SVM"]


def test_a_run_shows_its_lines_everywhere(finished_run: minas.Run, cli) -> None:
    pytest.importorskip("sklearn")
    assert [line.name for line in finished_run.lines] == ["SVM"]
    row = front_values(finished_run)["lines"][0]
    assert set(row) == {"name", "measures", "test"}
    assert set(row["test"]["error"]) == {"mean", "low", "high", "samples"}
    assert row["test"]["error"]["samples"] == finished_run.configuration.task.samples[2]
    assert json.loads((finished_run.path / "front.json").read_text())["lines"] == [row]
    shown = cli("front", finished_run.path).out
    assert "SVM" in shown
    assert "Against the field's lines" in shown


def test_the_average_random_architecture_stands_in_json(finished_run: minas.Run) -> None:
    average = front_values(finished_run)["average"]
    assert average["source"] == "control"
    assert average["architectures"] == len(finished_run.control)
    complete = [trial.measures["flops"] for trial in finished_run.control if trial.status == "complete"]
    assert average["measures"]["flops"] == np.median(complete)


def test_lines_that_take_too_long_are_left_to_their_own_command(thousand_digits) -> None:
    pytest.importorskip("sklearn")
    began = time.monotonic()
    assert api.fit_lines_within(0.2, "vision", DataSource(path=str(thousand_digits))) == []
    assert api.fit_lines_within(-1.0, "vision", DataSource()) == []
    assert time.monotonic() - began < 60
    command = api.lines_command("vision", DataSource(path="/my images", image_size=32))
    assert command == "minas lines vision --data '/my images' --image-size 32"
    command = api.lines_command("physiological", DataSource(preprocessing="band=8-30,rate=250"))
    assert command == "minas lines physiological --preprocessing band=8-30,rate=250"


def test_a_broken_fit_is_no_reason_to_stop(tmp_path) -> None:
    assert api.fit_lines_within(60.0, "vision", DataSource(path=str(tmp_path / "nothing.npz"))) == []


def test_the_phase_takes_known_figures_without_fitting(monkeypatch) -> None:
    from types import SimpleNamespace

    facts: dict = {}
    monkeypatch.setattr(phases.line_figures, "find", lambda domain, task: judged())
    monkeypatch.setattr(phases, "fit_lines_within", lambda *given, **options: pytest.fail("fitted"))
    store = SimpleNamespace(fact=facts.get, put_fact=facts.__setitem__)
    session = SimpleNamespace(store=store, configuration=SimpleNamespace(domain="vision", task=TASK))
    phases._lines(session)
    assert [judged_from_json(row) for row in facts["lines"]] == judged()


def test_the_file_that_is_asked_for_is_written(cli, thousand_digits, tmp_path) -> None:
    pytest.importorskip("sklearn")
    outcome = cli("lines", "vision", "--data", thousand_digits, "--out", tmp_path / "lines.json", "--json")
    assert json.loads((tmp_path / "lines.json").read_text())["lines"] == json.loads(outcome.out)
    assert cli("lines", "vision", "--out", tmp_path / "no" / "lines.json").code == 2
