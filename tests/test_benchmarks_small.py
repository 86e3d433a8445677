"""Benchmarks that take other tools along, with tiny settings: what is installed of them takes part."""

from __future__ import annotations

import csv
import importlib
import importlib.util
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from minas import spaces

ROOT = Path(__file__).resolve().parents[1]
OPTUNA = importlib.util.find_spec("optuna") is not None


def run(name, *arguments):
    """Run a benchmark, and return what it printed."""
    done = subprocess.run(
        [sys.executable, f"benchmarks/{name}", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def flat(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module("_flat")


@pytest.fixture
def space():
    return spaces.open_space(spaces.read("vision", "vision"))


def genome_of(encoding, space, architecture):
    """Return a genome that says the same as an architecture in canonical form; what is not there is the first of its kind."""
    genome = {name: levels[0] for name, levels in encoding.genes.items()}
    genome["stages"] = len(architecture.stages)
    genome |= {f"head {name}": value for name, value in architecture.head}
    for part, stage in zip(space.description.stages, architecture.stages, strict=False):
        genome |= {f"{part.name} width": stage.width, f"{part.name} stride": stage.stride}
        genome |= {f"{part.name} nodes": len(stage.nodes) - 1, f"{part.name} entry": stage.nodes[0].operator}
        genome |= {f"{part.name} node {place}": node.operator for place, node in enumerate(stage.nodes[1:], start=1)}
        for source, target in stage.edges:
            genome[f"{part.name} edge {source} {'output' if target == stage.output else target}"] = True
    return genome


def test_every_architecture_of_the_space_has_a_genome(flat, space):
    encoding, rng = flat.Flat(space.description), np.random.default_rng(0)
    for _ in range(200):
        architecture = space.sample(rng)
        assert encoding.architecture(genome_of(encoding, space, architecture)) == architecture


def test_every_genome_is_an_architecture_within_the_limits_or_none(flat, space):
    rng, shape = np.random.default_rng(1), (1, 28, 28)

    def small(architecture):
        return space.features(architecture, shape, 10)["flops"] < 500_000

    encoding = flat.Flat(space.description, small)
    found = [
        encoding.architecture({name: levels[int(rng.integers(len(levels)))] for name, levels in encoding.genes.items()})
        for _ in range(200)
    ]
    kept = [architecture for architecture in found if architecture is not None]
    assert 0 < len(kept) < len(found)
    assert all(small(architecture) for architecture in kept)
    assert all(space.load(space.dump(architecture)) == architecture for architecture in kept)


def test_genes_of_what_is_not_there_have_no_effect(flat, space):
    encoding = flat.Flat(space.description)
    genome = {name: levels[0] for name, levels in encoding.genes.items()}
    assert (genome["stages"], genome["body nodes"]) == (2, 0)
    others = {
        name: levels[-1] for name, levels in encoding.genes.items() if name.startswith(("top", "body node ", "body edge"))
    }
    assert encoding.architecture({**genome, **others}) == encoding.architecture(genome)


@pytest.mark.slow
def test_trials_an_hour_are_counted(tmp_path):
    tools = ["minas", *(["optuna"] if OPTUNA else [])]
    path = tmp_path / "figures.json"
    options = ("--lengths", "0.05", "--seconds", "0.5", "--repetitions", "1", "--listed", "2", "--json", path)
    said = run("trials_per_hour.py", "--tools", ",".join(tools), *options)
    rows = json.loads(path.read_text())
    assert [(row["part"], row["tool"]) for row in rows if row["tool"] == "minas"] == [("same", "minas"), ("own", "minas")]
    assert len(rows) == 2 * len(tools)
    for row in rows:
        assert row["failure"] == ""
        assert math.isfinite(row["hourly"])
        assert row["trials"] >= 6
        assert row["inside"] > 0
        assert row["start"] > 0
    assert "MINAS / tool" in said


@pytest.mark.slow
def test_hypervolume_is_taken_of_trials_that_are_trained_once(tmp_path):
    methods = ["minas", "random", "regularized", *(["optuna-20"] if OPTUNA else [])]
    options = ("--trials", 4, "--seeds", 1, "--epochs", 1, "--methods", ",".join(methods), "--out", tmp_path)
    run("hypervolume_over_time.py", *options)
    first, kept = (tmp_path / "hypervolume.csv").read_text(), (tmp_path / "trials.jsonl").read_text()
    rows = list(csv.DictReader(first.splitlines()))
    assert {(row["method"], row["trial"]) for row in rows} == {(name, str(n)) for name in methods for n in range(1, 5)}
    keys = [json.loads(line)["key"] for line in kept.splitlines()[1:]]
    assert len(set(keys)) == len(keys) <= 4 * len(methods)
    minas, chance = ([row["hypervolume"] for row in rows if row["method"] == name] for name in ("minas", "random"))
    assert minas == chance, "both begin with the same sampled architectures"
    assert (tmp_path / "hypervolume.png").stat().st_size > 10_000
    run("hypervolume_over_time.py", *options)
    assert (tmp_path / "hypervolume.csv").read_text() == first
    assert (tmp_path / "trials.jsonl").read_text() == kept
