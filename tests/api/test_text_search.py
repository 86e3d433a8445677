"""A small search on real reviews, from the trials to an export; and searches on a user's own texts."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest
import torch

import minas
from minas.data import fetch, glove

pytestmark = pytest.mark.slow

SMALL = {"population": 4, "window": 2, "epochs": 2, "members": 1, "confirmation_epochs": 2, "confirmation_seeds": 2}


def module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("exported_text", path)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def test_a_search_on_the_default_task_ends_with_a_network_that_reads_texts(tmp_path: Path) -> None:
    run = minas.search("text", trials=8, out=tmp_path / "run", **SMALL)
    assert run.configuration.task.name == "movie-reviews"
    assert {trial.status.value for trial in run.trials} <= {"complete", "infeasible"}
    member = run.front.accurate()
    assert member.measures["error"] < 0.3
    member.export(tmp_path / "network")
    model = module(tmp_path / "network" / "model.py")
    samples = model.samples(["A wonderful, moving and funny film.", "Dull, boring, pointless: a waste of time.", ""])
    with torch.no_grad():
        logits = model.load()(samples)
        assert torch.equal(logits, member.network()(samples))
        assert torch.equal(logits, minas.load(tmp_path / "network")(samples))
    assert logits.argmax(1)[:2].tolist() == [1, 0]


def test_the_same_trials_on_one_worker_and_on_two(tmp_path: Path) -> None:
    runs = [minas.search("text", trials=4, workers=n, out=tmp_path / str(n), **SMALL) for n in (1, 2)]
    first, second = ([(trial.candidate.architecture, trial.measures) for trial in run.trials] for run in runs)
    assert first == second


WORDS = {"sport": "match goal team", "weather": "rain sun wind", "money": "bank price market"}


def notes(samples: int) -> tuple[list[str], list[str]]:
    """Texts of three classes, of which the last is rare."""
    labels = [list(WORDS)[0 if number % 3 else 1 if number % 4 else 2] for number in range(samples)]
    return [f"{WORDS[label].split()[number % 3]} today {number}" for number, label in enumerate(labels)], labels


def test_own_texts_of_three_unequal_classes_from_python(tmp_path: Path) -> None:
    x, y = notes(240)
    run = minas.search("text", data=(x, y), class_weights="balanced", trials=4, out=tmp_path / "run", **SMALL)
    assert run.configuration.task.classes == ("money", "sport", "weather")
    assert run.configuration.task.shape == (3,)
    assert sum(run.configuration.task.samples) == 240
    assert len(run.front) >= 1
    run.front.knee().export(tmp_path / "network")
    model = module(tmp_path / "network" / "model.py")
    assert model.load()(model.samples(["rain today"])).shape == (1, 3)


def test_own_texts_from_a_file(tmp_path: Path) -> None:
    x, y = notes(120)
    path = tmp_path / "notes.jsonl"
    path.write_text("\n".join(json.dumps({"text": text, "label": label}) for text, label in zip(x, y, strict=True)))
    run = minas.search("text", data=path, trials=2, out=tmp_path / "run", **SMALL)
    assert run.configuration.task.name.startswith("notes-")
    assert len(run.front) >= 1


def test_words_that_start_from_vectors_are_the_same_in_every_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyarrow")
    private = fetch.folder(glove.RESOURCE)
    with monkeypatch.context() as patch:
        patch.delenv("XDG_CACHE_HOME", raising=False)
        if not fetch.cached(glove.RESOURCE):
            pytest.skip("GloVe's vectors, 76 MB, are not in the user's cache")
        users = fetch.folder(glove.RESOURCE)
    if not private.exists():
        private.parent.mkdir(parents=True, exist_ok=True)
        private.symlink_to(users, target_is_directory=True)
    settings = {**SMALL, "epochs": 1, "members": 0, "trials": 2, "vectors": "glove"}
    runs = [minas.search("text", workers=n, out=tmp_path / str(n), **settings) for n in (1, 2)]
    first, second = ([(trial.candidate.architecture, trial.measures) for trial in run.trials] for run in runs)
    assert first == second
    plain = minas.search("text", out=tmp_path / "plain", **{**settings, "vectors": None})
    assert [trial.candidate.architecture for trial in plain.trials] == [architecture for architecture, _ in first]
    assert [trial.measures["error"] for trial in plain.trials] != [measures["error"] for _, measures in first]
