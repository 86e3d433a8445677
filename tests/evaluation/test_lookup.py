"""What a worker does for a search of a table."""

from __future__ import annotations

import small_tables

from minas import config
from minas.evaluation import lookup
from minas.spaces import table
from minas.trial import Candidate, Status


def work(path):
    document = table.describe(str(path), code="code", objectives=["100-accuracy", "cost"])
    return lookup.work(config.dumps(document.values), "a test")


def candidate(**architecture):
    return Candidate(role="search", number=0, key="k", architecture=architecture, seed=0, epochs=0)


def test_a_trial_is_the_row_of_its_code(tmp_path):
    given = work(small_tables.write(tmp_path / "t.csv"))
    lookup.prepare(given)
    trial = lookup.evaluate(given, candidate(code="253"))
    assert (trial.status, trial.measures) == (Status.COMPLETE, {"100-accuracy": 4.0, "cost": 20.0})


def test_a_figure_that_is_not_there_has_a_reason_and_an_unknown_code_fails(tmp_path):
    given = work(small_tables.write(tmp_path / "t.csv", "code,accuracy,cost\n1,,2\n2,3,4\n"))
    trial = lookup.evaluate(given, candidate(code="1"))
    assert trial.measures == {"100-accuracy": None, "cost": 2.0}
    assert set(trial.reasons) == {"100-accuracy"}
    failed = lookup.evaluate(given, candidate(code="9"))
    assert failed.status is Status.FAILED
    assert "9" in (failed.reason or "")


def test_workers_of_a_table_need_no_torch():
    import subprocess
    import sys

    code = "import sys, minas.evaluation.lookup; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
