"""Vectors of words from what a user asks for to the command that repeats a run; figures without them keep their protocol."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import minas
from minas import config
from minas.api import reference
from minas.api.repeating import repeat_command
from minas.api.request import Request, configuration_of, load_task
from minas.data import glove
from minas.errors import UsageError
from minas.run.configuration import RunConfiguration

SMALL = {"population": 4, "window": 2, "epochs": 1, "members": 0, "workers": 1, "trials": 2}


def notes(folder: Path) -> str:
    path = folder / "notes.jsonl"
    rows = [f'{{"text": "{("good match", "rain today")[n % 2]} {n}", "label": "{"ab"[n % 2]}"}}' for n in range(90)]
    path.write_text("\n".join(rows), encoding="utf-8")
    return str(path)


def configured(path: str, vectors: str | None) -> RunConfiguration:
    request = Request(domain="text", data=path, vectors=vectors, trials=1)
    return configuration_of(request, *load_task(request))[0]


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    words = {"good": 0, "match": 1, "rain": 2, "today": 3}
    made = np.random.default_rng(0).normal(size=(4, 50)).astype(np.float32)
    monkeypatch.setattr(glove, "read", lambda: (words, made))


@pytest.mark.usefixtures("known")
def test_vectors_are_part_of_the_protocol_and_their_absence_is_not(tmp_path: Path) -> None:
    path = notes(tmp_path)
    usual, counted, without, started = (configured(path, vectors) for vectors in (None, "naive_bayes", "none", "glove"))
    assert [one.search_space["training"]["vectors"] for one in (usual, without, started)] == ["naive_bayes", "none", "glove"]
    names = [reference.protocol(one, epochs=3) for one in (usual, counted, without, started)]
    older = {name: value for name, value in without.search_space["training"].items() if name != "vectors"}
    before = dataclasses.replace(without, search_space={**without.search_space, "training": older})
    assert names[0] == names[1]
    assert names[2] == reference.protocol(before, epochs=3)
    assert len(set(names)) == 3
    with pytest.raises(UsageError, match="no vectors named 'glov'; did you mean 'glove'"):
        configured(path, "glov")


def test_other_domains_have_no_words() -> None:
    request = Request(domain="vision", vectors="glove", trials=1)
    with pytest.raises(UsageError, match="the samples of mnist-5k are no texts; leave out --vectors"):
        configuration_of(request, *load_task(request))


@pytest.mark.slow
def test_a_run_says_how_to_repeat_it_with_vectors(tmp_path: Path) -> None:
    run = minas.search("text", data=notes(tmp_path), out=tmp_path / "run", **SMALL)
    assert "--vectors" not in run.fact("repeat")
    space = config.plain(dict(run.configuration.search_space))
    space["training"]["vectors"] = "glove"
    dataclasses.replace(run.configuration, search_space=space).write(run.path)
    command = repeat_command(minas.open_run(run.path))
    assert " --vectors glove" in command
    assert "--space" not in command
