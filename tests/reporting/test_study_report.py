"""A study's folder: tables, plots and a report that read right whatever came of the study."""

from __future__ import annotations

import csv
import dataclasses
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from minas.analysis.cells import Cell
from minas.analysis.floors import RULE
from minas.errors import UsageError
from minas.reporting.markdown import table
from minas.reporting.study import study_json, write_study
from minas.reporting.study_tables import FILES
from minas.trial import Candidate

QUICK = dataclasses.replace(RULE, draws=200, permutations=19)
DESIGN: dict[str, Any] = {
    "design": {
        "description": "two families on digits",
        "lambda_scale": "relative",
        "strategies": [{"name": "usual", "optimizer": "adamw", "learning_rate_times": 1.0}, {"name": "slow", "learning_rate": 0.01}],
        "families": {"a": {"source": "random"}, "front": {"source": "front"}},
        "tasks": [{"domain": "vision", "target_error": 0.05}],
    },
    "tasks": {"vision": {"domain": "vision", "task": "digits", "samples": [4000, 500, 500], "own_data": False}},
    "versions": {"minas": "0.1.0"},
}  # fmt: skip


def study(
    domains: tuple[str, ...] = ("vision",), strategies: tuple[str, ...] = ("usual", "slow"), sd: float = 1.0
) -> list[Cell]:
    """Cells in which architectures differ by `sd` in log action and strategies hardly do."""
    import numpy as np

    rng = np.random.default_rng(1)
    out = []
    for domain in domains:
        for number in range(10):
            own, flops = rng.normal(0, sd), float(np.exp(rng.normal(12, 1)))
            for strategy in strategies:
                for weight in (0.0, 1.0):
                    for seed in range(4):
                        error = 0.1 + rng.normal(0, 0.001)
                        measures = {
                            "error": error,
                            "test_error": error + 0.01 + rng.normal(0, 0.001),
                            "train_error": error - 0.01,
                            "action": float(np.exp(8 + own - weight + rng.normal(0, 0.1))),
                            "activation_energy": float(np.exp(5 + own + rng.normal(0, 0.1))),
                            "flops": flops,
                            "activations": flops / 100,
                            "rescale_gap": 0.1,
                        }
                        out.append(
                            Cell(
                                domain=domain,
                                family="a" if number % 2 else "front",
                                instance=str(number),
                                lambda_=weight,
                                functional="action",
                                strategy=strategy,
                                seed=seed,
                                measures=measures,
                            )
                        )
    return out


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    folder = tmp_path_factory.mktemp("study")
    cells = study()
    cells[5] = dataclasses.replace(cells[5], status="diverged", reason="the loss is NaN", measures={})
    graph = {"schema": 1, "kind": "image", "head": {"grid": 3}, "stages": [{"width": 8, "stride": 2, "nodes": [{"operator": "conv3x3"}] * 3, "edges": [[0, 1], [0, 2], [1, 3], [2, 3], [1, 2]]}]}  # fmt: skip
    candidate = Candidate(role="study", number=0, key="k", architecture=graph, seed=0, epochs=1, levels={"domain": "vision", "family": "a", "instance": "1"})  # fmt: skip
    return folder, write_study(folder, cells, design=DESIGN, candidates=[candidate], rule=QUICK)


def test_the_folder_holds_what_the_report_names(written: tuple[Path, Any]) -> None:
    folder, _ = written
    text = (folder / "report.md").read_text()
    named = re.findall(r"\]\(([^)]+)\)", text)
    assert {"verdict.png", "effects.png", "over_lambda.png", "floors.png", "cells.csv", "claims.csv"} <= set(named)
    assert set(named) | {"report.md"} == {path.name for path in folder.iterdir()}


def test_tables_hold_every_cell_and_figure(written: tuple[Path, Any]) -> None:
    folder, result = written
    cells = rows(folder / "cells.csv")
    assert len(cells) == 160
    assert (cells[5]["status"], cells[5]["reason"], cells[5]["measures.error"]) == ("diverged", "the loss is NaN", "")
    assert float(cells[0]["measures.action"]) > 0
    assert len(rows(folder / "effects.csv")) == len(result.effects)
    assert [row["answer"] for row in rows(folder / "verdicts.csv")] == [row.answer for row in result.ceiling.verdicts]
    assert [row["answer"] for row in rows(folder / "claims.csv")] == [row.answer for row in result.claims.claims]
    assert rows(folder / "modularity.csv")[0]["instance"] == "1"


def test_the_report_says_what_was_found(written: tuple[Path, Any]) -> None:
    folder, result = written
    text = (folder / "report.md").read_text()
    main = result.ceiling.verdict("vision")
    assert main.answer == "supported"
    assert f"- {main.sentence}" in text
    assert "supported in 1 of 1 domain." in text
    assert "159 of 160 planned cells are complete" in text
    assert "1 cell did not complete (1 diverged: the loss is NaN)" in text
    assert "Two families on digits." in text
    assert "slow (learning rate 0.01)" in text
    assert "vision 5%" in text
    assert "There is one domain alone" in text
    assert "There is one training strategy" not in text
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert headings == [f"## {name}" for name in ("The verdict", "Question", "Method", "Result", "The other claims", "Frugal, or only looking so?", "Limits", "How to repeat it", "Tables")]  # fmt: skip
    assert "None" not in text.replace("None:", "")
    assert "nan" not in text.lower().replace("the loss is nan", "")


def test_tables_of_the_report_are_whole(written: tuple[Path, Any]) -> None:
    folder, _ = written
    for block in re.findall(r"(?:^\|.*\n)+", (folder / "report.md").read_text(), re.MULTILINE):
        assert len({line.count("|") for line in block.splitlines()}) == 1


def test_json_holds_numbers_and_nulls(written: tuple[Path, Any]) -> None:
    _, result = written
    values = json.loads(json.dumps(study_json(result), allow_nan=False))
    assert (values["schema"], values["cells"], values["complete"]) == (1, 160, 159)
    assert set(values) == {"schema", "cells", "complete", "rule", *FILES}
    verdict = values["verdicts"][0]
    assert isinstance(verdict["architecture"], float)
    assert values["skipped"][0]["response"] == "epochs_to_accuracy"
    assert values["rule"]["threshold"] == 0.5


def test_what_whoever_made_the_study_says_stands_in_the_report(tmp_path: Path) -> None:
    design = {"design": {"tasks": [{"domain": "vision", "epochs": 7}]}}
    notes = "What was cut: **half** of the seeds.\n"
    write_study(tmp_path, study(strategies=("usual",)), design=design, rule=QUICK, notes=notes)
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "## Notes\n\nWhat was cut: **half** of the seeds.\n\n## How to repeat it" in text
    assert "Epochs of training: vision 7." in text


def test_a_refutation_reads_as_one(tmp_path: Path) -> None:
    cells = [
        dataclasses.replace(c, measures={**c.measures, "action": c.measures["action"] * (30 if c.strategy == "slow" else 1)})
        for c in study(sd=0.01)
    ]
    result = write_study(tmp_path, cells, design={}, rule=QUICK)
    assert result.ceiling.verdict("vision").answer == "refuted"
    assert "refuted in 1 of 1 domain." in (tmp_path / "report.md").read_text()


def test_a_second_analysis_replaces_the_first_and_leaves_nothing_stale(tmp_path: Path) -> None:
    write_study(tmp_path, study(), design={}, rule=QUICK)
    assert (tmp_path / "verdict.png").exists()
    unfinished = [dataclasses.replace(cell, status="planned", measures={}) for cell in study()]
    result = write_study(tmp_path, unfinished, design={}, rule=QUICK)
    text = (tmp_path / "report.md").read_text()
    assert not list(tmp_path.glob("*.png"))
    assert not (tmp_path / "effects.csv").exists()
    assert "0 of 160 planned cells are complete" in text
    assert "160 cells of the plan are not trained yet." in text
    assert result.ceiling.verdict("vision").answer == "not decided"
    assert result.claims.claims == ()


def test_one_strategy_gives_no_verdict_and_the_rest_of_the_report(tmp_path: Path) -> None:
    result = write_study(tmp_path, study(strategies=("usual",)), design={}, rule=QUICK)
    text = (tmp_path / "report.md").read_text()
    assert result.ceiling.verdict("vision").answer == "not decided"
    assert "There is one training strategy alone" in text
    assert "No plot: no domain of this study has architectures and strategies enough" in text
    assert "| family | instance |" in text


def test_a_study_without_cells_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no cells"):
        write_study(tmp_path, [], design={})
    assert list(tmp_path.iterdir()) == []


def test_writing_needs_no_torch() -> None:
    code = "import sys\nimport minas.reporting.study\nassert 'torch' not in sys.modules"
    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root, env={"PYTHONPATH": str(root), "PATH": ""})


def test_columns_of_numbers_stand_to_the_right() -> None:
    assert table(("name", "value"), [("a", "1.0"), ("b|c", "n/a")]).splitlines() == [
        "| name | value |",
        "| --- | --: |",
        "| a | 1.0 |",
        "| b/c | n/a |",
    ]
