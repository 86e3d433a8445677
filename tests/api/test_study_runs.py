"""A study from its file to its tables: killed, gone on with, on one worker or two, it comes to the same."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from minas.api.study_analysis import read_cells
from minas.run.store import Store
from minas.trial import Candidate

DESIGN = """
seeds = 2
lambdas = [0.0, 0.2]

[[tasks]]
domain = "vision"
data = {data}
epochs = 1
target_error = 0.5

[[tasks]]
domain = "vision"
name = "again"
data = {data}
epochs = 1
families = {{ few = {{ names = ["chain w8 no inner", "MLP w64"] }} }}

[[strategies]]
name = "usual"

[[strategies]]
name = "momentum"
optimizer = "sgd"
learning_rate = 0.05

[families]
conventional = {{ names = ["chain w8 no inner", "MLP w64"] }}
random = {{ source = "random", instances = 2 }}
"""
CELLS = 2 * 2 * 2 * (4 + 2)


@pytest.fixture(scope="module")
def design(tmp_path_factory, thousand_digits) -> Path:
    path = tmp_path_factory.mktemp("design") / "small.toml"
    path.write_text(DESIGN.format(data=json.dumps(str(thousand_digits))))
    return path


def start(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "minas", "study", *map(str, arguments), "--quiet"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def finished(folder: Path) -> int:
    try:
        with sqlite3.connect(f"file:{folder / 'run.db'}?mode=ro", uri=True) as connection:
            return int(connection.execute("SELECT count(*) FROM trials").fetchone()[0])
    except sqlite3.Error:
        return 0


def figures(folder: Path) -> list[tuple[object, ...]]:
    """Return everything of a study's cells but what they cost."""
    with Store(folder / "run.db", read_only=True) as store:
        return [(t.candidate, t.status, dict(t.measures), dict(t.reasons)) for t in store.trials("study")]


def tables(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.glob("*.csv")}


@pytest.fixture(scope="module")
def whole(tmp_path_factory, design) -> Path:
    """A study that nothing happened to."""
    out = tmp_path_factory.mktemp("whole") / "study"
    process = start(design, "--out", out, "--workers", 2)
    text, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert f"{CELLS} of {CELLS} cells complete" in text
    return out


@pytest.mark.slow
def test_a_study_killed_halfway_comes_to_the_same_tables(whole, design, tmp_path):
    out = tmp_path / "killed"
    process = start(design, "--out", out, "--workers", 1)
    deadline = time.monotonic() + 200
    while finished(out) < CELLS // 2 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert process.poll() is None, "it ended before it was killed"
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    before = dict.fromkeys(range(finished(out)))
    assert CELLS // 2 <= len(before) < CELLS
    with Store(out / "run.db", read_only=True) as store:
        kept = {trial.number: trial.cost for trial in store.trials("study")}
    process = start("--resume", out, "--workers", 1)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert figures(out) == figures(whole)
    assert tables(out) == tables(whole)
    assert tables(whole)
    with Store(out / "run.db", read_only=True) as store:
        assert all(trial.cost == kept[trial.number] for trial in store.trials("study") if trial.number in kept)


@pytest.mark.slow
def test_ctrl_c_says_how_to_go_on(design, tmp_path):
    out = tmp_path / "a study"
    process = start(design, "--out", out, "--workers", 1)
    deadline = time.monotonic() + 200
    while finished(out) < 2 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert f"Go on with: minas study --resume '{out}'" in errors
    assert "Traceback" not in errors
    process = start("--resume", out, "--time", "1s", "--workers", 1)  # too short for all of it: what is there is analysed
    text, errors = process.communicate(timeout=100)
    assert process.returncode == 0, errors
    assert f"stopped by --time; go on with: minas study --resume {out}" in text
    assert f"of {CELLS} cells complete" in text


@pytest.mark.slow
def test_the_analysis_needs_neither_torch_nor_the_data(whole, tmp_path):
    code = (
        "import sys\n"
        "class No:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in ('torch', 'pymoo'):\n"
        "            raise ImportError(name)\n"
        "sys.meta_path.insert(0, No())\n"
        f"sys.argv = ['minas', 'study', 'analyse', {str(whole / 'run.db')!r}, '--out', {str(tmp_path / 'new')!r}]\n"
        "from minas.cli import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stderr
    assert tables(tmp_path / "new") == tables(whole)
    assert (tmp_path / "new" / "report.md").read_text() == (whole / "report.md").read_text()


@pytest.mark.slow
def test_cells_say_their_levels_and_what_was_measured(whole):
    cells, candidates, facts = read_cells(whole)
    assert len(cells) == len(candidates) == CELLS
    assert all(cell.complete for cell in cells)
    assert set(facts["tasks"]) == {"vision", "again"}
    reached = [cell for cell in cells if cell.domain == "again"]
    assert all("epochs_to_accuracy" not in cell.measures for cell in reached), "no target was set there"
    same = {
        (cell.instance, cell.lambda_, cell.strategy, cell.seed): cell.measures["action"]
        for cell in cells
        if cell.domain == "vision" and cell.family == "conventional"
    }
    other = {(cell.instance, cell.lambda_, cell.strategy, cell.seed): cell.measures["action"] for cell in reached}
    assert same.keys() == other.keys()
    assert all(same[key] != other[key] for key in same), "another task has seeds of its own"


@pytest.mark.slow
def test_the_folder_of_a_study_is_not_written_over(whole, design):
    process = start(design, "--out", whole)
    _, errors = process.communicate(timeout=100)
    assert process.returncode == 2
    assert f"{whole} already holds a study: go on with it by --resume {whole}" in errors


def test_a_dry_run_counts_cells_and_trains_nothing(cli, design, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = cli("study", str(design), "--dry-run", "--json")
    assert found.code == 0, found.err
    values = json.loads(found.out)
    assert values["cells"] == CELLS == sum(row["cells"] for row in values["instances"])
    assert values["core_seconds"] == pytest.approx(sum(row["seconds"] for row in values["instances"]))
    mlp = next(row for row in values["instances"] if row["instance"] == "MLP w64" and row["task"] == "vision")
    assert mlp["flops"] == 784 * 64 + 64 * 64 * 2 + 64 * 10
    assert mlp["training_macs"] == 3 * mlp["flops"] * 600 * mlp["cells"]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["study", "defualt"], "no study named 'defualt', and no such file; did you mean 'default'?"),
        (["study", "default", "--quick"], "a design, --quick or --resume, only one of them"),
        (["study", "analyse"], "expected a study's folder, as in: minas study analyse results/my-study"),
        (["study", "analyse", "/no/such/study"], "/no/such/study is not a study's folder: it has no run.db"),
        (["study", "--resume", "/no/such/study"], "/no/such/study is not a study's folder"),
        (["study", "quick", "/no/such/study"], "expected one design"),
        (["study", "--quick", "--time", "5x"], "'5x' is not a span of time"),
        (["study", "--quick", "--engine", "locl"], "did you mean 'local'?"),
        (["study", "--quick", "--workers", "0"], "workers must be at least 1, not 0"),
    ],
)
def test_mistakes_are_named(cli, tmp_path, monkeypatch, arguments, text):
    monkeypatch.chdir(tmp_path)
    found = cli(*arguments)
    assert found.code == 2
    assert text in found.err
    assert not list(tmp_path.rglob("*")), "what can't be met leaves nothing behind"


def test_the_folder_of_a_search_is_no_study(cli, tmp_path):
    with Store(tmp_path / "run.db") as store:
        store.put_fact("spent", 1.0)
    found = cli("study", "analyse", str(tmp_path))
    assert found.code == 2
    assert "is not a study's folder: its store plans none" in found.err


@pytest.mark.parametrize("arguments", [["study", "analyse"], ["study", "--resume"]])
def test_a_sweep_is_no_study(cli, tmp_path, arguments):
    with Store(tmp_path / "run.db") as store:
        store.put_fact("study", {"tasks": {}, "design": {}, "versions": {}, "kind": "sweep"})
    found = cli(*arguments, str(tmp_path))
    assert found.code == 2
    assert f"minas sweep --resume {tmp_path}" in found.err


def test_another_file_than_the_store_is_refused(cli, tmp_path):
    (tmp_path / "backup.db").touch()
    found = cli("study", "analyse", str(tmp_path / "backup.db"))
    assert found.code == 2
    assert "expected a study's folder, or the run.db in it" in found.err


@pytest.mark.parametrize("work", ["", "[]", '{"domain": "vision"}', '{"domain": "vision", "source": {"way": 1}}'])
def test_work_that_no_study_writes_is_refused(cli, tmp_path, work):
    with Store(tmp_path / "run.db") as store:
        store.put_fact("study", {"tasks": {"vision": {"work": work}}, "design": {}, "versions": {}})
    found = cli("study", "--resume", str(tmp_path))
    assert found.code == 2
    assert "is damaged: its task vision says no work" in found.err


@pytest.mark.parametrize("levels", [{}, {"lambda": "x"}, {"seed": 0.5}, {"domain": 3}, {"more": "y"}])
def test_levels_that_no_study_writes_are_refused(cli, tmp_path, levels):
    usual = {"domain": "v", "family": "f", "instance": "i", "functional": "action", "strategy": "s", "lambda": 0, "seed": 0}
    with Store(tmp_path / "run.db") as store:
        store.put_fact("study", {"tasks": {}, "design": {}, "versions": {}})
        store.put_candidate(
            Candidate(
                role="study",
                number=0,
                key="k",
                architecture=None,
                seed=0,
                epochs=1,
                levels={**usual, **levels} if levels else {},
            )
        )
    found = cli("study", "analyse", str(tmp_path))
    assert found.code == 2
    assert "is damaged" in found.err
    assert "does not say its levels" in found.err


@pytest.mark.parametrize("fact", [[], {"tasks": {"a": {}}}, {"tasks": {}, "design": 3, "versions": {}}, "study"])
def test_a_damaged_plan_is_refused(cli, tmp_path, fact):
    with Store(tmp_path / "run.db") as store:
        store.put_fact("study", fact)
    found = cli("study", "analyse", str(tmp_path))
    assert found.code == 2
    assert "is damaged" in found.err
