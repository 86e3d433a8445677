"""What many rooms' tests share: a private cache folder, one small finished run, and the command line."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from small_search import SMALL

import minas

# Before torch is loaded: networks as small as those of the tests train fastest on one thread, and processes that run side by
# side then don't wait for each other's threads.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# The same examples each time, so that a change is judged by what it changes; MINAS_NEW_EXAMPLES=1 looks for others.
hypothesis.settings.register_profile("same examples", derandomize=True, database=None)
if not os.environ.get("MINAS_NEW_EXAMPLES"):
    hypothesis.settings.load_profile("same examples")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session", autouse=True)
def _private_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what MINAS caches, baselines for instance, out of the home folder; for subprocesses too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("OMP_NUM_THREADS", "1")
        path = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        patch.setenv("PYTHONPATH", os.pathsep.join(path))
        yield


@pytest.fixture(scope="session")
def thousand_digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An .npz file with a hundred of each of the real digits, as a user might bring it."""
    from minas.domains.vision import digits

    pile = digits().train
    chosen = np.concatenate([np.flatnonzero(pile.targets == label)[:100] for label in range(10)])
    path = tmp_path_factory.mktemp("data") / "digits.npz"
    np.savez(path, x=pile.inputs[chosen], y=pile.targets[chosen])
    return path


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory, thousand_digits: Path) -> minas.Run:
    """A finished run on real digits, with control, confirmation and baselines. Only read it."""
    folder = tmp_path_factory.mktemp("runs") / "digits"
    return minas.search("vision", data=thousand_digits, workers=1, control=True, out=folder, **SMALL)


@pytest.fixture
def unfinished_run(finished_run: minas.Run, tmp_path: Path) -> Path:
    """The folder of a run that was killed just before its end: `--resume` has tables and plots to write."""
    folder = shutil.copytree(finished_run.path, tmp_path / "unfinished")
    with contextlib.closing(sqlite3.connect(folder / "run.db")) as connection, connection:
        connection.execute("DELETE FROM facts WHERE name = 'finished'")
    return folder


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Outcome]:
    """`cli("front", run.path, "--json")`: the command line in this process."""
    from minas.cli import main

    def call(*arguments: object) -> Outcome:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["minas", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            main()
        found = capsys.readouterr()
        return Outcome(int(left.value.code or 0), found.out, found.err)

    return call


@pytest.fixture(scope="session")
def shell() -> Callable[..., subprocess.CompletedProcess[str]]:
    """`shell("front", path)`: the command line in a process of its own."""

    def call(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "minas", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, **options)

    return call
