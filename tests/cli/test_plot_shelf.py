"""A new plot is one file on its shelf: the command line, its help and a finished run find it there."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import minas
from minas.api.finish import finish
from minas.objectives import Objective, ObjectiveSet
from minas.plots import SHELF

TOY = '''"""How many trials told."""

from __future__ import annotations

from minas.analysis.subjects import RunSubject
from minas.plots import Plot


def draw(count: int):
    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().bar([0], [count])
    return figure


PLOT = Plot(name="toy_count", description="A bar.", of=RunSubject, value=lambda run: len(run.told), draw=draw)
'''


@pytest.fixture
def python(tmp_path, monkeypatch):
    """Python with a copy of MINAS whose shelf of plots has one file more: `python("-m", "minas", ...)`."""
    copy = tmp_path / "site" / "minas"
    shutil.copytree(Path(minas.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "plots" / "toy_count.py").write_text(TOY)
    environment = {**os.environ, "PYTHONPATH": str(copy.parent)}

    def call(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)

    return call


def test_a_plot_more_is_one_file_more(python, finished_run, tmp_path):
    found = python("-m", "minas", "plot", finished_run.path, "toy.png", "--kind", "toy-count")
    assert (found.returncode, found.stdout, found.stderr) == (0, "toy.png\n", "")
    assert (tmp_path / "toy.png").read_bytes().startswith(b"\x89PNG")
    described = " ".join(python("-m", "minas", "plot", "--help").stdout.split())
    assert f"What to draw: {', '.join(sorted([*SHELF.names(), 'toy_count']))}." in described
    found = python("-m", "minas", "plot", finished_run.path, "toy.png", "--kind", "toy_cuont")
    assert (found.returncode, found.stderr) == (2, "error: no plot named 'toy_cuont'; did you mean 'toy_count'?\n")


def test_a_finished_run_has_it_too(python, finished_run, tmp_path):
    folder = shutil.copytree(finished_run.path, tmp_path / "run", ignore=shutil.ignore_patterns("*.png"))
    found = python("-c", f"from pathlib import Path; from minas.api.finish import finish; finish(Path({str(folder)!r}))")
    assert (found.returncode, found.stderr) == (0, "")
    assert {"front.png", "hypervolume.png", "toy_count.png"} <= {path.name for path in folder.glob("*.png")}
    assert not (folder / "architecture.png").exists()


def test_a_plot_with_nothing_to_show_does_not_stop_a_run_from_finishing(finished_run, tmp_path):
    """A front is drawn in pairs of objectives; a run may have only one."""
    folder = shutil.copytree(finished_run.path, tmp_path / "run", ignore=shutil.ignore_patterns("*.png"))
    one = ObjectiveSet(name="one", objectives=(Objective(measure="error"),))
    dataclasses.replace(finished_run.configuration, objectives=one).write(folder)
    finish(folder)
    assert (folder / "hypervolume.png").is_file()
    assert not (folder / "front.png").exists()
