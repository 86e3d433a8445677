"""The benchmark on tables: its MINAS is the product's search, its hypervolume the protocol's, its opponents keep to the table."""

from __future__ import annotations

import csv
import gzip
import itertools
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import small_tables
from pymoo.indicators.hv import HV

import minas
from minas import spaces
from minas.spaces import table

ROOT = Path(__file__).resolve().parents[1]
OBJECTIVES = ["100-accuracy", "cost"]


@pytest.fixture(scope="module")
def modules():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "benchmarks")
        import _table_methods
        import _table_problems

        yield _table_methods, _table_problems


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return small_tables.write(tmp_path_factory.mktemp("table") / "bench.csv")


@pytest.fixture(scope="module")
def problem(modules, path):
    space = spaces.open_space(table.describe(str(path), code="code", objectives=OBJECTIVES, classes="kind"))
    return modules[1].Problem("small", space)


def test_its_search_asks_for_what_a_run_asks_for(modules, tmp_path):
    rows = "".join(f"{''.join(c)},{hash_of(c) % 97},{sum(map(int, c))}\n" for c in itertools.product("012345", repeat=3))
    path = small_tables.write(tmp_path / "many.csv", "code,accuracy,cost\n" + rows)
    space = spaces.open_space(table.describe(str(path), code="code", objectives=OBJECTIVES))
    found = modules[0].minas(modules[1].Problem("small", space), seed=3, budget=45)
    run = minas.search(space=f"table:{path}", code="code", objectives=OBJECTIVES, trials=45, seed=3, out=tmp_path / "run")
    assert [space.rows.codes[row] for row in found] == [trial.candidate.architecture["code"] for trial in run.trials]


def hash_of(digits):
    """A number that looks like chance and never changes."""
    return int("".join(digits), 6) * 7919 % 1009


def test_hypervolume_is_the_protocols(modules, problem):
    """The protocol, written down once more: linear scales, all ones as the reference, what does not beat it counts nothing."""
    values = problem.values
    median = np.median(values[:, 0])
    front = [row for row in values if not any((o <= row).all() and (o < row).any() for o in values)]
    low = np.min([row for row in values if row[0] <= median], axis=0)
    high = np.array([median, np.max(front, axis=0)[1]])

    def dominated(rows):
        inside = [unit for unit in (rows - low) / (high - low) if (unit < 1).all()]
        return HV(ref_point=np.ones(2)).do(np.array(inside)) if inside else 0.0

    rows = np.random.default_rng(0).permutation(len(values)).tolist()
    found = problem.reached(rows[:100], problem.codes)
    assert found[0] == pytest.approx(dominated(values[rows[:50]]) / dominated(values))
    assert found[-1] == pytest.approx(1.0)
    again = [rows[0]] * 60 + rows[1:]
    assert problem.reached(again, problem.codes) == found


def test_equivalent_architectures_are_paid_for_once(modules, problem):
    rows = list(range(len(problem.codes)))
    firsts = [rows[[*problem.classes].index(name)] for name in dict.fromkeys(problem.classes)]
    assert problem.reached(rows, problem.classes) == problem.reached(firsts, problem.codes)


@pytest.mark.parametrize("name", ["minas", "random", "pymoo_nsga2", "optuna_nsga2", "local_search"])
def test_a_method_asks_for_rows_by_its_seed(modules, problem, name):
    if name == "optuna_nsga2":
        pytest.importorskip("optuna")
    method = getattr(modules[0], name)
    rows = method(problem, 1, 10)
    assert rows == method(problem, 1, 10) != method(problem, 2, 10)
    assert len({problem.classes[row] for row in rows}) >= 6
    assert set(rows) <= set(range(len(problem.codes)))


def _tables(folder: Path) -> Path:
    """Write tables of the benchmark's form: all codes, made-up figures."""
    rng = np.random.default_rng(0)

    def write(name: str, header: list[str], rows: list[list[object]]) -> None:
        with gzip.open(folder / name, "wt", newline="") as file:
            csv.writer(file).writerows([header, *rows])

    cells = ["".join(digits) for digits in itertools.product("01", repeat=6)]
    figures = [[n, code, n // 2, *rng.uniform(50, 95, 1), *rng.integers(1, 99, 1)] for n, code in enumerate(cells)]
    write("nb201.csv.gz", ["index", "ops", "rep", "c10_test_200ep", "macs_c10"], figures)
    write("nb201_latency.csv.gz", ["index", "fpga_ms"], [[n, *rng.uniform(1, 9, 1)] for n in range(len(cells))])
    macro = [[code, *rng.uniform(50, 95, 1), *rng.integers(1, 99, 1)] for code in cells]
    write("nbmacro_c10.csv.gz", ["arch", "mean_acc", "flops"], macro)
    return folder


def test_the_program_writes_a_row_a_problem_and_method(tmp_path):
    out = tmp_path / "found.json"
    command = [sys.executable, "benchmarks/tables.py", "--tables", _tables(tmp_path), "--seeds", "2", "--json", out]
    more = ["--csv", tmp_path / "found.csv", "--methods", "random", "local"]
    done = subprocess.run([*map(str, [*command, *more])], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = json.loads(out.read_text())["rows"]
    assert len(rows) == 6 == len(done.stdout.splitlines()) - 1
    assert len(list(csv.DictReader((tmp_path / "found.csv").open()))) == 6
    for row in rows:
        assert 0.0 < row["median_50"] <= row["median_500"] <= 1.0
        assert row["median_500"] == 1.0  # more evaluations than rows
