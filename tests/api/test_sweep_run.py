"""A small sweep on the real digits: what it writes, and that stopping it changes nothing."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import interrupted
import pytest

from minas.api.study_analysis import read_cells
from minas.api.sweep import Sweep, read_sweep, run_sweep
from minas.run.store import Store

pytestmark = pytest.mark.slow

OPTIONS = ["--lambda", "1e-3", "--functional", "activation", "--functional", "action", "--seeds", "2", "--epochs", "1"]
TABLES = ("sweep.csv", "summary.csv", "verdicts.csv")


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Sweep:
    """A sweep that nothing happened to."""
    out = tmp_path_factory.mktemp("sweeps") / "whole"
    return run_sweep("vision", lambdas=(1e-3,), functionals=("activation", "action"), seeds=2, epochs=1, workers=2, out=out)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_it_writes_a_row_a_training_and_a_row_a_lambda(whole):
    assert {path.name for path in whole.path.iterdir()} >= {*TABLES, "sweep.png", "study.toml", "run.db"}
    trainings = rows(whole.path / "sweep.csv")
    assert [(row["functional"], float(row["lambda"]), row["seed"], row["status"]) for row in trainings] == [
        (functional, weight, seed, "complete")
        for seed in ("0", "1")
        for functional, weight in (("activation_energy", 0.0), ("activation_energy", 1e-3), ("action", 1e-3))
    ]
    summary = rows(whole.path / "summary.csv")
    assert [(row["functional"], float(row["lambda"])) for row in summary] == [
        ("none", 0.0),
        ("activation_energy", 1e-3),
        ("action", 1e-3),
    ]
    for row in summary:
        assert (row["instance"], row["planned"], row["complete"]) == ("MLP", "2", "2")
        errors = [float(one["measures.test_error"]) for one in trainings if _same(one, row)]
        assert float(row["accuracy.mean"]) == pytest.approx(1 - sum(errors) / 2)
    assert whole.finished
    assert [verdict.functional for verdict in whole.verdicts] == ["activation_energy", "action"]


def _same(training: dict[str, str], row: dict[str, str]) -> bool:
    if float(row["lambda"]) == 0:
        return float(training["lambda"]) == 0
    return training["functional"] == row["functional"] and float(training["lambda"]) > 0


def test_the_functional_in_the_loss_is_what_falls(whole):
    bare, energy, action = whole.rows
    assert energy.ratios["activation_energy"].mean < 0.8 * bare.ratios["activation_energy"].mean
    assert action.ratios["action"].mean < 0.8 * bare.ratios["action"].mean
    assert all(cell.measures["lambda"] == cell.lambda_ for cell in whole.cells), "weights are absolute"


def test_killed_and_gone_on_with_it_gives_the_same_tables_and_trains_nothing_twice(whole, tmp_path):
    out = tmp_path / "killed"
    command = [sys.executable, "-m", "minas", "sweep", "vision", *OPTIONS, "--workers", "1", "--out", str(out)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    interrupted.wait_for_trials(out, 1, process, "study")
    interrupted.kill(process)
    with Store(out / "run.db", read_only=True) as store:
        kept = {trial.number: trial.cost for trial in store.trials("study")}
    assert 0 < len(kept) < 6
    unfinished = read_sweep(out)
    assert (unfinished.finished, unfinished.complete) == (False, len(kept)), "an unfinished sweep can be read"
    assert run_sweep(resume=out, workers=1).finished
    with Store(out / "run.db", read_only=True) as store:
        costs = {trial.number: trial.cost for trial in store.trials("study")}
    assert {number: costs[number] for number in kept} == kept
    for name in TABLES:
        assert (out / name).read_text() == (whole.path / name).read_text(), name


def test_the_command_prints_what_the_files_hold(whole, cli):
    before = {name: (whole.path / name).read_bytes() for name in (*TABLES, "sweep.png")}
    found = cli("sweep", "--resume", whole.path)
    assert found.code == 0, found.err
    assert "6 of 6 trainings complete" in found.out
    assert "MLP, activation energy in the loss: at " in found.out
    assert cli("sweep", "--resume", whole.path, "--csv").out == (whole.path / "summary.csv").read_text()
    values = json.loads(cli("sweep", "--resume", whole.path, "--json").out)
    assert (values["schema"], values["domain"], values["task"]) == (1, "vision", "mnist-5k")
    assert (values["trainings"], values["complete"]) == (6, 6)
    first = values["rows"][1]
    assert (first["lambda"], first["functional"], first["left_out"]) == (1e-3, "activation_energy", {})
    assert first["ratios"]["potential"]["mean"] == pytest.approx(whole.rows[1].ratios["potential"].mean)
    assert {name: (whole.path / name).read_bytes() for name in before} == before, "nothing is trained or drawn otherwise"


def test_a_study_is_no_sweep_and_a_folder_is_never_written_over(whole, cli, tmp_path):
    found = cli("sweep", "vision", *OPTIONS, "--out", whole.path)
    assert found.code == 2
    assert f"already holds a sweep: go on with it by --resume {whole.path}" in found.err
    cells, _, facts = read_cells(whole.path)
    assert len(cells) == 6
    with Store(tmp_path / "run.db") as store:
        store.put_fact("study", {**facts, "kind": "study"})
    found = cli("sweep", "--resume", tmp_path)
    assert found.code == 2
    assert f"holds a study and no sweep: go on with it by minas study --resume {tmp_path}" in found.err
