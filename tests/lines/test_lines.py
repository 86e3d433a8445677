"""The shelf of lines: its contract, what a line may see of a task, and the SVM."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from minas import lines
from minas.data.task import Part, Task
from minas.domains import DOMAINS
from minas.errors import MissingExtraError
from minas.lines import LINES, Line, judge


def part(samples: int, seed: int) -> Part:
    """Images of one bright row for each of three classes, with noise."""
    rng = np.random.default_rng(seed)
    targets = np.arange(samples) % 3
    inputs = rng.normal(0, 0.5, (samples, 1, 4, 4)).astype(np.float32)
    inputs[np.arange(samples), 0, targets] += 1.0
    return Part(inputs, targets)


def task(test: Part | None = None) -> Task:
    parts = {"train": part(90, 0), "validation": part(45, 1), "test": test or part(45, 2)}
    return Task(
        name="rows", domain="vision", kind="image", shape=(1, 4, 4), classes=("a", "b", "c"), **parts,
        preprocessing={}, source="", licence="", digest="",
    )  # fmt: skip


@pytest.mark.parametrize("name", LINES.names())
def test_contract(name):
    line = LINES.get(name)
    assert line.domain in DOMAINS.names()
    assert line.name
    assert line.source
    assert line in lines.of_domain(line.domain)


def test_listing_lines_needs_neither_scikit_learn_nor_torch():
    code = "import sys; from minas.lines import LINES; LINES.all(); print({'sklearn', 'torch'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_without_scikit_learn_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.svm", None)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(MissingExtraError, match=r"needs the package scikit-learn: pip install 'minas\[lines\]'"):
        judge(LINES.get("svm"), task())


def test_a_line_is_judged_on_validation_and_test_samples():
    """Three classes of 15 samples; the line answers the first class for all."""
    first = Line(
        name="first", domain="vision", source="", fit=lambda task: lambda inputs: np.zeros(len(inputs), dtype=np.int64)
    )
    rare = Part(part(40, 3).inputs, np.repeat([0, 1], [30, 10]))
    judged = judge(first, task(rare))
    assert judged.measures == pytest.approx({"error": 2 / 3, "balanced_accuracy": 1 / 3, "macro_f1": 1 / 6, "kappa": 0.0})
    assert judged.test["error"].mean == pytest.approx(0.25)
    assert judged.test["balanced_accuracy"].mean == pytest.approx(0.5)
    assert {spread.samples for spread in judged.test.values()} == {40}
    assert judged.seconds >= 0


def test_the_svm_learns_and_its_fit_does_not_see_the_test_samples():
    pytest.importorskip("sklearn")
    judged = judge(LINES.get("svm"), task())
    assert judged.test["error"].mean < 0.15
    broken = Part(np.full((45, 1, 4, 4), np.nan, dtype=np.float32), np.arange(45) % 3)
    assert LINES.get("svm").fit(task(broken))(part(6, 4).inputs).tolist() == [0, 1, 2, 0, 1, 2]


def test_a_domain_without_lines_says_so(monkeypatch, cli):
    from minas.api import lines as api

    monkeypatch.setattr(api, "of_domain", lambda domain: [])
    outcome = cli("lines", "vision")
    assert (outcome.code, outcome.err) == (2, "error: the domain vision has no lines\n")


@pytest.mark.slow
def test_the_command_fits_the_default_digits(cli):
    pytest.importorskip("sklearn")
    rows = json.loads(cli("lines", "vision", "--json").out)
    assert [row["name"] for row in rows] == ["SVM"]
    assert rows[0]["test"]["error"]["mean"] < 0.07
    assert rows[0]["test"]["balanced_accuracy"]["mean"] == pytest.approx(1 - rows[0]["test"]["error"]["mean"], abs=0.002)
