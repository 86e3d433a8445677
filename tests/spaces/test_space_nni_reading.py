"""A run of an NNI model space is read without its class: a stranger's run imports nothing."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import sys
import tomllib
from pathlib import Path

import pytest
import tomli_w

import minas
from minas import config, spaces
from minas.errors import ConfigError, UsageError

CHOICES = {"depth": ["1", "2"], "op": ["conv", "pool"]}


@pytest.fixture
def strangers_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run whose configuration names a module that can be imported, and that notes it when it is."""
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "evil_module.py").write_text("raise SystemExit('imported')", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path / "modules"))
    stored = Path(__file__).resolve().parents[2] / "results" / "reference" / "vision"
    folder = shutil.copytree(stored, tmp_path / "run", ignore=shutil.ignore_patterns("*.png"))
    values = tomllib.loads((folder / "run.toml").read_text(encoding="utf-8"))
    kept = {name: values["search_space"][name] for name in ("training", "confirmation")}
    nni = {"class": "evil_module:Space", "domain": "vision", "arguments": {}, "choices": CHOICES}
    values["search_space"] = {"space_kind": "nni", "nni": nni, **kept}
    (folder / "run.toml").write_text(tomli_w.dumps(values), encoding="utf-8")
    with contextlib.closing(sqlite3.connect(folder / "run.db")) as connection, connection:
        shown = json.dumps({"choices": {"depth": "2", "op": "conv"}})
        connection.execute("UPDATE candidates SET architecture = ? WHERE role IN ('search', 'confirmation')", (shown,))
    return folder


def nothing_was_imported() -> bool:
    return "evil_module" not in sys.modules


@pytest.mark.parametrize("words", ["front RUN", "front RUN --json", "trials RUN --csv", "plot RUN FILE"])
def test_reading_a_strangers_run_imports_nothing(strangers_run: Path, cli, tmp_path: Path, words: str) -> None:
    places = {"RUN": strangers_run, "FILE": tmp_path / "plot.png"}
    found = cli(*(places.get(word, word) for word in words.split()))
    assert nothing_was_imported()
    assert found.code == 0, found.err
    if words.endswith("--json"):
        architectures = [member["architecture"] for member in json.loads(found.out)["members"]]
        assert architectures[0] == {"choices": {"depth": "2", "op": "conv"}}


def test_what_needs_a_graph_says_so_in_a_sentence(strangers_run: Path, cli, tmp_path: Path) -> None:
    found = cli("plot", strangers_run, tmp_path / "knee.png", "--architecture", "knee")
    assert found.code == 2
    assert "is an architecture of the nni space and no graph of MINAS: it cannot be drawn" in " ".join(found.err.split())
    found = cli("export", strangers_run, "knee", tmp_path / "export")
    assert found.code == 2
    assert "is a network of the nni space Space, whose own code builds it, so there is no source to export" in " ".join(
        found.err.split()
    )
    assert nothing_was_imported()


def test_what_to_do_next_can_be_done_with_such_a_run(strangers_run: Path) -> None:
    from minas.api.summary import closing

    words = closing(minas.open_run(strangers_run)).split("next:")[1]
    assert "minas pick" in words
    assert ".front.knee().network())" in words
    assert "export" not in words
    assert "--architecture" not in words
    assert nothing_was_imported()


def test_a_network_needs_a_class_that_is_a_model_space(strangers_run: Path) -> None:
    """The module's own code would run; one that lies in the run's folder never does."""
    shutil.move(strangers_run.parent / "modules" / "evil_module.py", strangers_run / "evil_module.py")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(strangers_run))
        with pytest.raises(UsageError, match=r"lies in a run's folder|needs the package"):
            minas.open_run(strangers_run).front.knee().network()
    assert nothing_was_imported()


def test_a_space_is_opened_and_architectures_are_loaded_without_the_class() -> None:
    values = {"space_kind": "nni", "nni": {"class": "no_module:Space", "domain": "vision", "choices": CHOICES}}
    space = spaces.open_space(config.parse(config.dumps(values), source="run.toml"))
    assert (space.name, space.domain) == ("Space", "vision")
    assert space.load({"choices": {"op": "pool"}}) == (0, 1)
    assert (space.features((0, 1), (1, 8, 8), 10), space.limits((1, 8, 8))) == ({}, {})


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"class": "a:B", "domain": "vision"}, "choices are missing"),
        ({"class": "a:B", "domain": "vision", "choices": {"op": []}}, "the choice 'op' has no values"),
        ({"domain": "vision", "choices": CHOICES}, "class"),
        ({"class": "a:B", "domain": "vision", "choices": {"op": [1]}}, "op"),
        ({"class": "a:B", "domain": "vision", "choices": CHOICES, "folder": "/tmp"}, "folder"),
    ],
)
def test_a_damaged_document_is_told(table: dict, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        spaces.open_space(config.parse(config.dumps({"space_kind": "nni", "nni": table}), source="run.toml"))
    assert message in str(caught.value)
