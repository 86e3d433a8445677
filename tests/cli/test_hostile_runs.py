"""Run folders that are damaged or a stranger's: every command says which file is wrong and how, and shows no traceback."""

from __future__ import annotations

import json
import sqlite3
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import tomli_w
import torch

import minas


@pytest.fixture
def refused(cli, unfinished_run, tmp_path) -> Callable[..., dict[str, str]]:
    """Call commands on the unfinished run; return what each that failed said, after checking how it said it."""

    def call(*names: str) -> dict[str, str]:
        commands = {
            "front": ["front", unfinished_run],
            "front --json": ["front", unfinished_run, "--json"],
            "trials": ["trials", unfinished_run],
            "pick": ["pick", unfinished_run],
            "resume": ["search", "--resume", unfinished_run, "--quiet"],
            "export": ["export", unfinished_run, "knee", tmp_path / "export"],
        }
        said = {}
        for name in names or commands:
            found = cli(*commands[name])
            assert "Traceback" not in found.err
            assert "should not happen" not in found.err, (name, found.err)
            if found.code:
                assert found.code in (1, 2)
                said[name] = found.err
        return said

    return call


def edit(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = folder / "run.toml"
    values = tomllib.loads(path.read_text())
    change(values)
    path.write_text(tomli_w.dumps(values))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda v: v["data"].update(pth="x"), "unknown key 'pth' in data; did you mean 'path'?"),
        (lambda v: v["data"].update(path=7), "data.path must be a text in quotes, not 7"),
        (lambda v: v["data"].update(seed=[1]), "data.seed must be an integer, not [1]"),
        (lambda v: v.update(data=3), "data must be a table with the keys path, seed, image_size, preprocessing, left_out, not 3"),
        (lambda v: v.update(measures=["erorr"]), "no measure named 'erorr'; did you mean 'error'?"),
        (lambda v: v.update(bounds={}), "the run has trials, and no bounds to judge them by"),
        (lambda v: v["bounds"].pop("action"), "there are bounds, and none for the objective 'action'"),
        (lambda v: v["task"].update(shape=[1, 1 << 40, 1 << 40]), "has more than 67,108,864 values"),
        (lambda v: v["settings"].update(population="many"), "settings.population must be an integer, at least 2, not 'many'"),
    ],
)  # fmt: skip
def test_what_a_configuration_may_not_hold_is_named_whoever_reads_it(refused, unfinished_run, change, text):
    edit(unfinished_run, change)
    said = refused("front --json", "resume", "export")
    assert said
    for name, words in said.items():
        assert f"{unfinished_run / 'run.toml'}" in words, name
        assert text in words, name
    assert "front --json" in said


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda v: v["data"].update(image_size=2), "image size 2: expected a side of 4 to 1024 pixels"),
        (lambda v: v.update(domain="visoin"), "no domain named 'visoin'; did you mean 'vision'?"),
        (lambda v: v["settings"].update(engine="locl"), "no engine named 'locl'; did you mean 'local'?"),
        (lambda v: v["search_space"].pop("training"), "search_space.training must be a table with epochs, lambda"),
        (lambda v: v["search_space"].update(training=[]), "search_space.training must be a table with epochs, lambda"),
        (lambda v: v["search_space"]["training"].update(epochs="x"), "training.epochs must be an integer, at least 1"),
        (lambda v: v["search_space"]["training"].update(functional="acton"), "no functional named 'acton'; did you mean"),
        (lambda v: v["search_space"].pop("stages"), "there are 0 [[stages]] tables"),
        (lambda v: v["search_space"].update(stages=[{"name": 1}]), "stages[0]"),
    ],
)  # fmt: skip
def test_what_a_run_can_t_go_on_with_is_named(refused, unfinished_run, change, text):
    edit(unfinished_run, change)
    words = refused("resume")["resume"]
    assert f"{unfinished_run / 'run.toml'}" in words
    assert text in words


def in_store(folder: Path, *statements: str) -> None:
    connection = sqlite3.connect(folder / "run.db")
    with connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        for statement in statements:
            assert connection.execute(statement).rowcount, statement
    connection.close()


def fact(name: str, value: Any) -> str:
    return f"INSERT INTO facts VALUES ('{name}', '{json.dumps(value)}') ON CONFLICT DO UPDATE SET value = excluded.value"


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        (fact("spent", "long"), "'spent' is 'long'; expected a number of 0 or more"),
        (fact("search_told", "6"), "'search_told' is '6'; expected a whole number of 0 or more"),
        (fact("search_seconds", [1]), "'search_seconds' is '[1]'; expected a number of 0 or more"),
        (fact("confirmation_plan", []), "'confirmation_plan' is '[]'; expected a table with members"),
        ('UPDATE trials SET measures = \'{"error": "low"}\'', "measures: error is 'low'; expected a number"),
        ("UPDATE trials SET measures = '[0.1]'", "measures is [0.1]; expected a JSON object"),
        ('UPDATE trials SET cost = \'{"seconds": "1"}\'', "cost: seconds is '1'; expected a number"),
        ("UPDATE trials SET reasons = '{'", "is damaged, or not a store of MINAS"),
        ("UPDATE candidates SET architecture = '3'", "architecture is 3; expected a JSON object"),
        ("UPDATE candidates SET parents = '[[]]'", "parents is []; expected a text"),
    ],
)
def test_what_a_store_may_not_hold_is_named_whoever_reads_it(refused, unfinished_run, statement, text):
    in_store(unfinished_run, statement)
    said = refused()
    assert set(said) == {"front", "front --json", "trials", "pick", "resume", "export"}
    for name, words in said.items():
        assert f"{unfinished_run / 'run.db'} is damaged, or not a store of MINAS" in words, name
        assert text in words, name


GO_ON = "DELETE FROM facts WHERE name = 'search_ended'"
"""The search has not ended, so that a sitting takes up its state."""


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        (fact("population", ["0"]), "'population' is \"['0']\"; expected a list of whole numbers of 0 or more"),
        (fact("population", [0, 77]), "the population [0, 77] is not one of the 6 trials that were told"),
        (fact("population", [1, 1]), "the population [1, 1] is not one of the 6 trials that were told"),
        (fact("search_told", 7), "search_told is 7, and the trial 6 is not there"),
        ("UPDATE candidates SET number = 99 WHERE role = 'search' AND number = 5", "are not numbered from 0 on"),
        ("UPDATE candidates SET architecture = NULL WHERE role = 'search'", "has no architecture"),
        ("UPDATE candidates SET architecture = '{}' WHERE role = 'search'", "architecture: needs 'edges'|needs 'head'"),
        (fact("baselines_training", "no"), "'baselines_training' is 'no'; expected true or false"),
        (fact("confirmation_plan", {"members": [77], "epochs": 1, "seeds": 1, "expected": 1.0, "note": None}),
         "the confirmation's plan names the trial 77, which is not there"),
    ],
)  # fmt: skip
def test_what_a_sitting_can_t_take_up_is_named(refused, unfinished_run, statement, text):
    in_store(unfinished_run, GO_ON, statement)
    words = refused("resume")["resume"]
    assert f"{unfinished_run / 'run.db'}" in words
    assert any(part in words for part in text.split("|")), words


def chosen_weights(folder: Path) -> Path:
    run = minas.open_run(folder)
    trial = run.front.knee().chosen
    return folder / "weights" / f"{trial.candidate.role}-{trial.number:05d}.safetensors"


def as_one_number(state):
    name = next(name for name, tensor in state.items() if tensor.ndim == 4)
    return {**state, name: torch.zeros(1)}


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (as_one_number, "is (1,); expected ("),
        (lambda state: dict(list(state.items())[1:]), "is missing; expected ("),
        (lambda state: {**state, "more": torch.zeros(2)}, "the tensor 'more' is (2,); expected none"),
        (lambda state: {name: tensor.half() for name, tensor in state.items()}, "is torch.float16; expected torch."),
    ],
)
def test_weights_of_something_else_are_refused_by_name(refused, unfinished_run, change, text):
    path = chosen_weights(unfinished_run)
    state = safetensors.torch.load_file(path)
    safetensors.torch.save_file(change(state), path)
    words = refused("export")["export"]
    assert f"{path} does not hold the weights of" in words
    assert text in words


@pytest.mark.parametrize("content", [b"", b"\xff" * 8, b"\x02\0\0\0\0\0\0\0{}", b"\x08\0\0\0\0\0\0\0[[[[[[[["])
def test_weights_that_are_damaged_are_refused(refused, unfinished_run, content):
    path = chosen_weights(unfinished_run)
    path.write_bytes(content)
    assert f"{path} does not hold the weights of" in refused("export")["export"]


def test_an_architecture_of_huge_widths_is_refused_before_its_network_is_built(unfinished_run, monkeypatch):
    """Its weights would take hundreds of gigabytes: nothing is allocated until the file has turned out to hold them."""
    from minas.spaces.graph import Graphs

    connection = sqlite3.connect(unfinished_run / "run.db")
    with connection:
        rows = connection.execute("SELECT role, number, architecture FROM candidates WHERE role != 'baseline'").fetchall()
        for role, number, text in rows:
            values = json.loads(text)
            for stage in values["stages"]:
                stage["width"] = 65_536
            where = "UPDATE candidates SET architecture = ? WHERE role = ? AND number = ?"
            connection.execute(where, (json.dumps(values), role, number))
    connection.close()
    devices = []
    build = Graphs.build

    def watched(*given, **options):
        devices.append(torch.get_default_device().type)
        return build(*given, **options)

    monkeypatch.setattr(Graphs, "build", watched)
    with pytest.raises(
        minas.errors.MinasError,
        match=r"does not hold the weights of .*expected \((65536|\d+, (65536|262144|589824|1048576|1638400)\))",
    ):
        minas.open_run(unfinished_run).front.knee().network()
    assert devices == ["meta"]


def replacements(value: Any) -> list[Any]:
    """Values of every other type, and of the same type where no run writes them."""
    return [other for other in ("x", -1, 1.5, True, [], ["x"], {}, {"x": []}, 10**12) if type(other) is not type(value)]


def leaves(values: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    return [path] * bool(path) + [leaf for key, item in items for leaf in leaves(item, (*path, key))]


@pytest.mark.slow
def test_whatever_stands_in_a_configuration_no_reader_stumbles(refused, unfinished_run):
    content = (unfinished_run / "run.toml").read_text()
    paths = leaves(tomllib.loads(content))
    assert len(paths) > 100
    for place, path in enumerate(paths):
        values = tomllib.loads(content)
        parent = values
        for key in path[:-1]:
            parent = parent[key]
        choices = replacements(parent[path[-1]])
        parent[path[-1]] = choices[place % len(choices)]
        (unfinished_run / "run.toml").write_text(tomli_w.dumps(values))
        for name, words in refused("front --json", "pick").items():
            assert "run.toml" in words, (path, name, words)
