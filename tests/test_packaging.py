"""What a wheel holds, and the ways to start the program."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import minas
from minas.domains import DOMAINS
from minas.shelf import module_names

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("start", [["-m", "minas"], [str(ROOT / "cli.py")]], ids=["minas", "cli.py"])
def test_every_way_to_start_is_the_same_program(start):
    done = subprocess.run([sys.executable, *start, "--help"], capture_output=True, text=True, check=True, cwd=ROOT)
    for command in module_names("minas.cli"):
        assert f"  {command} " in done.stdout
    wrong = subprocess.run([sys.executable, *start, "front", "/no/run"], capture_output=True, text=True, check=False, cwd=ROOT)
    assert (wrong.returncode, wrong.stderr) == (2, "error: no run folder at /no/run\n")


def test_cli_py_holds_nothing_else():
    assert len((ROOT / "cli.py").read_text().splitlines()) < 10


def test_the_package_says_that_it_is_typed():
    assert (Path(minas.__file__).parent / "py.typed").is_file()


def test_a_missing_package_is_named_with_an_extra_that_brings_it():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    calls = [
        re.findall(r'MissingExtraError\("([^"]+)", "([^"]+)"', path.read_text()) for path in (ROOT / "minas").rglob("*.py")
    ]
    named = [call for found in calls for call in found]
    assert named
    for package, extra in named:
        assert any(re.match(rf"{package}\b", requirement) for requirement in extras[extra])


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pytest.importorskip("hatchling")
    code = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    done = subprocess.run([sys.executable, "-c", code, str(folder)], cwd=ROOT, capture_output=True, text=True, check=True)
    return folder / done.stdout.splitlines()[-1]


@pytest.mark.slow
def test_a_wheel_holds_the_package_the_tomls_and_the_reference_baselines(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    for kind in ("search_spaces", "objectives", "studies"):
        for path in (ROOT / kind).glob("*.toml"):
            assert f"minas/_resources/{kind}/{path.name}" in names
    for path in (ROOT / "results" / "reference" / "baselines").glob("*.json"):
        assert f"minas/_resources/results/reference/baselines/{path.name}" in names
    for domain in DOMAINS.names():
        assert f"minas/_resources/results/reference/{domain}/front.json" in names, "a study takes members of these fronts"
    for path in (ROOT / "minas").rglob("*.py"):
        assert path.relative_to(ROOT).as_posix() in names
    assert "minas/py.typed" in names
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/", "results/")) or "__pycache__" in name]
    metadata = next(name for name in names if name.endswith("entry_points.txt"))
    assert "minas = minas.cli:main" in zipfile.ZipFile(wheel).read(metadata).decode()
    assert any(name.endswith("licenses/LICENSE") for name in names)


@pytest.mark.slow
def test_an_unpacked_wheel_works_outside_the_checkout(wheel, tmp_path, monkeypatch):
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    code = (
        "import json, minas; from minas import resources; from pathlib import Path; here = Path(minas.__file__).parent;"
        "print(json.dumps([str(here), resources.names('search_spaces'), resources.names('objectives'),"
        " str(resources.folder('results'))]))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    here, spaces, objectives, results = json.loads(done.stdout)
    assert here == str(tmp_path / "site" / "minas")
    assert "vision" in spaces
    assert "paper" in objectives
    assert results.startswith(here)
    options = ["--trials", "2", "--population", "2", "--epochs", "1", "--members", "0", "--max-flops", "30k", "--workers", "1"]
    command = [sys.executable, "-m", "minas", "search", "vision", *options, "--out", "run", "--json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["trials"] == 2
